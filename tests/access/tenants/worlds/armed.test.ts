/** Proves that random worlds know of tenants: see `tests/armed/armed.ts`. */

import { prove } from '../../../armed/armed.ts'
import { controls, proofs } from './controls.ts'

prove({ controls, proofs })
