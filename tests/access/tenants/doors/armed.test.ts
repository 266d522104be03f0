/** Proves the proofs of tenancy at the other doors: see `tests/armed/armed.ts`. */

import { prove } from '../../../armed/armed.ts'
import { controls, proofs } from './controls.ts'

prove({ controls, proofs })
