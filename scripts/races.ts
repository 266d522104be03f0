/** Owns `npm run races`: 50 at once at every limited thing; exactly the limit gets through. */

// npm run races -- [--rounds 10] [--parallel 50] [--sabotage two-step-take] [words of names]

import { parseArgs } from 'node:util'
import { parseSabotages, plantSabotages } from '../packages/plinth/src/base/failpoint.ts'
import { isRight, type Outcome, runRaces } from '../tests/races/races.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    parallel: { type: 'string', default: '50' },
    sabotage: { type: 'string', default: '' },
  },
})

// Until the last line says otherwise, it has failed.
process.exitCode = 1
plantSabotages(parseSabotages(values.sabotage))
const rounds: Outcome[][] = []
for (let round = 1; round <= Number(values.rounds); round++) {
  rounds.push(await runRaces({ fired: Number(values.parallel), words: positionals }))
}

const names = rounds[0]?.map(({ name }) => name) ?? []
const width = Math.max(...names.map((name) => name.length), 4)
say(`${'race'.padEnd(width)}   fired  limit  granted     kept     busy`)
for (const name of names) {
  const all = rounds.flatMap((round) => round.filter((outcome) => outcome.name === name))
  const span = (of: (outcome: Outcome) => number): string => {
    const found = [...new Set(all.map(of))].sort((one, other) => one - other)
    return (found.length > 1 ? `${found[0]}-${found.at(-1)}` : String(found[0])).padStart(7)
  }
  const [{ fired, limit } = { fired: 0, limit: 0 }] = all
  const verdict = all.every(isRight) ? 'right' : `WRONG ${all.flatMap(({ strange }) => strange)}`
  say(
    `${name.padEnd(width)} ${String(fired).padStart(7)} ${String(limit).padStart(6)}` +
      `  ${span(({ granted }) => granted)}  ${span(({ kept }) => kept)}` +
      `  ${span(({ busy }) => busy)}  ${verdict}`,
  )
}
const wrong = rounds.flat().filter((outcome) => !isRight(outcome)).length
say(wrong === 0 ? `${rounds.flat().length} races, all right` : `${wrong} races went wrong`)
if (wrong === 0 && names.length > 0) process.exitCode = 0

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
