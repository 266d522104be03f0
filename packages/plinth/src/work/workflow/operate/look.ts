/** Owns looking at workflows: which there are, and all that is recorded of one. */

import { instantText } from '../../../base/time.ts'
import type { Session } from '../../../database/database.ts'
import { all, type Fragment, sql, statement, typed, value } from '../../../sql/fragment.ts'
import { readEnding, readError } from '../store/load.ts'

/** How a workflow can stand. */
export const workflowStates = Object.freeze([
  ...(['running', 'waiting', 'undoing', 'parked', 'completed', 'failed', 'cancelled'] as const),
])

/** How a workflow stands. `waiting`: for time or for news. `parked`: it cannot go on as it is. */
export type WorkflowState = (typeof workflowStates)[number]

/** One workflow in a list. Instants are RFC 3339. */
export interface WorkflowSummary {
  readonly id: string
  /** `<kit>.<workflow>`. */
  readonly name: string
  readonly version: number
  readonly state: WorkflowState
  readonly startedAt: string
  readonly endedAt: string | null
  /** When it wakes by itself. */
  readonly wakeAt: string | null
  /** Why it cannot go on, or why it failed or was cancelled. */
  readonly reason: string | null
}

/** A step as people look at it. */
export interface WorkflowStep {
  /** With the names of its branches: `both/card/charge`. */
  readonly name: string
  readonly kind: string
  readonly state: 'open' | 'done' | 'failed'
  /** What it is about: a signal, an event and its subject, the id of a child. */
  readonly aim: string | null
  readonly result: unknown
  readonly reason: string | null
  /** Failed attempts. */
  readonly attempts: number
  readonly dueAt: string | null
  readonly endedAt: string | null
  /** What is done to undo it, where something is. */
  readonly undo: 'none' | 'open' | 'done' | null
  readonly undoReason: string | null
  /** True where it was taken over by a fork. */
  readonly reused: boolean
}

/** A signal as people look at it. */
export interface WorkflowSignal {
  readonly signal: string
  readonly data: unknown
  readonly sentAt: string
  readonly taken: boolean
}

/** All that is recorded of a workflow. */
export interface WorkflowDetail extends WorkflowSummary {
  readonly input: unknown
  readonly result: unknown
  readonly parentId: string | null
  readonly forkedFrom: string | null
  readonly cancelRequested: string | null
  readonly traceId: string
  /** In the order in which they ended. */
  readonly steps: readonly WorkflowStep[]
  readonly signals: readonly WorkflowSignal[]
}

/** Which workflows are listed, the latest first. */
export interface WorkflowQuestion {
  readonly name?: string
  readonly state?: WorkflowState
  /** 1 to 1,000. Default 50. */
  readonly limit?: number
  /** Only those whose id begins with it. */
  readonly key?: string
  /** Only those that this one has begun. */
  readonly parentId?: string
  /** Only those that began at this instant or later (RFC 3339). */
  readonly after?: string
  /** Only those that began before this instant (RFC 3339). */
  readonly before?: string
  /** The id of one: only those that would be listed behind it. */
  readonly behind?: string
}

const stateOf = sql`case when ended_at is not null then state when problem is not null then 'parked'
    when state = 'undoing' then state when resting then 'waiting' else 'running' end`
const summary = sql`id, name, version, ${stateOf},
    (extract(epoch from started_at) * 1000)::bigint,
    (extract(epoch from ended_at) * 1000)::bigint,
    (extract(epoch from wake_at) * 1000)::bigint, problem, ending`
const stepsText = `select name, kind, state, aim, result, error, attempts,
    (extract(epoch from due_at) * 1000)::bigint, (extract(epoch from ended_at) * 1000)::bigint,
    undoable, undo_state, undo_error, reused
  from plinth.workflow_step where workflow_id = $1 order by number`
const signalsText = `select signal, data, (extract(epoch from sent_at) * 1000)::bigint, taken_by
  from plinth.workflow_signal where workflow_id = $1 order by number`

type Cell = string | null | undefined
type Row = readonly Cell[]

