/** Owns the model of what a guest has asked for: an account, until its address is confirmed. */

import { email, instant, text } from '../../define/fields.ts'
import { belongsTo } from '../../define/relation.ts'

/** What guests wait for. No door leads to it. */
export const accountModels = {
  guestUpgrade: {
    description: 'The account that a guest becomes once the address is confirmed.',
    fields: {
      user: belongsTo('user', { onDelete: 'cascade', unique: true }),
      email: email(),
      passwordHash: text({ max: 500 }),
      name: text({ max: 200, optional: true }),
      // The code of the mail is good beside it alone: for this wish, and in this session.
      attemptHash: text({ max: 100, unique: true }),
      expiresAt: instant(),
    },
    indexes: [['expiresAt']],
  },
} as const
