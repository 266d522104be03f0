/** Owns what the transactions of identity see: its own models, typed from their declaration. */

import type { Kit } from '../define/kit.ts'
import type { LogicScope } from '../define/logic/scope.ts'
import type { identity } from './kit.ts'

/** What the transactions of identity see. */
export type IdentityScope = LogicScope<Sight>

/** The models of identity. */
export type Sight = typeof identity extends Kit<infer _M, infer _E, infer S> ? S : never
