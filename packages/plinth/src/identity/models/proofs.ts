/** Owns the models of what waits to be shown: proofs sent by mail, sign-ins begun. */

import { choice, email, instant, text } from '../../define/fields.ts'
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

/** What waits to be shown. No door leads to it. */
export const proofModels = {
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
} as const
