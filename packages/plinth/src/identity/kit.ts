/** Owns the models of identity: users and their sessions. */

import { boolean, email, instant, list, role, text } from '../define/fields.ts'
import { kit } from '../define/kit.ts'
import { belongsTo, hasMany } from '../define/relation.ts'
import { nobody } from '../define/rule.ts'

/**
 * Users and sessions. Name it in `uses` to refer to `user`; every app holds it by itself.
 * A user sees themself; the role `admin` sees and changes all. Password hashes and session
 * tokens (kept as hashes) are readable by nobody, through any door.
 *
 * @example
 * kit('orders', {
 *   uses: [identity],
 *   models: { customer: { fields: { user: belongsTo('user') } } },
 * })
 */
export const identity = kit('identity', {
  models: {
    user: {
      description: 'Somebody who can sign in.',
      audit: true,
      fields: {
        email: email({ unique: true, description: 'What the user signs in with.' }),
        name: text({ max: 200, optional: true }),
        passwordHash: text({ max: 500, optional: true }),
        roles: list(role(), { max: 50, default: [] }),
        suspended: boolean({ default: false, description: 'True: cannot sign in.' }),
        sessions: hasMany('session'),
      },
      access: {
        read: ({ row, me }) => row.id.eq(me.id).or(me.is('admin')),
        update: ({ row, me }) => row.id.eq(me.id).or(me.is('admin')),
        delete: ({ me }) => me.is('admin'),
        fields: {
          email: { write: ({ me }) => me.is('admin') },
          roles: { write: ({ me }) => me.is('admin') },
          suspended: {
            read: ({ me }) => me.is('admin'),
            write: ({ me }) => me.is('admin'),
          },
          passwordHash: { read: nobody, write: nobody },
        },
      },
    },
    session: {
      description: 'A sign-in that has not ended.',
      fields: {
        user: belongsTo('user', { onDelete: 'cascade' }),
        tokenHash: text({ max: 100, unique: true }),
        expiresAt: instant(),
        lastUsedAt: instant(),
        address: text({ max: 60, optional: true }),
      },
      access: {
        read: ({ row, me }) => row.userId.eq(me.id),
        delete: ({ row, me }) => row.userId.eq(me.id),
        fields: { tokenHash: { read: nobody, write: nobody } },
      },
      indexes: [['expiresAt']],
    },
  },
})
