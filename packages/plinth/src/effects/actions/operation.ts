/** Owns the record of calls that are answered later: who asked what, and what came of it. */

import type { Session } from '../../database/database.ts'

/** A call to be answered later. */
export interface NewOperation {
  /** A UUID; the job that runs it has the same. */
  readonly id: string
  /** Whose it is: nobody else sees it. */
  readonly caller: string
  /** `<kit>.<action>`. */
  readonly action: string
  /** Checked values as JSON text; forgotten when it ends. */
  readonly input: string
  /** RFC 3339. */
  readonly now: string
  readonly keptUntil: string
}

/** How far a call is. Cells as PostgreSQL prints them. */
export interface StoredOperation {
  readonly action: string
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly done: string | null
  readonly note: string | null
  /** JSON text. */
  readonly result: string | null
  /** JSON text. */
  readonly failure: string | null
  readonly createdAt: string
  readonly endedAt: string | null
}

const insertText = `insert into plinth.operation
    (id, caller, action, input, state, created_at, kept_until)
  values ($1::uuid, $2, $3, $4, 'open', $5::timestamp with time zone,
    $6::timestamp with time zone)`

// What the worker gave up, because its process ended in every attempt, has no end of its own.
const readText = `select o.action,
    case when o.state <> 'open' then o.state
      when j.state in ('running', 'failed', 'cancelled') then j.state else 'waiting' end,
    p.done::text, p.note, o.result, o.failure, o.created_at::text, o.ended_at::text
  from plinth.operation as o
  left join plinth.job as j on j.id = o.id
  left join plinth.job_progress as p on p.job = o.id
  where o.id = $1::uuid and o.caller = $2 and o.kept_until > $3::timestamp with time zone`

const inputText = `select action, input from plinth.operation
  where id = $1::uuid and state = 'open'`

const openText = `select 1 from plinth.operation where id = $1::uuid and state = 'open'`

// What was given may be a secret: it is kept for as long as it is needed.
const endText = `update plinth.operation set state = $2, input = '', result = $3, failure = $4,
    ended_at = $5::timestamp with time zone
  where id = $1::uuid and state = 'open'`

const cancelText = `update plinth.operation set state = 'cancelled', input = '',
    ended_at = $3::timestamp with time zone
  where id = $1::uuid and caller = $2 and state = 'open'`

const forgetText = 'delete from plinth.operation where kept_until < $1::timestamp with time zone'

/** Records a call, beside the job that will run it. */
export async function insertOperation(session: Session, operation: NewOperation): Promise<void> {
  const { id, caller, action, input, now, keptUntil } = operation
  await session.query({
    name: 'plinth_operation_insert',
    text: insertText,
    values: [id, caller, action, input, now, keptUntil],
  })
}

/** A caller's own call; undefined where there is none. */
export async function readOperation(
  session: Session,
  { id, caller, now }: Pick<NewOperation, 'id' | 'caller' | 'now'>,
): Promise<StoredOperation | undefined> {
  const { rows } = await session.query({
    name: 'plinth_operation_read',
    text: readText,
    values: [id, caller, now],
    // Callers ask again and again how far it is.
    repeatable: true,
  })
  const cells = rows[0]
  if (cells === undefined) return undefined
  const [action, state, done, note, result, failure, createdAt, endedAt] = cells
  return {
    action: action ?? '',
    state: state as StoredOperation['state'],
    ...{ done: done ?? null, note: note ?? null },
    ...{ result: result ?? null, failure: failure ?? null },
    ...{ createdAt: createdAt ?? '', endedAt: endedAt ?? null },
  }
}

/** What is to be run; undefined where it was ended or cancelled. */
export async function operationInput(
  session: Session,
  id: string,
): Promise<{ readonly action: string; readonly input: string } | undefined> {
  const { rows } = await session.query({
    name: 'plinth_operation_input',
    text: inputText,
    values: [id],
  })
  const [action, input] = rows[0] ?? []
  return action && input ? { action, input } : undefined
}

/** True until it has ended. */
export async function isOpen(session: Session, id: string): Promise<boolean> {
  const { count } = await session.query({
    name: 'plinth_operation_open',
    text: openText,
    values: [id],
  })
  return count > 0
}

/** How a call ended. */
export interface Ending {
  readonly id: string
  readonly state: 'done' | 'failed'
  /** JSON text. */
  readonly result: string | undefined
  readonly failure: string | undefined
  readonly now: string
}

/** Ends a call. False where it was cancelled before: then its effects must not be committed. */
export async function endOperation(session: Session, ending: Ending): Promise<boolean> {
  const { id, state, result, failure, now } = ending
  const { count } = await session.query({
    name: 'plinth_operation_end',
    text: endText,
    values: [id, state, result ?? null, failure ?? null, now],
  })
  return count > 0
}

/** Cancels a caller's own call. False where it had ended. */
export async function cancelOperation(
  session: Session,
  { id, caller, now }: Pick<NewOperation, 'id' | 'caller' | 'now'>,
): Promise<boolean> {
  const { count } = await session.query({
    name: 'plinth_operation_cancel',
    text: cancelText,
    values: [id, caller, now],
  })
  return count > 0
}

/** Forgets calls that were kept until before an instant (RFC 3339). */
export async function forgetOperations(session: Session, before: string): Promise<number> {
  const { count } = await session.query({ text: forgetText, values: [before] })
  return count
}
