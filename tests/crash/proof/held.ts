/** Owns what the proofs share: a run that must hold, or that must be found out. */

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { type ChaosOptions, chaos, report, type Verdict } from '../run/chaos.ts'

/** Runs and demands that nothing is wrong. What it wrote is kept where something is. */
export async function mustHold(options: ChaosOptions): Promise<Verdict> {
  const verdict = await chaos(options)
  const { seed, kills, postgres } = options
  const again = `npm run chaos -- --kills ${kills} --seed ${seed} --postgres ${postgres}`
  if (verdict.anomalies.length > 0) assert.fail(report(verdict, again))
  rmSync(verdict.folder, { recursive: true, force: true })
  return verdict
}

/** Runs with something broken and demands that it is noticed, by an anomaly of this kind. */
export async function mustFail(options: ChaosOptions, kind: RegExp): Promise<void> {
  const verdict = await chaos(options)
  const kinds = new Set(verdict.anomalies.map((each) => each.kind))
  assert.ok(
    [...kinds].some((each) => kind.test(each)),
    `it was not noticed: ${report(verdict, `seed ${options.seed}`)}`,
  )
  rmSync(verdict.folder, { recursive: true, force: true })
}