/** Lists workflows, the latest first. */
export async function listWorkflows(
  session: Session,
  question: WorkflowQuestion,
): Promise<readonly WorkflowSummary[]> {
  const most = Math.max(1, Math.min(1_001, Math.trunc(question.limit ?? 50)))
  const { rows } = await session.query(
    statement(sql`select ${summary} from plinth.workflow where ${all(conditionsOf(question))}
      order by started_at desc, id desc limit ${typed(most, 'integer')}`),
  )
  return rows.map(summaryOf)
}

const makers: {
  readonly [K in Exclude<keyof WorkflowQuestion, 'limit'>]-?: (given: string) => Fragment
} = {
  name: (name) => sql`name = ${value(name)}`,
  state: (state) => sql`${stateOf} = ${value(state)}`,
  key: (key) => sql`starts_with(id, ${value(key)})`,
  parentId: (id) => sql`parent_id = ${value(id)}`,
  after: (instant) => sql`started_at >= ${typed(instant, 'timestamp with time zone')}`,
  before: (instant) => sql`started_at < ${typed(instant, 'timestamp with time zone')}`,
  behind: (id) => sql`(started_at, id) < (select b.started_at, b.id from plinth.workflow b
    where b.id = ${value(id)})`,
}

function conditionsOf({ limit: _, ...question }: WorkflowQuestion): readonly Fragment[] {
  return Object.entries(question).flatMap(([name, given]) =>
    given === undefined ? [] : [makers[name as keyof typeof makers](given)],
  )
}

/** Reads all that is recorded of a workflow; undefined: there is none. */
export async function readWorkflow(
  session: Session,
  id: string,
): Promise<WorkflowDetail | undefined> {
  const [found, steps, signals] = await Promise.all([
    session.query(
      statement(sql`select ${summary}, input, result, parent_id, forked_from, cancel_reason,
          trace_id
        from plinth.workflow where id = ${value(id)}`),
    ),
    session.query({ text: stepsText, values: [id] }),
    session.query({ text: signalsText, values: [id] }),
  ])
  const row: Row | undefined = found.rows[0]
  if (row === undefined) return undefined
  const [input, result, parentId, forkedFrom, cancelRequested, traceId] = row.slice(9)
  return {
    ...summaryOf(row),
    ...{ input: restoredOf(input), result: restoredOf(result), traceId: traceId ?? '' },
    ...{ parentId: parentId ?? null, forkedFrom: forkedFrom ?? null },
    cancelRequested: cancelRequested ?? null,
    steps: steps.rows.map(stepOf),
    signals: signals.rows.map(signalOf),
  }
}

function summaryOf(row: Row): WorkflowSummary {
  const [id, name, version, state, startedMs, endedMs, wakeMs, problem, ending] = row
  // A wait without a time-out has no instant of its own.
  return {
    ...{ id: id ?? '', name: name ?? '', version: Number(version) },
    state: state as WorkflowState,
    startedAt: instantOf(startedMs) ?? '',
    ...{ endedAt: instantOf(endedMs), wakeAt: instantOf(wakeMs) },
    reason: problem ?? (ending ? readEnding(ending).error.detail : null),
  }
}

function stepOf(row: Row): WorkflowStep {
  const [name, kind, state, aim, result, error, attempts, dueMs, endedMs, undoable] = row
  return {
    ...{ name: name ?? '', kind: kind ?? '', state: state as WorkflowStep['state'] },
    ...{ aim: aim ?? null, result: restoredOf(result), attempts: Number(attempts) },
    reason: readError(error)?.detail ?? null,
    ...{ dueAt: instantOf(dueMs), endedAt: instantOf(endedMs) },
    undo: undoable === 't' ? ((row[10] ?? 'none') as WorkflowStep['undo']) : null,
    undoReason: readError(row[11])?.detail ?? null,
    reused: row[12] === 't',
  }
}

function signalOf([signal, data, sentMs, taken]: Row): WorkflowSignal {
  const sentAt = instantOf(sentMs) ?? ''
  return { signal: signal ?? '', data: restoredOf(data), sentAt, taken: typeof taken === 'string' }
}

function restoredOf(text: Cell): unknown {
  return text === null || text === undefined ? null : (JSON.parse(text) as unknown)
}

function instantOf(ms: Cell): string | null {
  return ms === null || ms === undefined ? null : instantText(Number(ms))
}
