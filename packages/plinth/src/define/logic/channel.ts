/** Owns the declaring of channels: rooms in which people are seen and talk, under rules. */

import type { RuleInput } from '../infer.ts'
import type { Condition, Me, Rule } from '../rule.ts'
import type { Shape } from './shape.ts'

/** A rule over who asks and which room it is. */
export type ChannelRule<P extends Shape> =
  | Rule
  | ((scope: { readonly me: Me; readonly params: RuleInput<P> }) => Condition)

/** What a channel is declared with. */
export interface ChannelSpec<P extends Shape, M extends Shape, S extends Shape> {
  /** What tells its rooms apart: each set of values is a room. Default: there is one. */
  readonly params?: P
  readonly allow: {
    /** Who may be there. */
    readonly join: ChannelRule<P>
    /** Who of them may say something. Default: nobody. */
    readonly publish?: ChannelRule<P>
    /** Who of them sees who else is there. Default: all of them. */
    readonly see?: ChannelRule<P>
  }
  /** What may be said. Absent: nothing. */
  readonly message?: M
  /** What those who are there say of themselves. Absent: nobody is shown. */
  readonly presence?: S
  readonly description?: string
}
