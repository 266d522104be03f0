/** Owns calls that are answered later: accepted at once, run as jobs, asked for by who called. */

import { actorOf, type Caller, placeOf, principalOf } from '../../../access/caller.ts'
import { keptCaller } from '../../../access/kept-caller.ts'
import { Failure } from '../../../base/failure.ts'
import { limits } from '../../../base/limits.ts'
import { instantText } from '../../../base/time.ts'
import type { ActionOperation } from '../../../catalog/catalog.ts'
import type { Session } from '../../../database/database.ts'
import {
  cancelOperation,
  insertOperation,
  readOperation,
  type StoredOperation,
} from '../../../effects/actions/operation.ts'
import { instantKind, type ObjectValue, reporter, uuidKind } from '../../../kinds/kinds.ts'
import { notFound } from '../../../query/grammar/read.ts'
import type { Call, Reply } from '../../call.ts'
import { type Keyed, looking, withKey } from '../../idempotent.ts'
import type { Runtime } from '../../runtime.ts'
import { type BegunStatus, workflowStatus } from './started.ts'

/** The name of the jobs that run such calls, and of their queue. */
export const laterJob = 'plinth.action'

interface Asked {
  readonly runtime: Runtime
  readonly call: Call
  readonly caller: Caller
  readonly turn?: string | undefined
}

/** What is accepted: an admitted call with its checked input. */
export interface Accepting {
  readonly operation: ActionOperation
  readonly values: ObjectValue
  readonly keptHours: number
}

const hourMs = 3_600_000

/** Accepts a call: stores it and the job that will run it, in one transaction. */
export function acceptLater(asked: Asked, accepting: Accepting): Promise<Reply> {
  const { runtime, call } = asked
  const accept = (keyed?: Keyed): Promise<Reply> =>
    runtime.database.transaction(
      async (session) => {
        const reply = await looking(keyed, () => store(asked, accepting, session))
        await keyed?.store(session, reply)
        return reply
      },
      { isolation: 'read committed', begins: keyed?.begins ?? [], caller: asked.turn },
    )
  const accepted =
    call.idempotencyKey === undefined ? accept() : keyedAccept(asked, accepting, accept)
  return accepted.then((reply) => {
    runtime.effects.wake()
    return reply
  })
}

function keyedAccept(
  asked: Asked,
  { keptHours }: Accepting,
  accept: (keyed: Keyed) => Promise<Reply>,
): Promise<Reply> {
  return withKey(asked, keptHours, accept)
}

async function store(
  { runtime, call, caller }: Asked,
  { operation, values }: Accepting,
  session: Session,
): Promise<Reply> {
  const nowMs = runtime.clock.now()
  const now = instantText(nowMs)
  const keptUntil = instantText(nowMs + limits.operationKeptHours * hourMs)
  const id = runtime.newId()
  const { name: action } = operation
  const input = JSON.stringify(values)
  await Promise.all([
    insertOperation(session, { id, caller: whose(caller), action, input, now, keptUntil }),
    runtime.effects.insertJobs(
      session,
      [
        {
          ...{ id, job: laterJob, queue: laterJob, input: '{}', priority: 0, runAt: now },
          // Places are shared out among callers: one who asks for much leaves room for others.
          key: `${caller.is === 'user' ? caller.id : (principalOf(caller) ?? caller.is)}/${id}`,
          traceId: call.traceId,
          caller: { ...keptCaller(caller), ...sessionOf(caller) },
        },
      ],
      now,
    ),
  ])
  const created: StoredOperation = {
    ...{ action, state: 'waiting', done: null, note: null, result: null, failure: null },
    ...{ createdAt: now, endedAt: null },
  }
  return { status: 202, body: statusText(id, created), laterId: id }
}

/** How far a caller's own call is, or a workflow that they started. Fails with `not_found`. */
export async function readLater({ runtime, call, caller }: Asked): Promise<Reply> {
  const { id = '' } = call
  const uuid = uuidOf(id)
  const now = instantText(runtime.clock.now())
  const found =
    uuid && (await readOperation(runtime.database, { id: uuid, caller: whose(caller), now }))
  if (found) return { status: 200, body: statusText(id, found) }
  const begun = await workflowStatus({ runtime, caller, id })
  if (begun === undefined) throw notFound()
  return { status: 200, body: begunText(id, begun) }
}

/**
 * Cancels a caller's own call: what it does is undone, unless it was done before. The answer says
 * what came of it. Fails with `not_found`, and with `forbidden` for a workflow.
 */
export async function cancelLater(asked: Asked): Promise<Reply> {
  const { runtime, call, caller } = asked
  const now = instantText(runtime.clock.now())
  const { id = '' } = call
  const uuid = uuidOf(id)
  if (uuid) await cancelOperation(runtime.database, { id: uuid, caller: whose(caller), now })
  if (await workflowStatus({ runtime, caller, id })) throw ownWay()
  return readLater(asked)
}

function sessionOf(caller: Caller): { readonly session?: string } {
  const session = caller.is === 'user' ? caller.sessionId : undefined
  return session === undefined ? {} : { session }
}

function whose(caller: Caller): string {
  return `${actorOf(caller)}${placeOf(caller)}`
}

function uuidOf(id: string): string | undefined {
  return uuidKind().check(id, reporter([], ''))
}

/** What it did is perhaps not the caller's to undo: the app says who may stop it, and how. */
function ownWay(): Failure {
  return new Failure('forbidden', {
    detail: 'A workflow is not stopped here: call the action of the app that is made for it.',
  })
}

function begunText(id: string, begun: BegunStatus): string {
  const { operation, state, result, failure, createdAt, endedAt } = begun
  const ended = { state, progress: { done: state === 'done' ? 1 : 0, note: null } }
  const head = JSON.stringify({ id, operation, ...ended, createdAt, endedAt })
  const more = [
    ...(result === null ? [] : [`"result":${result}`]),
    ...(failure === null ? [] : [`"failure":${failureText(failure, '')}`]),
  ]
  return withMore(head, more)
}

function withMore(head: string, more: readonly string[]): string {
  return more.length === 0 ? head : `${head.slice(0, -1)},${more.join(',')}}`
}

function statusText(id: string, stored: StoredOperation): string {
  const { action, state, done, note, result, failure } = stored
  const head = JSON.stringify({
    id,
    operation: action,
    state,
    progress: { done: state === 'done' ? 1 : Number(done ?? 0), note },
    createdAt: momentOf(stored.createdAt),
    endedAt: stored.endedAt === null ? null : momentOf(stored.endedAt),
  })
  const lost = state === 'failed' && failure === null ? failureText(givenUp(), '') : failure
  const more = [
    ...(result === null ? [] : [`"result":${result}`]),
    ...(lost === null ? [] : [`"failure":${lost}`]),
  ]
  return withMore(head, more)
}

function momentOf(text: string): string {
  return text.includes('T') ? text : instantKind().toValue(text)
}

function givenUp(): Failure {
  return new Failure('unavailable', {
    detail: 'The server stopped in every attempt at this call: nothing was done. Call again.',
  })
}

/** A failure as its caller gets it: a problem document (RFC 9457). */
export function failureText(failure: Failure, traceId: string): string {
  const { code, title, status, detail, retryable, problems } = failure
  return JSON.stringify({
    ...{ type: `/problems/${code}`, title, status, detail, code, retryable },
    ...(problems.length === 0 ? {} : { errors: problems }),
    traceId: traceId || '0'.repeat(32),
  })
}
