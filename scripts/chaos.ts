/** Owns `npm run chaos`: a long run of kills, its table, and a verdict by which it exits. */

import { rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parseSabotages } from '../packages/plinth/src/base/failpoint.ts'
import { whyNoPowerCut } from '../tests/crash/harness/disk.ts'
import { whyNoNamespace } from '../tests/crash/harness/postgres.ts'
import { chaos } from '../tests/crash/run/chaos.ts'
import { report } from '../tests/crash/run/report.ts'

const usage = `npm run chaos -- [--kills 1000] [--seed N] [--postgres whole|embedded] [--nodes 2]
  [--clients 16] [--without workflows]
  [--point commit.sent@17=kill] [--fault 'disk full']
  [--sabotage two-step-take,fsync-off] [--quiet]`

// A run that is long enough passes every failpoint, and waits for those that it has missed.
const everyPointKills = 200

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    postgres: { type: 'string' },
    nodes: { type: 'string' },
    clients: { type: 'string', default: '16' },
    point: { type: 'string', multiple: true, default: [] },
    fault: { type: 'string', multiple: true, default: [] },
    sabotage: { type: 'string', default: '' },
    without: { type: 'string', multiple: true, default: [] },
    quiet: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  say(usage)
} else {
  await run()
}

async function run(): Promise<void> {
  const why = whyNoNamespace() ?? whyNoPowerCut('/tmp')
  if (why !== undefined) say(`PostgreSQL stays with the server, and the power on: ${why}.`)
  const postgres = values.postgres ?? (why === undefined ? 'whole' : 'embedded')
  const nodes = values.nodes ?? (postgres === 'whole' ? '2' : '1')
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
  const again = [
    `npm run chaos -- --kills ${values.kills} --seed ${seed} --postgres ${postgres}`,
    `--nodes ${nodes} --clients ${values.clients}`,
    ...values.point.map((point) => `--point '${point}'`),
    ...values.fault.map((fault) => `--fault '${fault}'`),
    ...values.without.map((part) => `--without ${part}`),
    ...(values.sabotage ? [`--sabotage ${values.sabotage}`] : []),
  ].join(' ')
  say(again)
  const enough = new AbortController()
  process.once('SIGTERM', () => enough.abort())
  // Until the last line says otherwise, it has failed.
  process.exitCode = 1
  const verdict = await chaos({
    ...{ seed, kills: Number(values.kills), clients: Number(values.clients) },
    postgres: postgres === 'whole' ? 'whole' : 'embedded',
    nodes: Number(nodes),
    ...{ points: values.point, enough: enough.signal },
    script: values.fault,
    everyPoint: Number(values.kills) >= everyPointKills,
    pace: [4, 24],
    pacePatienceMs: 15_000,
    parts: Object.fromEntries(values.without.map((part) => [part, false])),
    sabotages: parseSabotages(values.sabotage),
    ...(values.quiet ? {} : { say }),
  })
  say(report(verdict, again))
  if (verdict.anomalies.length > 0) return
  rmSync(verdict.folder, { recursive: true, force: true })
  process.exitCode = 0
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
