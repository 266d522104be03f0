/** Owns the list of the controls of being an OAuth provider. */

import { asking } from './provider/asking.ts'
import { bounds } from './provider/bounds.ts'
import type { ProviderControl } from './provider/control.ts'
import { endings, tokens } from './provider/granting.ts'
import { places } from './provider/places.ts'

/** Every control of a provider whose absence must be noticed. */
export const providerControls: readonly ProviderControl[] = [
  ...[...tokens, ...endings, ...asking, ...bounds, ...places],
]
