/** Owns what leaves a transaction: gathered while the logic runs, stored before it commits. */

import { assert } from '../../base/assert.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import { type CatalogLogic, logicName } from '../../catalog/logic/logic.ts'
import type { Session } from '../../database/database.ts'
import type { NewEvent } from '../../effects/events/event.ts'
import type { Enqueued, JobCaller, NewJob } from '../../effects/jobs/job.ts'
import type { NewSignal } from '../../effects/workflows/news.ts'
import type { NewWorkflow, StartedWorkflow } from '../../effects/workflows/start.ts'

/** A mail to be sent. */
export interface NewMail {
  readonly id: string
  /** `<kit>.<mail>`. */
  readonly mail: string
  readonly to: readonly string[]
  readonly replyTo: string | undefined
  /** Checked values, from which the template is filled. */
  readonly input: Readonly<Record<string, unknown>>
  readonly caller: JobCaller
  readonly traceId: string
}

/** What workers have to look after: jobs to be run, or nothing but events to be put in order. */
export type News = 'jobs' | 'events'

/** How effects are stored: inside the transaction that they belong to, at its end. */
export interface Effects {
  // These two refuse what they cannot store before they send anything, and send all statements
  // before they wait for the first: then they can travel together with COMMIT.
  appendEvents(session: Session, events: readonly NewEvent[], now: string): Promise<void>
  insertJobs(session: Session, jobs: readonly NewJob[], now: string): Promise<readonly Enqueued[]>
  startWorkflows(
    session: Session,
    starts: readonly NewWorkflow[],
    now: string,
  ): Promise<readonly StartedWorkflow[]>
  /** False for each workflow that has ended: then nothing is kept. */
  sendSignals(
    session: Session,
    signals: readonly NewSignal[],
    now: string,
  ): Promise<readonly boolean[]>
  storeMails(session: Session, mails: readonly NewMail[], now: string): Promise<void>
  /** After the commit: there is work. Default: jobs. */
  wake(news?: News): void
}

/** Effects on their way into the tables. */
export interface Storing {
  readonly waitedFor: Promise<unknown>
  /** Whose statements are all sent already: their answers may come with that of COMMIT. */
  readonly together: readonly Promise<unknown>[]
}

/** How many effects of each kind there were at some moment, to go back to. */
export interface EffectsMark {
  readonly counts: readonly number[]
}

/** The effects of one attempt at a transaction. */
export class PendingEffects {
  readonly events: NewEvent[] = []
  readonly jobs: NewJob[] = []
  readonly workflows: NewWorkflow[] = []
  readonly mails: NewMail[] = []
  /** True where something was stored at once that a worker must learn of. */
  storedAtOnce = false

  /**
   * What workers are told after the commit; undefined: nothing. An event that nobody handles is no
   * job: to look for one after each such event costs more than to store it.
   */
  newsFor({ handlersOf }: CatalogLogic): News | undefined {
    const { events, jobs, workflows, mails } = this
    if (this.storedAtOnce || jobs.length + workflows.length + mails.length > 0) return 'jobs'
    if (events.length === 0) return undefined
    return events.some(({ type }) => handlersOf.has(type)) ? 'jobs' : 'events'
  }

  /** What there is now. */
  mark(): EffectsMark {
    return { counts: this.#lists().map((list) => list.length) }
  }

  /** Forgets what came after a mark. */
  backTo({ counts }: EffectsMark): void {
    for (const [index, list] of this.#lists().entries()) list.length = counts[index] ?? 0
  }

  /** Stores everything. All statements are under way at once. */
  store(effects: Effects, session: Session, now: string): Storing {
    const { events, jobs, workflows, mails } = this
    const together: Promise<unknown>[] = []
    const waited: Promise<unknown>[] = []
    if (events.length > 0) together.push(effects.appendEvents(session, events, now))
    if (jobs.length > 0) together.push(effects.insertJobs(session, jobs, now))
    if (workflows.length > 0) waited.push(effects.startWorkflows(session, workflows, now))
    if (mails.length > 0) waited.push(effects.storeMails(session, mails, now))
    return { waitedFor: Promise.all(waited), together }
  }

  #lists(): readonly unknown[][] {
    return [this.events, this.jobs, this.workflows, this.mails]
  }
}

type LogicPart = { readonly is: string; readonly kit: string; readonly name: string }

const sets = Object.freeze({
  action: 'actions',
  event: 'events',
  job: 'jobs',
  queue: 'queues',
  workflow: 'workflows',
  signal: 'signals',
  mail: 'mails',
} as const)

/** Ends the transaction as a bug of the app unless a piece of logic belongs to it. */
export function demandKnown(catalog: Catalog, part: LogicPart & { is: keyof typeof sets }): string {
  const name = logicName(part)
  const known: unknown = catalog.logic[sets[part.is]].get(name)
  const cure = `add the kit "${part.kit}" to the app's kits`
  assert(known === part, `There is no ${part.is} ${name} in this app: ${cure}.`)
  return name
}
