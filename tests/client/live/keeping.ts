/** Owns a follower for tests: it keeps what it is told, and waits until that is as it should be. */

import assert from 'node:assert/strict'
import type { AnyFailure } from 'plinth/client'

/** Keeps what a follower is told. */
export function keeping<T>() {
  const told: T[] = []
  const states: string[] = []
  const failures: AnyFailure[] = []
  return {
    ...{ told, states, failures },
    follower: {
      next: (seen: T) => void told.push(seen),
      state: (state: string) => void states.push(state),
      failed: (failure: AnyFailure) => void failures.push(failure),
    },
    until: (right: () => boolean, what: string) =>
      until(right, () => `${what}: ${JSON.stringify({ last: told.at(-1), states, failures })}`),
  }
}

/** Waits until something is so, for at most twenty seconds. */
export async function until(right: () => boolean, what: () => string): Promise<void> {
  for (let waits = 0; !right(); waits++) {
    assert.ok(waits < 1_000, what())
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
