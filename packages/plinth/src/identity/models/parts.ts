/** Owns what models of identity have in common. */

import { text } from '../../define/fields.ts'
import { belongsTo } from '../../define/relation.ts'
import type { Me, Rule, Value } from '../../define/rule.ts'

/** How somebody showed who they are when a session began. */
export const signInMethods = [
  'password',
  'link',
  'code',
  'passkey',
  'guest',
  'impersonation',
  'outside',
] as const

/** How somebody showed who they are when a session began. */
export type SignInMethod = (typeof signInMethods)[number]

/** A hash of a secret: the secret itself is kept nowhere. */
export const hash = () => text({ max: 100, unique: true })

/** Whose it is; it goes with them. */
export const owner = () => belongsTo('user', { onDelete: 'cascade' })

/**
 * The one organisation in which something works; none: in none. It hangs on its owner's membership
 * by a foreign key, so that no way of leaving forgets it, and nobody who joins again finds it.
 */
export const bound = () => ({
  organisation: belongsTo('organisation', {
    ...{ optional: true, onDelete: 'cascade' },
    description: 'The one organisation in which it works. None: in none.',
  }),
  membership: belongsTo('membership', {
    ...{ optional: true, onDelete: 'cascade' },
    description: 'Its owner’s place there: it ends with that.',
  }),
})

/** A rule for whose it is. */
export const mine = ({ row, me }: Owned) => row.userId.eq(me.id)

/** A rule for whose it is, while nobody else acts as them. */
export const mineInPerson = ({ row, me }: Owned) => row.userId.eq(me.id).and(me.impersonated.not())

interface Owned {
  readonly row: { readonly userId: { eq(other: Value<string>): Rule } }
  readonly me: Me
}
