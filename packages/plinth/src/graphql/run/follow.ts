/** Owns the running of subscriptions: a read is followed, and its messages become results. */

import type { GraphQLObjectType } from 'graphql'
import { present } from '../../base/assert.ts'
import { Failure, type FailureCode } from '../../base/failure.ts'
import type { Call } from '../../engine/call.ts'
import type { LiveListener, LiveMessage } from '../../engine/live/message.ts'
import { cutMembers } from '../answer/cut.ts'
import { type ErrorEntry, failureEntry, thrownFailure } from '../answer/errors.ts'
import { type Asked, collect } from '../plan/collect.ts'
import { planEvent } from '../plan/events.ts'
import { type FollowPlan, planFollow, sinceOf } from '../plan/follow.ts'
import type { RootPlanning } from '../plan/root.ts'
import { checkRows } from '../plan/rows.ts'
import { useOf } from '../schema/setting.ts'

/** Follows a read: the engine's `Live`. */
export type FollowRead = (
  call: Call,
  options: { readonly listener: LiveListener; readonly after?: string | undefined },
) => Promise<Following>

/** The engine's live queries and events. */
export interface FollowParts {
  readonly read: FollowRead
  /** The same for an event: the call's operation is its name. */
  readonly event: FollowRead
}

/** What is followed, as its reader sees it. */
export interface Following {
  /** Nothing waits any more: it is told how things stand. */
  ready(): void
  close(): void
}

/** Who is told the results of an operation. */
export interface ResultSink {
  /** A result, as JSON text; `cursor`: where its reader stands. False: the reader is behind. */
  next(text: string, cursor: string | undefined): boolean
  /** The operation has failed: nothing more comes. */
  fail(errors: readonly ErrorEntry[], failure?: Failure): void
}

/** A subscription that is to be run. */
export interface FollowRun {
  readonly planning: RootPlanning
  readonly type: GraphQLObjectType
  readonly sets: Parameters<typeof collect>[2]
  readonly call: Omit<Call, 'operation'>
  /** A cursor that came beside the document; an argument of the field goes before it. */
  readonly after: string | undefined
  readonly follow: FollowParts
  readonly sink: ResultSink
}

/** Runs a subscription. Fails as the same read would, before anything is told. */
export async function runSubscription(run: FollowRun): Promise<Following> {
  const { planning, type, sets, call, follow } = run
  const [asked] = collect(planning.reading, type, sets)
  const field = present(asked, 'the field of a subscription')
  const { deadlineMs: _, ...rest } = call
  const use = useOf(type, field.name)
  if (use?.is === 'event') {
    const after = sinceOf(planning, type, field) ?? run.after
    const listener = new EventTelling(run, field, planEvent(planning.reading, type, field))
    return follow.event({ ...rest, operation: use.type }, { listener, after })
  }
  const plan = planFollow(planning, type, field)
  checkRows(plan.rows)
  const listener = new Telling(run, plan, field)
  try {
    const after = plan.since ?? run.after
    return await follow.read({ ...rest, ...plan.read }, { listener, after })
  } catch (thrown) {
    throw plan.places.translated(thrownFailure(thrown))
  }
}

/** Turns messages of the engine into results. */
class Telling implements LiveListener {
  readonly #run: FollowRun
  readonly #plan: FollowPlan
  readonly #asked: Asked
  #gap: string | undefined

  constructor(run: FollowRun, plan: FollowPlan, asked: Asked) {
    this.#run = run
    this.#plan = plan
    this.#asked = asked
  }

  take({ type, cursor, members }: LiveMessage): boolean {
    const { sink } = this.#run
    const texts = cutMembers(`{${members}}`)
    if (type === 'gap') {
      // Told with the result behind it: a message of GraphQL has one form.
      this.#gap = JSON.parse(texts.get('reason') ?? '""') as string
      return true
    }
    if (type === 'end') {
      tellEnd(this.#run, this.#asked, texts)
      return true
    }
    const told = { kind: kindOf(type), cursor: cursor ?? '', gap: this.#gap, members: texts }
    this.#gap = undefined
    const text = `{"data":{"${this.#asked.key}":${this.#plan.write(told)}}}`
    return sink.next(text, cursor)
  }
}

/** Turns messages of events into results. */
class EventTelling implements LiveListener {
  readonly #run: FollowRun
  readonly #asked: Asked
  readonly #write: (message: LiveMessage) => string

  constructor(run: FollowRun, asked: Asked, write: (message: LiveMessage) => string) {
    this.#run = run
    this.#asked = asked
    this.#write = write
  }

  take(message: LiveMessage): boolean {
    if (message.type === 'end') {
      tellEnd(this.#run, this.#asked, cutMembers(`{${message.members}}`))
      return true
    }
    const text = `{"data":{"${this.#asked.key}":${this.#write(message)}}}`
    return this.#run.sink.next(text, message.cursor)
  }
}

function tellEnd(
  { sink, call }: FollowRun,
  { key, nodes }: Asked,
  texts: ReadonlyMap<string, string>,
): void {
  const failure = failureIn(texts)
  sink.fail([failureEntry(failure, { path: [key], nodes }, call.traceId)], failure)
}

function kindOf(type: LiveMessage['type']): 'RESULT' | 'CHANGES' | 'RESUMED' {
  if (type === 'changes') return 'CHANGES'
  return type === 'resumed' ? 'RESUMED' : 'RESULT'
}

/** The failure that the last message tells of. */
function failureIn(texts: ReadonlyMap<string, string>): Failure {
  const textOf = (name: string): string => JSON.parse(texts.get(name) ?? '""') as string
  return new Failure(textOf('code') as FailureCode, { detail: textOf('detail') })
}
