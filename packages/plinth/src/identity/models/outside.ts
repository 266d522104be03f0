/** Owns the models of identities that others vouch for: those that are linked, those that wait. */

import { choice, email, instant, text } from '../../define/fields.ts'
import { belongsTo } from '../../define/relation.ts'
import { hash, mine, owner } from './parts.ts'

/** What somebody is sent to a provider for. */
export const outsidePurposes = ['sign-in', 'link', 'step-up'] as const

/** What somebody is sent to a provider for. */
export type OutsidePurpose = (typeof outsidePurposes)[number]

/**
 * What an identity that nobody has yet waits for: that the owner of an account confirms it, that
 * the owner of the account with its address signs in, that an address is shown to be theirs.
 */
export const outsideNeeds = ['confirm', 'sign-in', 'email'] as const

/** What an identity that nobody has yet waits for. */
export type OutsideNeed = (typeof outsideNeeds)[number]

// An issuer is an address; subjects are at most 255 characters (OpenID Connect Core 2), those of
// Slack two of them.
const issuer = () => text({ max: 500 })
const subject = () => text({ max: 600 })
const provider = () => text({ max: 30, description: 'As the app names it, such as google.' })

/** Identities of other providers. */
export const outsideModels = {
  outsideIdentity: {
    description: 'Who a user is at a provider that the app trusts: a way to sign in.',
    fields: {
      user: owner(),
      provider: provider(),
      issuer: issuer(),
      subject: subject(),
      email: text({ max: 320, optional: true, description: 'What the provider said last.' }),
      lastUsedAt: instant(),
    },
    key: ['issuer', 'subject'],
    access: { read: mine },
    indexes: [['user']],
  },
  outsideAttempt: {
    description: 'Somebody who was sent to a provider and is to come back, once.',
    fields: {
      provider: provider(),
      purpose: choice(outsidePurposes),
      // What the browser has kept. What comes back by the provider is its `outsideState`.
      tokenHash: hash(),
      // The proof key and the nonce, for this attempt alone.
      sealed: text({ max: 1_000 }),
      user: belongsTo('user', { optional: true, onDelete: 'cascade' }),
      session: belongsTo('session', { optional: true, onDelete: 'cascade' }),
      next: text({ max: 1_000, optional: true }),
      expiresAt: instant(),
      usedAt: instant({ optional: true }),
    },
    indexes: [['expiresAt']],
  },
  outsideState: {
    description: 'What comes back by the provider: good beside what the browser has kept.',
    fields: {
      attempt: belongsTo('outsideAttempt', { onDelete: 'cascade', unique: true }),
      tokenHash: hash(),
    },
    // Both were one model once.
    splitFrom: { model: 'outsideAttempt', as: { attemptId: 'id', tokenHash: 'stateHash' } },
  },
  outsideLink: {
    description: 'An identity that was shown and belongs to nobody yet.',
    fields: {
      tokenHash: hash(),
      need: choice(outsideNeeds),
      // For this account and for no other.
      user: belongsTo('user', { optional: true, onDelete: 'cascade' }),
      provider: provider(),
      issuer: issuer(),
      subject: subject(),
      email: text({ max: 320, optional: true }),
      name: text({ max: 200, optional: true }),
      mailEmail: email({ optional: true }),
      expiresAt: instant(),
      usedAt: instant({ optional: true }),
    },
    indexes: [['expiresAt']],
  },
  outsideMail: {
    description: 'What was mailed to show whose an address is: good beside what the browser has.',
    fields: {
      link: belongsTo('outsideLink', { onDelete: 'cascade', unique: true }),
      tokenHash: hash(),
    },
    key: ['link'],
    splitFrom: { model: 'outsideLink', as: { linkId: 'id', tokenHash: 'mailTokenHash' } },
  },
} as const
