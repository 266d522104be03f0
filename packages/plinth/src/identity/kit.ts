/** Owns the models of identity: users, their sessions, and what proves who somebody is. */

import { limits } from '../base/limits.ts'
import { boolean, choice, email, instant, integer, list, role, text } from '../define/fields.ts'
import { kit } from '../define/kit.ts'
import { belongsTo, hasMany } from '../define/relation.ts'
import { nobody } from '../define/rule.ts'
import { accountModels } from './models/accounts.ts'
import { factorModels } from './models/factors.ts'
import { keyModels } from './models/keys.ts'
import { organisationModels } from './models/organisations.ts'
import { outsideModels } from './models/outside.ts'
import { hash, mine, mineInPerson, owner, signInMethods } from './models/parts.ts'
import { passkeyModels } from './models/passkeys.ts'
import { proofModels } from './models/proofs.ts'

/**
 * Users and sessions. Name it in `uses` to refer to `user`; every app holds it by itself.
 * A user sees themself; the role `admin` sees and changes all. Password hashes and tokens (kept
 * as hashes) are readable by nobody, through any door.
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
        email: email({
          ...{ unique: true, optional: true },
          description: 'What the user signs in with. A guest has none.',
        }),
        emailVerifiedAt: instant({
          optional: true,
          description: 'When the user showed that mails to the address reach them.',
        }),
        name: text({ max: 200, optional: true }),
        passwordHash: text({ max: 500, optional: true }),
        unclaimed: boolean({
          default: false,
          description: 'True: made by a sign-up whose mail nobody has answered; nobody’s yet.',
        }),
        roles: list(role(), { max: 50, default: [] }),
        suspended: boolean({ default: false, description: 'True: cannot sign in.' }),
        secondFactor: boolean({
          default: false,
          description: 'True: signing in takes a second factor.',
        }),
        secondFactorDueAt: instant({
          optional: true,
          description: 'When the account has to have a second factor, where the app demands one.',
        }),
        guest: boolean({ default: false, description: 'True: a visitor without an account.' }),
        deletionAt: instant({
          optional: true,
          description: 'When the account will be deleted, as its owner has asked.',
        }),
        erasedAt: instant({
          optional: true,
          description: 'When the account was deleted: only what others refer to is left of it.',
        }),
        sessions: hasMany('session', { by: 'user' }),
      },
      checks: {
        hasAnAddress: ({ row }) =>
          row.email.isNull().not().or(row.guest).or(row.erasedAt.isNull().not()),
      },
      indexes: [['deletionAt'], ['guest', 'createdAt']],
      access: {
        read: ({ row, me }) => row.id.eq(me.id).or(me.is('admin')),
        // Staff who acts as somebody does not name them.
        update: ({ row, me }) => row.id.eq(me.id).and(me.impersonated.not()).or(me.is('admin')),
        delete: ({ me }) => me.is('admin'),
        fields: {
          email: { write: ({ me }) => me.is('admin') },
          emailVerifiedAt: { write: nobody },
          unclaimed: { read: ({ me }) => me.is('admin'), write: nobody },
          roles: { write: ({ me }) => me.is('admin') },
          secondFactor: { write: nobody },
          secondFactorDueAt: { write: nobody },
          guest: { write: nobody },
          deletionAt: { write: nobody },
          erasedAt: { write: nobody },
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
        user: owner(),
        tokenHash: hash(),
        expiresAt: instant(),
        lastUsedAt: instant(),
        method: choice(signInMethods, { default: 'password', description: 'How it began.' }),
        assurance: integer({
          ...{ min: 1, max: 2, default: 1 },
          description: '1: the user showed one factor. 2: two of them.',
        }),
        provedAt: instant({ optional: true, description: 'When a factor was shown last.' }),
        device: text({ max: 60, optional: true, description: 'Such as Firefox on Linux.' }),
        address: text({ max: 60, optional: true }),
        place: text({
          ...{ max: limits.placeCharactersMax, optional: true },
          description: 'Where that is, as the app says: such as Berlin, Germany.',
        }),
        impersonator: belongsTo('user', {
          ...{ optional: true, onDelete: 'cascade' },
          description: 'The member of staff who acts as the user in it.',
        }),
        // It ends with the session in which it was asked for, whatever ends that.
        staffSession: belongsTo('session', { optional: true, onDelete: 'cascade' }),
        reason: text({ max: 500, optional: true, description: 'Why staff acts as the user.' }),
        organisation: belongsTo('organisation', {
          ...{ optional: true, onDelete: 'clear' },
          description: 'In which the user works just now.',
        }),
      },
      access: {
        read: mine,
        delete: mineInPerson,
        fields: {
          tokenHash: { read: nobody, write: nobody },
          staffSessionId: { read: nobody, write: nobody },
          organisationId: { read: nobody, write: nobody },
        },
      },
      indexes: [['expiresAt']],
    },
    ...proofModels,
    ...outsideModels,
    ...passkeyModels,
    ...factorModels,
    ...keyModels,
    ...accountModels,
    ...organisationModels,
  },
})
