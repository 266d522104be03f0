/** Owns `npm run bench`: every figure, side by side. `npm run bench -- reads memory` runs parts. */

import { measureActions } from './actions/bench.ts'
import { measureGraphql } from './graphql/bench.ts'
import { measureIdentity } from './identity/bench.ts'
import { measureJobs } from './jobs/bench.ts'
import { measureLive } from './live/bench.ts'
import { machineFacts } from './machine.ts'
import { measureCompletion } from './measures/completion.ts'
import { measureFairness } from './measures/fairness.ts'
import { measureImport } from './measures/import.ts'
import { measureMemory } from './measures/memory.ts'
import { measureStartup } from './measures/startup.ts'
import { measureTypes } from './measures/type-check.ts'
import { stopAll } from './processes.ts'
import { type Figure, tableOf } from './table.ts'
import { benchTraffic } from './traffic/bench.ts'
import { measureWorkflows } from './workflows/measure.ts'
import { makeScratch } from './world.ts'

const parts = [
  'reads',
  'writes',
  'actions',
  'jobs',
  'workflows',
  'identity',
  'live',
  'graphql',
  'fairness',
  'startup',
  'memory',
  'import',
  'types',
  'completion',
] as const

type Part = (typeof parts)[number]

const tell = (line: string): void => void process.stdout.write(`${line}\n`)

function partsOf(words: readonly string[]): ReadonlySet<Part> {
  const unknown = words.filter((word) => !parts.some((part) => part === word))
  if (unknown.length > 0) {
    throw new Error(`There is no part ${unknown.join(', ')}. The parts are ${parts.join(', ')}.`)
  }
  const asked = parts.filter((part) => words.includes(part))
  return new Set(asked.length > 0 ? asked : parts)
}

async function main(): Promise<void> {
  const words = process.argv.slice(2)
  // As large as the goals are, where a part is made smaller by default.
  const whole = words.includes('--whole')
  const asked = partsOf(words.filter((word) => word !== '--whole'))
  tell(await machineFacts())
  const scratch = await makeScratch()
  const figures: Figure[] = []
  try {
    const kinds = (['read', 'write'] as const).filter((kind) => asked.has(`${kind}s`))
    const traffic = kinds.length > 0 ? await benchTraffic(kinds, { scratch, tell }) : ''
    if (asked.has('actions')) figures.push(...(await measureActions(scratch, tell)))
    if (asked.has('jobs')) figures.push(...(await measureJobs(scratch, tell)))
    if (asked.has('workflows')) figures.push(...(await measureWorkflows(scratch, tell)))
    if (asked.has('identity')) figures.push(...(await measureIdentity(scratch, tell)))
    if (asked.has('graphql')) figures.push(...(await measureGraphql(scratch, tell)))
    if (asked.has('live')) figures.push(...(await measureLive(scratch, { tell, whole })))
    if (asked.has('fairness')) figures.push(...(await measureFairness(scratch, tell)))
    if (asked.has('startup')) figures.push(...(await measureStartup(scratch, tell)))
    if (asked.has('memory')) figures.push(...(await measureMemory(scratch, tell)))
    if (asked.has('import')) figures.push(...(await measureImport(scratch, tell)))
    if (asked.has('types')) figures.push(...(await measureTypes(scratch, tell)))
    if (asked.has('completion')) figures.push(...(await measureCompletion(scratch, tell)))
    if (traffic !== '') tell(`\n${traffic}`)
    if (figures.length > 0) tell(`\n${figuresTable(figures)}`)
  } finally {
    await stopAll()
    await scratch.remove()
  }
}

function figuresTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, goal, reached }) => [
    ...[name, value, goal],
    reached ? 'reached' : 'missed',
  ])
  return tableOf(['figure', 'value', 'goal', ''], rows)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void stopAll().then(() => process.exit(1)))
}
await main()
