/** Owns the checked-in list of our own schema's steps: what a database may have run already. */

import { internalTables } from '../../../packages/plinth/src/app/schema/schema.ts'
import { checksumOf } from '../../../packages/plinth/src/migrate/apply/internal.ts'

/** The file of the list, from the root. */
export const stepsFile = 'tests/steps.txt'

/** A line for each step, in the order in which they run: its id and the checksum of its text. */
export function stepLines(): readonly string[] {
  return internalTables.steps.map(({ id, sql }) => `${id} ${checksumOf(sql)}`)
}

/** The steps that the list knows by another text, or that are gone: databases would not start. */
export function changedSteps(listed: readonly string[], present: readonly string[]) {
  const now = new Set(present)
  return listed.filter((line) => line !== '' && !now.has(line)).map((line) => line.split(' ')[0])
}
