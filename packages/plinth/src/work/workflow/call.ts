/** Owns a call to the world: for so long, and until its worker must let go. */

/** What a call to the world gets. */
export interface ExternalCall {
  readonly idempotencyKey: string
  readonly aborted: AbortSignal
}

interface Timed {
  readonly call: ExternalCall
  readonly timeoutMs: number
  /** Of the step. */
  readonly name: string
}

/** Calls the world for so long. What does not end is left behind: its key makes it harmless. */
export async function callInTime(
  run: (scope: ExternalCall) => Promise<unknown>,
  { call, timeoutMs, name }: Timed,
): Promise<unknown> {
  const late = AbortSignal.timeout(timeoutMs)
  const aborted = AbortSignal.any([call.aborted, late])
  const { promise: over, reject } = Promise.withResolvers<never>()
  const end = (): void => {
    reject(late.aborted ? tooSlow(name, timeoutMs) : aborted.reason)
  }
  aborted.addEventListener('abort', end, { once: true })
  try {
    return await Promise.race([run({ ...call, aborted }), over])
  } finally {
    aborted.removeEventListener('abort', end)
  }
}

function tooSlow(name: string, timeoutMs: number): Error {
  return new Error(`"${name}" took longer than ${timeoutMs} ms: give it a longer timeoutMs.`)
}
