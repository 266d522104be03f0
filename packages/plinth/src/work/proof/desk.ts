/** Owns the app of the proofs of jobs: a desk with notes, and logic that behaves and misbehaves. */

import type { Session } from '../../database/database.ts'
import { app } from '../../define/kit.ts'
import type { NewJob } from '../../effects/jobs/job.ts'
import { logicTransaction } from '../../engine/logic/transaction.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { anyone, integer, kit, text } from '../../index.ts'

/** Notes, and logic that writes them. */
export const desk = kit('desk', {
  models: {
    note: { fields: { text: text(), attempt: integer({ default: 0 }) }, access: { read: anyone } },
  },
})

/** How jobs misbehave, set by a test. */
export const behaviour = {
  fails: new Set<string>(),
  holds: new Map<string, Promise<void>>(),
  called: [] as string[],
  strange: undefined as unknown,
  running: 0,
  most: 0,
  starts: [] as { readonly text: string; readonly atMs: number }[],
}

/** One at a time per key. */
export const write = desk.job('write', {
  input: { text: text() },
  retry: { attemptsMax: 3, delayMs: 1_000 },
  async run({ input, data, attempt, progress }) {
    behaviour.running += 1
    behaviour.most = Math.max(behaviour.most, behaviour.running)
    behaviour.starts.push({ text: input.text, atMs: performance.now() })
    try {
      progress(0.5, 'half')
      await data.unrestricted.note.create({ text: input.text, attempt: attempt.number })
      await behaviour.holds.get(input.text)
      if (behaviour.fails.has(input.text)) throw new Error(`bad ${input.text}`)
    } finally {
      behaviour.running -= 1
    }
  },
})

/** Two at once over all nodes, three starts a minute. */
export const narrow = desk.queue('narrow', { concurrency: 2 })
/** Three starts a minute. */
export const rated = desk.queue('rated', { rate: { limit: 3, windowMs: 60_000 } })
/** One start a minute for each key. */
export const ratedByKey = desk.queue('ratedByKey', { ratePerKey: { limit: 1, windowMs: 60_000 } })
/** Two of a key at once. */
export const wide = desk.queue('wide', { concurrencyPerKey: 2, retentionDays: 1 })

const noted = { input: { text: text() } } as const
const run = write.run as never

/** Jobs of the queues above. */
export const queued = {
  narrow: desk.job('inNarrow', { ...noted, queue: narrow, run }),
  rated: desk.job('inRated', { ...noted, queue: rated, run }),
  ratedByKey: desk.job('inRatedByKey', { ...noted, queue: ratedByKey, run }),
  wide: desk.job('inWide', { ...noted, queue: wide, run }),
}

/** Calls the world first. */
export const outside = desk.job('outside', {
  input: { text: text() },
  retry: { attemptsMax: 3, delayMs: 1_000 },
  async external({ input, idempotencyKey }) {
    behaviour.called.push(idempotencyKey)
    if (behaviour.fails.has(`outside ${input.text}`)) throw new Error('the world is away')
    return { heard: input.text }
  },
  async run({ input, result, data }) {
    await data.unrestricted.note.create({ text: `${input.text} ${result.heard}` })
    if (behaviour.fails.has(input.text)) throw new Error('after the world')
  },
})

/** Asks people where nobody knows. */
export const careful = desk.job('careful', {
  input: { text: text() },
  onUnknown: 'ask',
  external: async ({ idempotencyKey }) => {
    behaviour.called.push(idempotencyKey)
    await behaviour.holds.get('careful')
    return idempotencyKey
  },
})

/** Does not end in its time; `late` is what it does when it wakes up. */
export const slow = desk.job('slow', {
  input: { text: text() },
  timeoutMs: 80,
  retry: { attemptsMax: 1 },
  async run({ input, data, attempt }) {
    await data.unrestricted.note.create({ text: input.text })
    await behaviour.holds.get(input.text)
    behaviour.called.push(`woke ${attempt.aborted.aborted}`)
  },
})

/** Returns what JSON cannot hold. */
export const strange = desk.job('strange', {
  input: {},
  retry: { attemptsMax: 1 },
  external: async () => behaviour.strange,
})

/** A fact about a subject. */
export const said = desk.event('said', { text: text() }, { subject: ({ text }) => text })

desk.on(said, async ({ event, data }) => {
  await data.unrestricted.note.create({ text: `heard ${event.data.text}` })
})
desk.on(said, {
  name: 'again',
  async run({ event, data }) {
    await data.unrestricted.note.create({ text: `again ${event.data.text}` })
  },
})

/** Each of the missed-run policies. */
export const hourly = (['skip', 'once', 'all'] as const).map((missed) =>
  desk.schedule(missed, {
    cron: '0 * * * *',
    missed,
    async run({ tick, data }) {
      await data.unrestricted.note.create({ text: `${missed} ${tick}` })
    },
  }),
)

/** The app. */
export const deskApp = app({ kits: [desk] })

type Work = Parameters<typeof logicTransaction>[2]

/** Runs something in a transaction of logic. */
export function within(
  runtime: Runtime,
  work: (scope: Parameters<Work>[0]['scope']) => Promise<void>,
): Promise<void> {
  const caller = { is: 'unrestricted', reason: 'test' } as const
  const run = { caller, traceId: 'trace', name: 'test' }
  return logicTransaction(runtime, run, async ({ scope }) => work(scope))
}

/** A job as it is inserted. */
export function newJob(
  runtime: Runtime,
  given: Partial<NewJob> & { readonly text: string },
): NewJob {
  const { text: note, ...rest } = given
  return {
    ...{ id: runtime.newId(), job: 'desk.write', input: JSON.stringify({ text: note }) },
    ...{ priority: 0, runAt: new Date(runtime.clock.now()).toISOString() },
    ...{ caller: { is: 'anonymous' }, traceId: 'trace', ...rest },
  }
}

/** The rows of a statement. */
export async function rowsOf(
  session: Session,
  statement: string,
  ...values: readonly unknown[]
): Promise<readonly (readonly (string | null)[])[]> {
  return (await session.query({ text: statement, values })).rows
}
