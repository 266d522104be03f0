/** Owns the models of second factors and of devices. */

import { instant, integer, text } from '../../define/fields.ts'
import { belongsTo } from '../../define/relation.ts'
import { nobody } from '../../define/rule.ts'
import { hash, mine, mineInPerson, owner } from './parts.ts'

/** Second factors and devices. */
export const factorModels = {
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
      read: mine,
      delete: mineInPerson,
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
} as const
