/** Owns the models of organisations: who works together, in which role, and who is invited. */

import { email, instant, slug, text } from '../../define/fields.ts'
import { belongsTo, hasMany } from '../../define/relation.ts'
import { type Me, nobody, type Rule, type Value } from '../../define/rule.ts'
import { hash, owner } from './parts.ts'

const organisation = () => belongsTo('organisation', { onDelete: 'cascade' })

interface Seen {
  readonly row: { readonly id: Value<string> }
  readonly me: Me
}

interface Placed {
  readonly row: {
    readonly organisationId: Value<string> & { eq(other: Value<string>): Rule }
  }
  readonly me: Me
}

/** A role as the app declares it. Rules and flows take no other one; unknown ones may nothing. */
const role = () => text({ max: 50 })

/**
 * Organisations. They are changed by the flows alone; members read them. In an app that declares no
 * organisations these models have no addresses.
 */
export const organisationModels = {
  organisation: {
    description: 'People who work together on data of their own.',
    audit: true,
    fields: {
      name: text({ min: 1, max: 200 }),
      slug: slug({ max: 60, unique: true, description: 'Its name in addresses.' }),
      memberships: hasMany('membership'),
    },
    access: { read: ({ row, me }: Seen) => me.in(row.id) },
    key: ['slug'],
  },
  membership: {
    description: 'Somebody’s place in an organisation.',
    audit: true,
    fields: { organisation: organisation(), user: owner(), role: role() },
    access: { read: ({ row, me }: Placed) => me.in(row.organisationId) },
    key: ['organisation', 'user'],
  },
  invitation: {
    description: 'An invitation to an organisation, sent by mail, good once.',
    audit: true,
    fields: {
      organisation: organisation(),
      email: email({ description: 'Who is invited: nobody else can accept.' }),
      role: role(),
      tokenHash: hash(),
      invitedBy: belongsTo('user', { onDelete: 'cascade' }),
      expiresAt: instant(),
      usedAt: instant({ optional: true }),
    },
    access: {
      read: ({ row, me }: Placed) =>
        row.organisationId.eq(me.organisation).and(me.may('members.invite')),
      fields: { tokenHash: { read: nobody, write: nobody } },
    },
    indexes: [['organisation', 'email'], ['expiresAt']],
  },
} as const
