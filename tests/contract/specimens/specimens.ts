/** Owns the collection of all specimens. */

import { momentSpecimens } from './moments.ts'
import { numberSpecimens } from './numbers.ts'
import type { Specimen } from './specimen.ts'
import { structureSpecimens } from './structures.ts'
import { textSpecimens } from './texts.ts'

/** A specimen of every kind, and of lists of most. */
export const specimens: readonly Specimen[] = [
  ...textSpecimens,
  ...numberSpecimens,
  ...momentSpecimens,
  ...structureSpecimens,
]
