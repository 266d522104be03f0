/** Owns asking for a fresh proof of who somebody is: a call asks, a dialog answers. */

type Answer = (proven: boolean) => void

let waiting: Answer | undefined
const listeners = new Set<() => void>()

function tell(): void {
  for (const listener of listeners) listener()
}

/** Asks. Resolves with true once they have shown it. */
export function askForProof(): Promise<boolean> {
  return new Promise((resolve) => {
    waiting = resolve
    tell()
  })
}

/** Answers whoever has asked. */
export function answerProof(proven: boolean): void {
  waiting?.(proven)
  waiting = undefined
  tell()
}

/** Told whenever a question begins or ends. */
export function watchProof(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** True while a question waits. */
export function isAsked(): boolean {
  return waiting !== undefined
}
