/** Owns what the proofs share: a run that must hold, or that must be found out. */

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { type ChaosOptions, chaos } from '../run/chaos.ts'
import { report, type Verdict } from '../run/report.ts'

/** Runs and demands that nothing is wrong. What it wrote is kept where something is. */
export async function mustHold(options: ChaosOptions): Promise<Verdict> {
  const verdict = await chaos(options)
  const { seed, kills, postgres } = options
  const again = `npm run chaos -- --kills ${kills} --seed ${seed} --postgres ${postgres}`
  if (verdict.anomalies.length > 0) assert.fail(report(verdict, again))
  rmSync(verdict.folder, { recursive: true, force: true })
  return verdict
}

/** What a kill destroys is a matter of milliseconds: so many seeds are tried for it. */
const seedsMax = 4

/** Runs with something broken and demands that it is noticed, by an anomaly of this kind. */
export async function mustFail(options: ChaosOptions, kind: RegExp): Promise<void> {
  const reports: string[] = []
  for (let seed = options.seed; seed < options.seed + seedsMax; seed++) {
    const verdict = await chaos({ ...options, seed })
    rmSync(verdict.folder, { recursive: true, force: true })
    if (verdict.anomalies.some((each) => kind.test(each.kind))) return
    reports.push(report(verdict, `seed ${seed}`))
  }
  assert.fail(`it was not noticed: ${reports.join('\n')}`)
}
