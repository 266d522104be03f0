/** Owns the check of registers: is there an order of all operations that explains every answer. */

import type { Anomaly, Outcome } from './history.ts'

/** One operation on a register. */
export interface RegisterOperation {
  readonly id: string
  readonly outcome: Outcome
  readonly begunAt: number
  /** Infinity where no end is known. */
  readonly endedAt: number
  readonly does:
    | { readonly read: number | undefined }
    | { readonly write: number }
    /** Writes `to` where `from` stands; where it does not, the operation fails. */
    | { readonly from: number; readonly to: number }
}

/**
 * Checks one register for linearizability, after Wing and Gong with Lowe's memory: operations are
 * tried in every order that real time allows; a state met before with the same ones done is not
 * tried again. Failed operations never happened; those of unknown outcome happened or did not.
 */
export function checkRegister(
  operations: readonly RegisterOperation[],
  initial: number,
): readonly Anomaly[] {
  const counted = operations.filter(({ outcome, does }) => {
    return outcome === 'ok' || (outcome === 'unknown' && !('read' in does))
  })
  const sorted = [...counted].sort((one, other) => one.begunAt - other.begunAt)
  return new Search(sorted).finds(initial)
    ? []
    : [{ kind: 'not linearizable', detail: sorted.slice(0, 20).map(told).join('\n') }]
}

interface State {
  readonly value: number
  readonly done: bigint
}

class Search {
  readonly #operations: readonly RegisterOperation[]
  readonly #tried = new Set<string>()
  readonly #needed: bigint

  constructor(operations: readonly RegisterOperation[]) {
    this.#operations = operations
    this.#needed = operations.reduce((needed, { outcome }, index) => {
      return outcome === 'ok' ? needed | (1n << BigInt(index)) : needed
    }, 0n)
  }

  finds(initial: number): boolean {
    const waiting: State[] = [{ value: initial, done: 0n }]
    for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
      if ((state.done & this.#needed) === this.#needed) return true
      const name = `${state.value} ${state.done}`
      if (this.#tried.has(name)) continue
      this.#tried.add(name)
      waiting.push(...this.#next(state))
    }
    return false
  }

  /** Whatever may come next: nothing that is left has ended before it began. */
  #next({ value, done }: State): readonly State[] {
    const left = this.#operations
      .map((operation, index) => ({ operation, bit: 1n << BigInt(index) }))
      .filter(({ bit }) => (done & bit) === 0n)
    const firstEnd = Math.min(...left.map(({ operation }) => operation.endedAt))
    return left.flatMap(({ operation, bit }) => {
      if (operation.begunAt > firstEnd) return []
      const after = step(operation, value)
      return after === undefined ? [] : [{ value: after, done: done | bit }]
    })
  }
}

function step({ does }: RegisterOperation, value: number): number | undefined {
  if ('read' in does) return does.read === value ? value : undefined
  if ('write' in does) return does.write
  return does.from === value ? does.to : undefined
}

function told({ id, outcome, does }: RegisterOperation): string {
  return `${id} ${outcome} ${JSON.stringify(does)}`
}
