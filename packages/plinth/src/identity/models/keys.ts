/** Owns the models of what acts for somebody without a session: keys, agents, services. */

import { choice, instant, list, text } from '../../define/fields.ts'
import { belongsTo } from '../../define/relation.ts'
import { nobody } from '../../define/rule.ts'
import { bound, hash, mine, mineInPerson, owner } from './parts.ts'

const scopes = () => list(text({ max: 130 }), { min: 1, max: 50 })

/** How a secret is told from others: its first letters, which are no secret. */
const prefix = () => text({ max: 12, description: 'What the secret begins with.' })

const shownToOwner = {
  read: mine,
  // Staff who acts as somebody ends nothing of theirs.
  delete: mineInPerson,
  fields: {
    tokenHash: { read: nobody, write: nobody },
    membershipId: { read: nobody, write: nobody },
  },
} as const

/** What acts for somebody without a session. */
export const keyModels = {
  apiKey: {
    description: 'A key by which programs of a user call in their name, as far as its scopes say.',
    audit: true,
    fields: {
      user: owner(),
      name: text({ max: 100 }),
      prefix: prefix(),
      tokenHash: hash(),
      scopes: scopes(),
      networks: list(text({ max: 50 }), {
        ...{ max: 20, default: [] },
        description: 'Where it can be used from, such as 192.0.2.0/24. Empty: from everywhere.',
      }),
      expiresAt: instant(),
      lastUsedAt: instant({ optional: true }),
      rotatedFrom: belongsTo('apiKey', { optional: true, onDelete: 'clear' }),
      ...bound(),
    },
    access: shownToOwner,
    indexes: [['expiresAt']],
  },
  agentToken: {
    description: 'What a user has lent to an agent: it acts in their name, for a short time.',
    audit: true,
    fields: {
      user: owner(),
      name: text({ max: 100, description: 'Of the agent or the tool.' }),
      prefix: prefix(),
      tokenHash: hash(),
      scopes: scopes(),
      expiresAt: instant(),
      lastUsedAt: instant({ optional: true }),
      ...bound(),
    },
    access: shownToOwner,
    indexes: [['expiresAt']],
  },
  serviceIdentity: {
    description: 'A service of the app that has had a key. What it may is declared in code.',
    audit: true,
    fields: { name: text({ max: 60, unique: true }) },
  },
  serviceKey: {
    description: 'The public half of a key pair that a service signs with.',
    audit: true,
    fields: {
      service: belongsTo('serviceIdentity', { onDelete: 'cascade' }),
      publicKey: text({ max: 100, description: 'Ed25519: x of its JWK (RFC 8037).' }),
      holder: choice(['installation', 'service'], {
        description: 'Who has the other half: this installation by its secret, or the service.',
      }),
      derivation: text({
        ...{ max: 60, optional: true },
        description: 'What the other half comes of, together with the secret of the app.',
      }),
      expiresAt: instant(),
      lastUsedAt: instant({ optional: true }),
    },
    indexes: [['expiresAt']],
  },
  serviceTokenUse: {
    description: 'A token of a service whose tokens are good once, until it has run out.',
    fields: { tokenId: text({ max: 200, unique: true }), expiresAt: instant() },
    indexes: [['expiresAt']],
  },
} as const
