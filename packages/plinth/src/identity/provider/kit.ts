/** Owns the kit of apps that are OAuth providers: clients, what was granted, what is under way. */

import { boolean, instant, integer, json, list, text } from '../../define/fields.ts'
import { type Kit, kit } from '../../define/kit.ts'
import type { LogicScope } from '../../define/logic/scope.ts'
import { belongsTo } from '../../define/relation.ts'
import { identity } from '../kit.ts'
import { bound, hash, owner } from '../models/parts.ts'

const clientId = () => text({ max: 2_000 })
const payload = () => text({ max: 200_000, description: 'What the library keeps, as JSON.' })
const scopes = () => list(text({ max: 100 }), { max: 200, default: [] })
const addresses = () => list(text({ max: 2_000 }), { max: 20, default: [] })
const grant = () => belongsTo('oauthGrant', { onDelete: 'cascade' })
const expiry = { indexes: [['expiresAt']] } as const

/**
 * Being an OAuth provider: only apps that are one have it. No door leads to any of its models;
 * secrets are kept as hashes.
 */
export const oauth = kit('oauth', {
  uses: [identity],
  models: {
    oauthClient: {
      description: 'A program of somebody else that people may give access to.',
      fields: {
        clientId: text({ max: 200, unique: true }),
        name: text({ max: 100 }),
        // None: a program that cannot keep a secret.
        secretHash: text({ max: 100, optional: true }),
        // The one before, taken until then: nobody can change it in two places at once.
        formerSecretHash: text({ max: 100, optional: true }),
        formerUntil: instant({ optional: true }),
        native: boolean({ default: false }),
        redirects: addresses(),
        signedOutRedirects: addresses(),
        // Public keys (JWK) that it proves itself by; none: by its secret, or not at all.
        keys: list(json(), { max: 20, optional: true }),
        // None: all that the app offers.
        scopes: list(text({ max: 100 }), { max: 200, optional: true }),
      },
    },
    oauthConsent: {
      description: 'What somebody has said yes to, so that they are not asked again.',
      audit: true,
      fields: {
        user: owner(),
        clientId: clientId(),
        clientName: text({ max: 200 }),
        scopes: scopes(),
        // Where it was let in last: without its owner's place there it has to ask again.
        ...bound(),
      },
      key: ['user', 'clientId'],
    },
    oauthGrant: {
      description: 'One authorization: all tokens that came of it end with it.',
      fields: {
        user: owner(),
        // Set: it ends with this session.
        session: belongsTo('session', { onDelete: 'cascade', optional: true }),
        grantKey: text({ max: 100, unique: true }),
        clientId: clientId(),
        scopes: scopes(),
        resource: text({ max: 2_000, optional: true }),
        expiresAt: instant(),
        lastUsedAt: instant({ optional: true }),
        ...bound(),
      },
      ...expiry,
    },
    oauthCode: {
      description: 'An authorization code: good once, for a minute.',
      fields: {
        grant: grant(),
        tokenHash: hash(),
        payload: payload(),
        expiresAt: instant(),
        usedAt: instant({ optional: true }),
      },
      ...expiry,
    },
    oauthAccessToken: {
      description: 'A token that a program calls with.',
      fields: {
        grant: grant(),
        tokenHash: hash(),
        payload: payload(),
        scopes: scopes(),
        // For what it is good; none: for nothing but the user’s own facts.
        resource: text({ max: 2_000, optional: true }),
        expiresAt: instant(),
      },
      ...expiry,
    },
    oauthRefreshToken: {
      description: 'A token that gets new ones, once.',
      fields: {
        grant: grant(),
        tokenHash: hash(),
        payload: payload(),
        expiresAt: instant(),
        usedAt: instant({ optional: true }),
        // What it was answered with, sealed with the token itself: for a reply that got lost.
        reply: text({ max: 50_000, optional: true }),
      },
      ...expiry,
    },
    oauthDeviceCode: {
      description: 'A device that waits for somebody to say yes on another one.',
      fields: {
        tokenHash: hash(),
        payload: payload(),
        clientId: clientId(),
        // Whoever types the code first: nobody else can answer it.
        claimedBy: belongsTo('session', { onDelete: 'cascade', optional: true }),
        claimedAt: instant({ optional: true }),
        answeredAt: instant({ optional: true }),
        grant: belongsTo('oauthGrant', { onDelete: 'cascade', optional: true }),
        // When it asked last, and how long it has to wait by now.
        polledAt: instant({ optional: true }),
        pollSeconds: integer({ min: 1, max: 600, optional: true }),
        expiresAt: instant(),
        usedAt: instant({ optional: true }),
      },
      ...expiry,
    },
    oauthUserCode: {
      description: 'What a device shows, to be typed by its user on another one.',
      fields: {
        device: belongsTo('oauthDeviceCode', { onDelete: 'cascade', unique: true }),
        tokenHash: hash(),
      },
      splitFrom: { model: 'oauthDeviceCode', as: { deviceId: 'id', tokenHash: 'userCodeHash' } },
    },
    oauthInteraction: {
      description: 'An authorization that waits for its user.',
      fields: {
        tokenHash: hash(),
        payload: payload(),
        // What the user decided.
        result: text({ max: 2_000, optional: true }),
        expiresAt: instant(),
      },
      ...expiry,
    },
    oauthPushedRequest: {
      description: 'An authorization that a program has sent ahead: begun once, by its name.',
      fields: {
        tokenHash: hash(),
        payload: payload(),
        expiresAt: instant(),
        usedAt: instant({ optional: true }),
      },
      ...expiry,
      // Both were one model once.
      splitFrom: { model: 'oauthRequest', where: { kind: 'pushed' } },
    },
    oauthAssertion: {
      description: 'The name of a proof that a program has given of itself: taken once.',
      fields: { tokenHash: hash(), payload: payload(), expiresAt: instant() },
      ...expiry,
      splitFrom: { model: 'oauthRequest', where: { kind: 'replay' } },
    },
    oauthKey: {
      description: 'A key that identity tokens are signed with, sealed with the app’s secret.',
      fields: {
        keyId: text({ max: 100, unique: true }),
        sealed: text({ max: 10_000 }),
        // Known to others before it signs, and for a while after.
        signsFrom: instant(),
        expiresAt: instant(),
      },
      ...expiry,
    },
  },
})

/** What the transactions of a provider see. */
export type ProviderScope = LogicScope<ProviderSight>

/** The models of a provider, and those of identity. */
export type ProviderSight = typeof oauth extends Kit<infer _M, infer _E, infer S> ? S : never
