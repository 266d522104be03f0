/** Owns keeping an app's written types in step with its saves. */

import { type TypesOutcome, writeTypes } from './write.ts'

/** Types that are written again and again. */
export interface KeptTypes {
  /** Writes them, or once more after the writing that is under way. */
  again(): void
}

/** Writes an app's types when asked, one writing at a time. `told` hears what came of each. */
export function keepTypes(
  appFile: string,
  told: (outcome: TypesOutcome | { readonly is: 'failed'; readonly cause: unknown }) => void,
): KeptTypes {
  let busy = false
  let asked = false
  const run = async (): Promise<void> => {
    busy = true
    while (asked) {
      asked = false
      told(await writeTypes(appFile).catch((cause: unknown) => ({ is: 'failed', cause }) as const))
    }
    busy = false
  }
  return {
    again() {
      asked = true
      if (!busy) void run()
    },
  }
}
