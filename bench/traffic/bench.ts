/** Owns the traffic part: both opponents on one filled database, checked alike, then measured. */

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { grouped, tableOf } from '../table.ts'
import { addressOf, type Scratch, startPeer, startStore } from '../world.ts'
import { checkSame } from './check.ts'
import { fill, tidy } from './data.ts'
import { findLoader } from './load.ts'
import { goals, scenarios } from './scenarios.ts'
import { measureTraffic, type ScenarioResult } from './traffic.ts'

/** What the part works with. */
export interface TrafficParts {
  readonly scratch: Scratch
  readonly tell: (line: string) => void
}

const rounds = 5
const seconds = 2
const connections = 32

/** Measures scenarios of these kinds and returns their table. */
export async function benchTraffic(
  kinds: readonly ('read' | 'write')[],
  { scratch, tell }: TrafficParts,
): Promise<string> {
  const data = join(scratch.path, 'traffic')
  const folder = join(scratch.path, 'load')
  await mkdir(folder, { recursive: true })
  const ours = await startStore(data)
  const address = await addressOf(data)
  const fixture = await fill(address)
  const peer = await startPeer(address)
  try {
    await checkSame(fixture, [ours, peer])
    await tidy(address)
    tell('Both servers answer alike to every scenario.')
    const loader = await findLoader(folder)
    const asked = scenarios.filter(({ is }) => kinds.includes(is))
    const load = { loader, folder, rounds, seconds, connections, tell }
    const common = { fixture, ours, peer, address }
    return printed(await measureTraffic({ scenarios: asked, ...common, ...load }))
  } finally {
    await peer.process.stop()
    await ours.process.stop()
  }
}

const head = [
  ...['scenario', 'plinth/s', 'peer/s', 'ratio', 'goal', 'pgbench/s', 'ratio', 'goal'],
  ...['p50 ms', 'p99 ms', 'peer p50', 'peer p99', ''],
]

function printed(results: readonly ScenarioResult[]): string {
  return tableOf(head, results.map(rowOf))
}

function rowOf({ scenario, ours, peer, ratio, pgbench }: ScenarioResult): readonly string[] {
  const goal = goals[scenario.is]
  const ofPgbench = pgbench ? pgbench.ratio >= goals.readOfPgbench : true
  return [
    ...[scenario.name, grouped(ours.perSecond), grouped(peer.perSecond)],
    ...[ratio.toFixed(2), `≥ ${goal.toFixed(1)}`],
    ...(pgbench
      ? [grouped(pgbench.perSecond), pgbench.ratio.toFixed(2), `≥ ${goals.readOfPgbench}`]
      : ['', '', '']),
    ...[ours.p50Ms, ours.p99Ms, peer.p50Ms, peer.p99Ms].map((ms) => ms.toFixed(1)),
    ratio >= goal && ofPgbench ? 'reached' : 'missed',
  ]
}
