/** Owns the models of passkeys: the credentials, who holds them, what was asked to be signed. */

import { bigint, boolean, choice, instant, list, text, uuid } from '../../define/fields.ts'
import { belongsTo } from '../../define/relation.ts'
import { nobody } from '../../define/rule.ts'
import { hash, mine, owner } from './parts.ts'

/** What a challenge is good for, each for nothing else. */
export const passkeyPurposes = ['add', 'sign-in', 'second-factor', 'step-up'] as const

/** What a challenge is good for. */
export type PasskeyPurpose = (typeof passkeyPurposes)[number]

const hidden = { read: nobody, write: nobody }
const fixed = { write: nobody }

/** Passkeys. Their names are all that is written through a door. */
export const passkeyModels = {
  passkey: {
    description: 'A passkey (WebAuthn) of a user: a key that a device or a manager keeps.',
    fields: {
      user: owner(),
      name: text({ min: 1, max: 60, description: 'As its owner calls it.' }),
      // Base64url of at most 1,023 bytes.
      credentialId: text({ max: 1_364, unique: true }),
      // COSE (RFC 9053), base64url.
      publicKey: text({ max: 8_000 }),
      // 32 bits without a sign.
      counter: bigint({ min: 0, default: '0' }),
      transports: list(text({ max: 30 }), { max: 10, default: [] }),
      provider: text({
        ...{ max: 60, optional: true },
        description: 'What keeps it, where that is known, such as iCloud Keychain.',
      }),
      backupEligible: boolean({
        default: false,
        description: 'True: its manager may copy it to other devices.',
      }),
      backedUp: boolean({
        default: false,
        description: 'True: copies of it are kept elsewhere, as of its last use.',
      }),
      lastUsedAt: instant({ optional: true }),
      lockedAt: instant({
        optional: true,
        description: 'When a copy of it seemed to be used: it signs nobody in any more.',
      }),
    },
    access: {
      read: mine,
      // Deleting one ends sessions, and may be what keeps its owner out: `remove-passkey` does it.
      update: ({ row, me }: Parameters<typeof mine>[0]) =>
        row.userId.eq(me.id).and(me.impersonated.not()),
      fields: {
        userId: fixed,
        credentialId: hidden,
        publicKey: hidden,
        counter: hidden,
        transports: hidden,
        provider: fixed,
        backupEligible: fixed,
        backedUp: fixed,
        lastUsedAt: fixed,
        lockedAt: fixed,
      },
    },
    indexes: [['user']],
  },
  passkeyHandle: {
    description: 'What passkeys know a user by: random, so that it tells nobody who they are.',
    fields: {
      user: belongsTo('user', { onDelete: 'cascade', unique: true }),
      handle: text({ max: 100, unique: true }),
    },
  },
  passkeyChallenge: {
    description: 'What a passkey was asked to sign: good for one thing, once.',
    fields: {
      tokenHash: hash(),
      purpose: choice(passkeyPurposes),
      user: belongsTo('user', { optional: true, onDelete: 'cascade' }),
      // The session or the waiting sign-in that it was made for.
      boundTo: uuid({ optional: true }),
      expiresAt: instant(),
      usedAt: instant({ optional: true }),
    },
    indexes: [['expiresAt']],
  },
} as const
