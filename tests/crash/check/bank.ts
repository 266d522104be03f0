/** Owns the check of transfers: money moves, its sum does not, and nobody owes. */

import type { Anomaly } from './history.ts'

/** One look at all accounts at once. */
export interface BankRead {
  readonly id: string
  /** By account, in minor units. */
  readonly balances: ReadonlyMap<string, number>
}

/** Checks every look at the accounts, the last one included. */
export function checkBank(reads: readonly BankRead[], total: number): readonly Anomaly[] {
  return reads.flatMap(({ id, balances }) => {
    const anomalies: Anomaly[] = []
    const sum = [...balances.values()].reduce((one, other) => one + other, 0)
    if (sum !== total) {
      anomalies.push({ kind: 'wrong total', detail: `${id} saw ${sum} in place of ${total}` })
    }
    for (const [account, balance] of balances) {
      if (balance >= 0) continue
      anomalies.push({ kind: 'below zero', detail: `${id} saw ${balance} on ${account}` })
    }
    return anomalies
  })
}
