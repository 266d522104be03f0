/** Owns the form of a control against an attack: gone with these edits, every proof must fail. */

import type { Control, Edit } from '../../armed/control.ts'

/** A control, and the attacks that it holds off. */
export interface AttackControl extends Control {
  /** Such as `C06`. */
  readonly attacks: readonly string[]
}

/** Names a control with its edits. */
type Naming = (name: string, ...edits: readonly Edit[]) => AttackControl

/**
 * Controls against an attack, proven by each test of a file whose name begins so: through every
 * door that the file goes through.
 */
export function against(attack: string, file: string, pattern = attack): Naming {
  const proof = { file, options: [`--test-name-pattern=^${pattern}`], every: true } as const
  return (name, ...edits) => ({ name: `${attack}: ${name}`, attacks: [attack], edits, proof })
}

/** The file of a proof by doors. */
export function byDoors(name: string): string {
  return `tests/identity/doors/${name}.test.ts`
}
