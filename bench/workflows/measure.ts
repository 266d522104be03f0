/** Owns the figures of workflows: how many of three steps each are begun and ended in a second. */

import { join } from 'node:path'
import { anyone, app, integer, kit } from 'plinth'
import { openApp, type RunningApp } from '../../packages/plinth/src/app/compose.ts'
import { systemClock } from '../../packages/plinth/src/base/time.ts'
import type { Database, DatabaseAddress } from '../../packages/plinth/src/database/database.ts'
import { startEmbedded } from '../../packages/plinth/src/database/embedded/server.ts'
import { type Figure, grouped, median } from '../table.ts'
import type { Scratch } from '../world.ts'

const rounds = 5
const warmUp = 500
const perRound = 1_500
const startsAtOnce = 16
const goal = 300

const desk = kit('desk', {
  models: { mark: { fields: { number: integer(), step: integer() }, access: { read: anyone } } },
})

/** Each step stores a row, and knows what the one before it has stored. */
const three = desk.workflow('three', {
  input: { number: integer() },
  async run({ input, step }) {
    const { number } = input
    let last = ''
    for (const at of [1, 2, 3]) {
      last = await step(`step ${at}`, async ({ data }) => {
        const made = await data.unrestricted.mark.create({ number, step: at })
        return made.id
      })
    }
    return { last }
  },
})

/** Measures with one process, on a PostgreSQL with default durability, in five rounds. */
export async function measureWorkflows(
  scratch: Scratch,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const directory = join(scratch.path, 'workflows')
  const server = await startEmbedded({ directory, log: () => undefined })
  try {
    const running = await openDesk(server.address)
    try {
      await runRound(running, warmUp)
      const perSecond: number[] = []
      for (let round = 1; round <= rounds; round++) {
        const { seconds } = await runRound(running, perRound)
        perSecond.push(perRound / seconds)
        tell(`workflows, round ${round}: ${grouped(perRound / seconds)}/s`)
      }
      await demandWhole(running.runtime.database, warmUp + rounds * perRound)
      return [figureOf(perSecond)]
    } finally {
      await running.close()
    }
  } finally {
    await server.stop()
  }
}

function figureOf(perSecond: readonly number[]): Figure {
  const value = median(perSecond)
  const range = `${grouped(Math.min(...perSecond))}–${grouped(Math.max(...perSecond))}`
  return {
    name: 'workflows of three steps, begun and ended',
    value: `${grouped(value)}/s (${range})`,
    goal: `≥ ${goal}/s`,
    reached: value >= goal,
  }
}

function openDesk(database: DatabaseAddress): Promise<RunningApp> {
  const schema = { mode: 'follow', migrations: '' } as const
  const secret = 'x'.repeat(43)
  const setup = { database, secret, production: false, schema, work: 'on' } as const
  const log = ({ level, message }: { readonly level: string; readonly message: string }): void => {
    if (level !== 'info') process.stderr.write(`${message}\n`)
  }
  return openApp(app({ kits: [desk] }), setup, { clock: systemClock, log })
}

/** Begins so many, a few at a time, and waits for the end of the last one. */
async function runRound(
  { workflows, runtime }: RunningApp,
  count: number,
): Promise<{ readonly seconds: number }> {
  const beganMs = performance.now()
  let next = 0
  const starting = Array.from({ length: startsAtOnce }, async () => {
    while (next < count) await workflows.start(three, { number: next++ })
  })
  await Promise.all(starting)
  while ((await countOf(runtime.database, unendedText)) > 0) await pause(10)
  return { seconds: (performance.now() - beganMs) / 1_000 }
}

// By the indexes of what is not at its end: looking must not cost what is measured.
const unendedText = `select (exists (select from plinth.job
    where queue = 'plinth.workflow' and state = 'ready')
  or exists (select from plinth.job
    where queue = 'plinth.workflow' and state = 'running'))::integer`
const marksText = 'select count(*) from (select distinct number, step, id from desk.mark) marks'

/** What was measured must be what was meant: every step once. */
async function demandWhole(database: Database, count: number): Promise<void> {
  const marks = await countOf(database, marksText)
  if (marks !== count * 3) throw new Error(`${marks} marks of ${count * 3}: a figure of nothing`)
}

async function countOf(database: Database, text: string): Promise<number> {
  const { rows } = await database.query({ text, values: [] })
  return Number(rows[0]?.[0])
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
