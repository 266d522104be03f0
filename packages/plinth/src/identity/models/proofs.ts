/** Owns the models of what waits to be shown: what was sent by mail, sign-ins that were begun. */

import { choice, email, instant, text, uuid } from '../../define/fields.ts'
import { belongsTo } from '../../define/relation.ts'
import { hash, owner, signInMethods } from './parts.ts'

/** What a mail's token or code is good for, each for nothing else. */
export const mailProofPurposes = [
  'verify-email',
  'change-email',
  'reset-password',
  'sign-in',
  'upgrade',
] as const

/** What a mail's token or code is good for. */
export type MailProofPurpose = (typeof mailProofPurposes)[number]

/** The model of what was mailed for each purpose: no table holds the tokens of two. */
export const mailedModels = Object.freeze({
  'verify-email': 'emailVerification',
  'change-email': 'emailChange',
  'reset-password': 'passwordReset',
  'sign-in': 'signInLink',
  upgrade: 'upgradeLink',
} as const satisfies Record<MailProofPurpose, string>)

/** What was mailed for one purpose, in one form for all of them. */
const mailed = (purpose: MailProofPurpose, description: string) =>
  ({
    description,
    fields: {
      user: owner(),
      email: email({ description: 'Where it was sent.' }),
      tokenHash: hash(),
      // A password that was changed meanwhile ends what was sent to change it.
      passwordHash: text({ max: 500, optional: true }),
      expiresAt: instant(),
      usedAt: instant({ optional: true }),
    },
    indexes: [['expiresAt']],
    // All of them were one model once. What lies in mailboxes while an app is brought up to date
    // goes on being good.
    splitFrom: { model: 'mailProof', where: { purpose } },
  }) as const

const upgradeLink = mailed('upgrade', 'A link and a code that make an account of a guest, once.')

/** What waits to be shown. No door leads to it. */
export const proofModels = {
  emailVerification: mailed('verify-email', 'A link that shows whose an address is, once.'),
  emailChange: mailed('change-email', 'A link to a new address that puts it in place, once.'),
  passwordReset: mailed('reset-password', 'A link by which a new password is set, once.'),
  signInLink: mailed('sign-in', 'A link, and a code, to sign in by, once.'),
  signInAttempt: {
    description: 'Somebody who waits for the code of a mail: it is good beside this alone.',
    fields: {
      // The link and the code are one mail: who uses one up has used up the other.
      link: belongsTo('signInLink', { onDelete: 'cascade', unique: true }),
      tokenHash: hash(),
      codeHash: text({ max: 100 }),
    },
    splitFrom: {
      ...{ model: 'mailProof', where: { purpose: 'sign-in' } },
      as: { linkId: 'id', tokenHash: 'attemptHash' },
    },
  },
  upgradeLink: {
    ...upgradeLink,
    fields: {
      ...upgradeLink.fields,
      // Of the wish that it was mailed for, and of the code beside that.
      attemptHash: text({ max: 100, optional: true }),
      codeHash: text({ max: 100, optional: true }),
    },
  },
  signedOutSession: {
    description: 'A session whose user has signed out: what it asked for is still done.',
    fields: { user: owner(), session: uuid({ unique: true }), endedAt: instant() },
    indexes: [['endedAt']],
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
} as const
