/** Owns the models of identity: users, their sessions, and what proves who somebody is. */

import { boolean, choice, email, instant, integer, list, role, text } from '../define/fields.ts'
import { kit } from '../define/kit.ts'
import { belongsTo, hasMany } from '../define/relation.ts'
import { nobody } from '../define/rule.ts'

/** How somebody showed who they are when a session began. */
export const signInMethods = ['password', 'link', 'code'] as const

/** How somebody showed who they are when a session began. */
export type SignInMethod = (typeof signInMethods)[number]

/** What a mail's token or code is good for, each for nothing else. */
export const mailProofPurposes = [
  'verify-email',
  'change-email',
  'reset-password',
  'sign-in',
] as const

/** What a mail's token or code is good for. */
export type MailProofPurpose = (typeof mailProofPurposes)[number]

const hash = () => text({ max: 100, unique: true })
const owner = () => belongsTo('user', { onDelete: 'cascade' })

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
        email: email({ unique: true, description: 'What the user signs in with.' }),
        emailVerifiedAt: instant({
          optional: true,
          description: 'When the user showed that mails to the address reach them.',
        }),
        name: text({ max: 200, optional: true }),
        passwordHash: text({ max: 500, optional: true }),
        roles: list(role(), { max: 50, default: [] }),
        suspended: boolean({ default: false, description: 'True: cannot sign in.' }),
        secondFactor: boolean({
          default: false,
          description: 'True: signing in takes a second factor.',
        }),
        sessions: hasMany('session'),
      },
      access: {
        read: ({ row, me }) => row.id.eq(me.id).or(me.is('admin')),
        update: ({ row, me }) => row.id.eq(me.id).or(me.is('admin')),
        delete: ({ me }) => me.is('admin'),
        fields: {
          email: { write: ({ me }) => me.is('admin') },
          emailVerifiedAt: { write: nobody },
          roles: { write: ({ me }) => me.is('admin') },
          secondFactor: { write: nobody },
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
      },
      access: {
        read: ({ row, me }) => row.userId.eq(me.id),
        delete: ({ row, me }) => row.userId.eq(me.id),
        fields: { tokenHash: { read: nobody, write: nobody } },
      },
      indexes: [['expiresAt']],
    },
    mailProof: {
      description: 'A token or a code that was sent by mail, good for one thing, once.',
      fields: {
        user: owner(),
        purpose: choice(mailProofPurposes),
        email: email({ description: 'Where it was sent.' }),
        tokenHash: hash(),
        // A code is good beside what its asker has kept, and for nobody else.
        attemptHash: text({ max: 100, unique: true, optional: true }),
        codeHash: text({ max: 100, optional: true }),
        // A password that was changed meanwhile ends what was sent to change it.
        passwordHash: text({ max: 500, optional: true }),
        expiresAt: instant(),
        usedAt: instant({ optional: true }),
      },
      indexes: [['expiresAt']],
    },
    pendingSignIn: {
      description: 'A sign-in that waits for its second factor. It is no session.',
      fields: {
        user: owner(),
        tokenHash: hash(),
        method: choice(signInMethods),
        expiresAt: instant(),
        usedAt: instant({ optional: true }),
      },
      indexes: [['expiresAt']],
    },
    totpSecret: {
      description: 'The secret of an authenticator app (RFC 6238), sealed with the app’s secret.',
      fields: {
        user: belongsTo('user', { onDelete: 'cascade', unique: true }),
        sealed: text({ max: 200 }),
        confirmedAt: instant({ optional: true }),
        // Of the last code that was taken: it and all before it count no more.
        lastStep: integer({ min: 0, default: 0 }),
      },
    },
    recoveryCode: {
      description: 'A way in without the second factor, once.',
      fields: { user: owner(), codeHash: hash(), usedAt: instant({ optional: true }) },
    },
    trustedDevice: {
      description: 'A device on which the second factor is not asked for.',
      fields: {
        user: owner(),
        tokenHash: hash(),
        device: text({ max: 60, optional: true }),
        expiresAt: instant(),
        lastUsedAt: instant(),
      },
      access: {
        read: ({ row, me }) => row.userId.eq(me.id),
        delete: ({ row, me }) => row.userId.eq(me.id),
        fields: { tokenHash: { read: nobody, write: nobody } },
      },
      indexes: [['expiresAt']],
    },
    knownDevice: {
      description: 'A device that somebody has signed in from.',
      fields: { user: owner(), fingerprint: text({ max: 100 }), lastSeenAt: instant() },
      key: ['user', 'fingerprint'],
      indexes: [['lastSeenAt']],
    },
  },
})
