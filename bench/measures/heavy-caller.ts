/** Owns the heavy caller of the fairness measure: so many calls at once, over and over. */

import { Agent, request as open } from 'node:http'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: '' },
    target: { type: 'string', default: '' },
    calls: { type: 'string', default: '60' },
  },
})
const calls = Number(values.calls)
const agent = new Agent({ keepAlive: true, maxSockets: calls })
const outcomes = new Map<string, number>()

process.once('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify(Object.fromEntries(outcomes))}\n`, () => process.exit())
})
process.stdout.write('calling\n')
await Promise.all(Array.from({ length: calls }, callForEver))

async function callForEver(): Promise<void> {
  for (;;) {
    const outcome = await call()
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
}

function call(): Promise<string> {
  return new Promise((resolve) => {
    const sent = open(new URL(values.target, values.url), { agent }, (response) => {
      response.once('end', () => resolve(String(response.statusCode)))
      response.resume()
    })
    sent.once('error', () => resolve('broken'))
    sent.end()
  })
}
