/** Owns the controls that the account pages miss: those of other doors, taken away once more. */

import type { AttackControl } from './against.ts'
import { guessingControls } from './guessing.ts'
import { sessionControls } from './sessions.ts'

const file = 'tests/identity/doors/pages/pages.test.ts'
const doors = ['guessing', 'sessions', 'tokens'].map(
  (name) => `tests/identity/doors/${name}.test.ts`,
)
const elsewhere: ReadonlySet<string> = new Set(['C21: the refusal of what is no credential'])

/** Which test of an attack misses a control, where it has several. */
const only: Readonly<Record<string, string>> = {
  'C15: the single use of a code of time': 'C15: a code of time',
  'C15: the single use of a recovery code': 'C15: a recovery code',
}

/** Each control of what pages do as well. A page decides nothing, so all of them are missed. */
export const pageControls: readonly AttackControl[] = [...guessingControls, ...sessionControls]
  .filter(({ name, proof }) => doors.includes(proof.file) && !elsewhere.has(name))
  .filter(({ attacks }) => !attacks.includes('C28'))
  .map((control) => {
    const pattern = only[control.name] ?? control.attacks[0]
    const options = [`--test-name-pattern=^${pattern}`]
    return { ...control, name: `${control.name}, by pages`, proof: { file, options, every: true } }
  })
