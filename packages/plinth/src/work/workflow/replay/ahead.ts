/** Owns going ahead of a step: its code goes on before the step is stored, up to the next one. */

import type { StepRecord } from './record.ts'
import type { GoAhead, Onward, Performed } from './setting.ts'

/**
 * One step of which the code goes ahead, so that the end of a workflow can be stored together with
 * its last step. The code between steps changes nothing, so it may be told what is then not stored:
 * in that case it runs again, with what is.
 */
export class Ahead {
  readonly #told = Promise.withResolvers<StepRecord>()
  readonly #onward = Promise.withResolvers<Onward>()
  #record: StepRecord | undefined

  /** For whoever performs the step. */
  readonly go: GoAhead = (record) => {
    this.#record = record
    this.#told.resolve(record)
    // Code that does something else than a step or its end holds no transaction open.
    setImmediate(() => this.goOn(undefined))
    return this.#onward.promise
  }

  /** Resolves with what the code is told; never where nothing is known before it is stored. */
  get told(): Promise<StepRecord> {
    return this.#told.promise
  }

  /** The code has gone on. */
  goOn(onward: Onward): void {
    this.#onward.resolve(onward)
  }

  /** Whether the step was stored as the code was told. */
  wasRight(performed: Performed): boolean {
    if (performed.is !== 'settled') return false
    const { state, result } = performed.record
    return state === 'done' && result === this.#record?.result
  }
}
