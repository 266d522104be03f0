/** Owns the controls of codes and tokens, and of what ends them. */

import { type ProviderControl, without } from './control.ts'

const configuration = 'app/provider/library/configuration.ts'
const storage = 'app/provider/storage/storage.ts'
const kept = 'engine/identify/oauth/kept.ts'
const living = 'engine/identify/oauth/living.ts'

/** What protects codes and tokens. */
export const tokens: readonly ProviderControl[] = [
  without(
    'the demand for a proof key',
    ['attacks', 'C20'],
    [configuration, 'required: () => true', 'required: () => false'],
  ),
  without(
    'the single use of codes and refresh tokens',
    ['attacks', '(C23|C24)'],
    [storage, 'const consumed = usedAtMs === undefined ? {} :', 'const consumed = {} ||'],
    [
      storage,
      'if (await useOnce(database, { kind, hash, nowMs: clock.now() })) return\n      const found',
      'if ((await useOnce(database, { kind, hash, nowMs: clock.now() })) || true) return\n' +
        '      const found',
    ],
  ),
  without(
    'the end of an authorization whose refresh token came twice',
    ['attacks', 'C24'],
    [
      configuration,
      "!(oidc.route === 'revocation' && oidc.entities.AccessToken !== undefined)",
      "oidc.route === 'revocation' && oidc.entities.AccessToken === undefined",
    ],
    [
      storage,
      'revokeByGrantId: (grantKey) => endTokens(database, { kind, grantKey }),',
      'revokeByGrantId: async () => undefined,',
    ],
  ),
  without(
    'the end of the moment in which an answer is given again',
    ['attacks', 'C24'],
    ['app/provider/storage/refresh.ts', 'if (agoMs > limits.oauthGraceSeconds * 1_000 || ', 'if ('],
  ),
  without(
    'the client to whom an answer is given again',
    ['attacks', 'C24'],
    [
      'app/provider/storage/refresh.ts',
      'if (replayed === undefined || replayed.clientId !== oidc.client?.clientId) return',
      'if (replayed === undefined) return',
    ],
  ),
  without(
    'the seal of an answer that is kept',
    ['endings', 'no secret'],
    [
      'app/provider/storage/refresh.ts',
      'await sealerOf(token).seal(JSON.stringify(answer), place)',
      'JSON.stringify(answer)',
    ],
  ),
  without(
    'the resource of a token',
    ['metadata', 'RFC 8707'],
    [
      'engine/identify/oauth/access-tokens.ts',
      'and t.resource = ',
      'and t.resource is not null or t.resource = ',
    ],
  ),
  without(
    'the check of the resource that is asked for',
    ['metadata', 'RFC 8707'],
    [configuration, 'if (!isApi(indicator))', 'if (false)'],
  ),
  without(
    'the owner of a token that is looked at or given back',
    ['attacks', 'a client that keeps a secret'],
    [configuration, 'token.clientId === client.clientId', 'token.clientId !== undefined'],
  ),
  without(
    'the secret of a client',
    ['attacks', 'a client that keeps a secret'],
    [
      'app/provider/clients.ts',
      'return hash.length === given.length && timingSafeEqual(hash, given)',
      'return hash.length > 0',
    ],
  ),
  without(
    'the scopes by which facts are told',
    ['consent', 'programs learn'],
    [configuration, "openid: ['sub']", "openid: ['sub', 'email']"],
  ),
  without(
    'the leaving out of secrets from what is kept',
    ['endings', 'no secret'],
    [storage, "new Set(['jti', 'grantId', ...more])", "new Set(['grantId', ...more])"],
  ),
]

/** What ends what was granted. */
export const endings: readonly ProviderControl[] = [
  without(
    'the session that a grant ends with',
    ['endings', 'C11'],
    [
      'app/provider/storage/grants.ts',
      'scopes.includes(lasting) ? null : session',
      'null ?? (session && null)',
    ],
  ),
  without('the suspension of a user', ['endings', 'C11'], [living, 'and not u.suspended ', '']),
  without('the erasure of a user', ['endings', 'C11'], [living, ' and u.erased_at is null', '']),
  without(
    'the end of all grants by a new password or a sign-out everywhere',
    ['endings', 'C11'],
    ['identity/flows/sessions.ts', 'await endGrants(inside, userId)', ''],
  ),
  without(
    'the end of grants of a program that is shut out',
    ['endings', 'C11'],
    [
      'identity/provider/endings.ts',
      'for (const { id } of grants) await oauthGrant.delete(id)',
      'if (grants.length > 0) return',
    ],
  ),
  without(
    'the absolute life of refresh tokens',
    ['endings', 'an authorization ends'],
    [
      storage,
      'const expiresAt = [instantText(expiresMs), String(grant.expiresAt)].sort(earlier)[0]',
      'const expiresAt = [instantText(expiresMs), String(grant.expiresAt)].sort(earlier)[1]',
    ],
    [living, 'counts: sql`t.expires_at > ', 'counts: sql`t.created_at < '],
    [living, 'and g.expires_at > ', 'and g.created_at < '],
    [
      storage,
      'const filter = { grantKey, expiresAt: { gt: instantText(runtime.clock.now()) } }',
      'const filter = { grantKey }',
    ],
  ),
  without(
    'the clearing of all that is old, not of the first of it alone',
    ['endings', 'what has run out'],
    [kept, 'if (count < atOnce) break', 'if (count <= atOnce) break'],
  ),
]
