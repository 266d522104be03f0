/** Owns what a run came to, as figures and as people read it. */

import type { Anomaly } from '../check/history.ts'

/** What a run came to. */
export interface Verdict {
  readonly seed: number
  readonly kills: number
  readonly operations: number
  readonly acknowledged: number
  readonly anomalies: readonly Anomaly[]
  /** By fault and failpoint: how often it was tried, and how often it struck. */
  readonly table: ReadonlyMap<string, Tally>
  /** By failpoint: how often it has fired, whatever happened there. */
  readonly hits: ReadonlyMap<string, number>
  readonly blows: readonly BlowFigures[]
  /** By status: how many answers; 0: the connection broke. */
  readonly answers: ReadonlyMap<number, number>
  /** Where history and logs are. */
  readonly folder: string
  readonly seconds: number
}

/** Tried, and struck. */
export interface Tally {
  tried: number
  struck: number
}

/** One blow: what it met, and what was done until the next one. */
export interface BlowFigures {
  readonly killed: number
  /** Transactions that had written something and were not ended. */
  readonly open: number
  /** Operations that were acknowledged before the next blow. */
  acknowledged: number
  /** Milliseconds until something was acknowledged again; infinity where nothing was. */
  backMs: number
}

/** The report of a run: a table, what the run was worth, what is wrong, and the verdict. */
export function report(verdict: Verdict, again: string): string {
  const { seed, kills, operations, acknowledged, anomalies, table, folder, seconds } = verdict
  const rows = [...table].sort(([one], [other]) => one.localeCompare(other))
  const lines = rows.map(([name, { tried, struck }]) => {
    return `  ${name.padEnd(36)} ${String(struck).padStart(5)} of ${String(tried).padStart(5)}`
  })
  const byKind = Map.groupBy(anomalies, ({ kind }) => kind)
  const wrong = [...byKind].map(([kind, all]) => `  ${all.length} × ${kind}: ${all[0]?.detail}`)
  const bad = anomalies.length > 0
  return [
    `Seed ${seed}: ${kills} killed in ${seconds} s, ${operations} operations asked for,`,
    `  ${acknowledged} acknowledged`,
    ...lines,
    ...worth(verdict),
    ...(bad ? ['Wrong:', ...wrong, `History and logs: ${folder}`, `Again: ${again}`] : []),
    `VERDICT ${bad ? `FAILED, ${anomalies.length} anomalies` : 'held'} (seed ${seed})`,
  ].join('\n')
}

/** What the run was worth: kills that nothing happens between prove nothing. */
function worth({ kills, acknowledged, blows, hits, answers }: Verdict): readonly string[] {
  const deadly = blows.filter(({ killed }) => killed > 0)
  const met = deadly.filter(({ open }) => open > 0).length
  const between = blows.map((blow) => blow.acknowledged).toSorted(ascending)
  const back = blows.map(({ backMs }) => backMs).toSorted(ascending)
  const unreached = [...hits].filter(([, count]) => count === 0).map(([name]) => name)
  const fired = [...hits].filter(([, count]) => count > 0)
  return [
    `Work: ${(acknowledged / Math.max(1, kills)).toFixed(1)} acknowledged for each kill;`,
    `  between two blows the median is ${at(between, 50)}, the least ${at(between, 0)},`,
    `  nothing at all ${between.filter((count) => count === 0).length} times`,
    `Hit: ${met} of ${deadly.length} deadly blows met a transaction that had written`,
    `Back: something is acknowledged again after ${inSeconds(at(back, 50))} (median),`,
    `  ${inSeconds(at(back, 99))} (99 %), ${inSeconds(at(back, 100))} (slowest)`,
    `Answers: ${[...answers]
      .toSorted(([one], [other]) => one - other)
      .map(([status, count]) => `${status === 0 ? 'broken' : status} × ${count}`)
      .join(', ')}`,
    ...(fired.length > 0 ? [`Failpoints reached: ${fired.length} of ${hits.size}`] : []),
    ...fired.map(([name, count]) => `  ${name.padEnd(36)} ${String(count).padStart(5)}`),
    ...(fired.length > 0 && unreached.length > 0 ? [`Never reached: ${unreached.join(', ')}`] : []),
  ]
}

function ascending(one: number, other: number): number {
  return one - other
}

function at(sorted: readonly number[], share: number): number {
  const index = Math.ceil((sorted.length * share) / 100) - 1
  return sorted[Math.max(0, index)] ?? 0
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
