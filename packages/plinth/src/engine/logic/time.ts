/** Owns the time of one attempt: its end, and the word that it has come. */

import { Failure } from '../../base/failure.ts'

/** The time of one attempt: its end, and the word that it has come. */
export class Time {
  /** Made for whoever asks: most logic never does, and it costs more than a statement. */
  #controller: AbortController | undefined
  #reason: { readonly is: unknown } | undefined
  readonly #timer: ReturnType<typeof setTimeout>
  readonly #given: AbortSignal | undefined
  readonly #abort: () => void
  /** Rejects when the time is over; never resolves. */
  readonly over: Promise<never>

  constructor(given: AbortSignal | undefined, leftMs: number) {
    const { promise, reject } = Promise.withResolvers<never>()
    this.over = promise
    promise.catch(ignore)
    this.#given = given
    this.#abort = () => {
      this.#end(given?.reason)
      reject(given?.reason instanceof Failure ? given.reason : tooLate())
    }
    this.#timer = setTimeout(
      () => {
        const failure = tooLate()
        this.#end(failure)
        reject(failure)
      },
      Math.max(0, leftMs),
    )
    if (given?.aborted) this.#abort()
    else given?.addEventListener('abort', this.#abort, { once: true })
  }

  /** Aborted when the time is over, or the run was. */
  get aborted(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason) this.#controller.abort(this.#reason.is)
    }
    return this.#controller.signal
  }

  #end(reason: unknown): void {
    this.#reason = { is: reason }
    this.#controller?.abort(reason)
  }

  /** The attempt has ended. */
  end(): void {
    clearTimeout(this.#timer)
    this.#given?.removeEventListener('abort', this.#abort)
  }
}

/** The failure of what was not done in its time. */
export function tooLate(): Failure {
  return new Failure('deadline_exceeded', {
    detail: 'The time for this was over before it was done: nothing was stored. Try again later.',
  })
}

function ignore(): void {
  // Raced against where it counts.
}
