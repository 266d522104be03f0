/** Owns the programs that may ask: those of the declaration, those of the database, as metadata. */

import { timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../base/time.ts'
import type { ClientSpec, Provider } from '../../define/app/provider.ts'
import type { RecordAccess } from '../../engine/runtime.ts'
import { idForm, type KnownClient, redirectProblem } from '../../identity/provider/clients.ts'
import type { Tokens } from '../../identity/tokens.ts'
import type { LibraryClient, Payload } from './library/library.ts'

const grantTypes = ['authorization_code', 'refresh_token']

// Of programs on somebody's own machine alone. Who is let in holds the device: by the name of one
// on a server anybody could begin, and have the code typed by whom they like (RFC 8628, 5.4).
const nativeGrantTypes = [...grantTypes, 'urn:ietf:params:oauth:grant-type:device_code']

/** What finding programs works with. */
export interface FinderParts {
  readonly records: RecordAccess
  readonly tokens: Tokens
  readonly clock: Pick<Clock, 'now'>
}

/** Finds a registered program by its id, as the library wants it described. */
export function clientFinder(
  { clients }: Provider,
  { records, tokens, clock }: FinderParts,
): (id: string) => Promise<Payload | undefined> {
  const declared = new Map(clients.map((client) => [client.id, knownOf(client, tokens)]))
  return async (id) => {
    const known = declared.get(id)
    if (known) return metadataOf(known, clock.now())
    // Whatever else somebody names is nobody’s, and not looked for.
    if (!idForm.test(id)) return undefined
    const [found] = await records.find('oauthClient', { filter: { clientId: id }, limit: 1 })
    return found && metadataOf(found as unknown as KnownClient, clock.now())
  }
}

function knownOf(client: ClientSpec, tokens: Tokens): KnownClient {
  const { id, name, redirects, signedOutRedirects = [], native = false, secret } = client
  const secretHash = secret === undefined ? null : tokens.hash(secret)
  const former = { formerSecretHash: null, formerUntil: null }
  const { keys = null, scopes = null } = client
  const known = { clientId: id, name, redirects, signedOutRedirects, native, secretHash }
  return { ...known, ...former, keys, scopes }
}

/** The hashes of all secrets that a program may show now, in one text. */
function secretsOf(client: KnownClient, nowMs: number): string | null {
  const { secretHash, formerSecretHash, formerUntil } = client
  if (secretHash === null || formerSecretHash === null || formerUntil === null) return secretHash
  return Date.parse(formerUntil) > nowMs ? `${secretHash} ${formerSecretHash}` : secretHash
}

/** True where a program has shown one of its secrets: compared by hash, in constant time. */
export function showsSecret(known: string, shownHash: string): boolean {
  const given = Buffer.from(shownHash)
  const equal = known.split(' ').map((one) => {
    const hash = Buffer.from(one)
    return hash.length === given.length && timingSafeEqual(hash, given)
  })
  return equal.includes(true)
}

function metadataOf(client: KnownClient, nowMs: number): Payload {
  const secrets = secretsOf(client, nowMs)
  return {
    ...{ client_id: client.clientId, client_name: client.name },
    grant_types: client.native ? nativeGrantTypes : grantTypes,
    ...{ redirect_uris: client.redirects, post_logout_redirect_uris: client.signedOutRedirects },
    ...{ response_types: ['code'], response_modes: ['query'] },
    application_type: client.native ? 'native' : 'web',
    ...proofOf(client, secrets),
    ...(client.scopes === null ? {} : { api_scopes: client.scopes.join(' ') }),
  }
}

/** How a program proves itself: by its keys, its secret, or not at all. */
function proofOf({ keys }: KnownClient, secrets: string | null): Payload {
  if (keys !== null) {
    return { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [...keys] } }
  }
  if (secrets === null) return { token_endpoint_auth_method: 'none' }
  return { token_endpoint_auth_method: 'client_secret_basic', client_secret: secrets }
}

/**
 * Whether a program that described itself is let in: it sends people to https addresses, or to
 * their own machine. It is treated as a native one, so that each authorization is asked for.
 */
export function admits(client: LibraryClient): boolean {
  const { redirectUris, postLogoutRedirectUris = [] } = client
  const places = [...redirectUris, ...postLogoutRedirectUris]
  if (places.some((address) => redirectProblem(address, true) !== undefined)) return false
  client.applicationType = 'native'
  client.responseModes = ['query']
  // Ours to say, of programs that are registered.
  delete client.api_scopes
  return true
}
