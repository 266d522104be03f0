/** Owns the list of identity's controls: how each is taken away, and which proof must notice. */

import type { Control } from '../armed/control.ts'
import type { AttackControl } from './controls/against.ts'
import { businessControls } from './controls/business.ts'
import { elsewhereControls } from './controls/elsewhere.ts'
import { guessingControls } from './controls/guessing.ts'
import { onceControls } from './controls/once.ts'
import { invitedControls } from './controls/organisations/invited.ts'
import { mailedControls } from './controls/organisations/mailed.ts'
import { pageControls } from './controls/pages.ts'
import { providerControls } from './controls/provider.ts'
import { rightControls } from './controls/rights.ts'
import { sessionControls } from './controls/sessions.ts'
import { suspendedControls } from './controls/suspended.ts'
import { takeoverControls } from './controls/takeover.ts'

/** One of a provider for each attack on it; all of them run by `provider.test.ts --armed`. */
const ofProvider = (
  [
    ['C20', 'the demand for a proof key'],
    ['C23', 'the single use of codes and refresh tokens'],
    ['C24', 'the client to whom an answer is given again'],
    ['C27', 'the session that looked at the code of a device'],
  ] as const
).map(([attack, name]): AttackControl => {
  const control = providerControls.find((each) => each.name === name)
  if (!control) throw new Error(`No control of a provider is called ${name}.`)
  return { ...control, name: `${attack}: ${name}`, attacks: [attack] }
})

/** What holds as long as nothing is taken away, the files of the proofs show themselves. */
export const proofs = [] as const

/** Every control of an attack whose absence must be noticed. */
export const attackControls: readonly AttackControl[] = [
  ...[...guessingControls, ...sessionControls, ...suspendedControls, ...rightControls],
  ...[...businessControls, ...takeoverControls, ...mailedControls, ...invitedControls],
  ...[...pageControls, ...elsewhereControls, ...onceControls, ...ofProvider],
]

/** Every control whose absence must be noticed. */
export const controls: readonly Control[] = attackControls
