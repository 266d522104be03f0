/** Owns the programs that may ask: those of the declaration, those of the database, as metadata. */

import { Failure } from '../../base/failure.ts'
import { base64url, randomBytes } from '../../base/ids.ts'
import type { ClientSpec, Provider } from '../../define/app/provider.ts'
import type { RecordAccess } from '../../engine/runtime.ts'
import {
  clientProblems,
  type KnownClient,
  redirectProblem,
} from '../../identity/provider/clients.ts'
import { prefixes, type Tokens } from '../../identity/tokens.ts'
import type { LibraryClient, Payload } from './library/library.ts'

const grantTypes = [
  'authorization_code',
  'refresh_token',
  'urn:ietf:params:oauth:grant-type:device_code',
]

/** Finds a registered program by its id, as the library wants it described. */
export function clientFinder(
  { clients }: Provider,
  { records, tokens }: { readonly records: RecordAccess; readonly tokens: Tokens },
): (id: string) => Promise<Payload | undefined> {
  const declared = new Map(clients.map((client) => [client.id, knownOf(client, tokens)]))
  return async (id) => {
    const known = declared.get(id)
    if (known) return metadataOf(known)
    const [found] = await records.find('oauthClient', { filter: { clientId: id }, limit: 1 })
    return found && metadataOf(found as unknown as KnownClient)
  }
}

function knownOf(client: ClientSpec, tokens: Tokens): KnownClient {
  const { id, name, redirects, signedOutRedirects = [], native = false, secret } = client
  const secretHash = secret === undefined ? null : tokens.hash(secret)
  return { clientId: id, name, redirects, signedOutRedirects, native, secretHash }
}

function metadataOf(client: KnownClient): Payload {
  const { secretHash } = client
  return {
    ...{ client_id: client.clientId, client_name: client.name, grant_types: grantTypes },
    ...{ redirect_uris: client.redirects, post_logout_redirect_uris: client.signedOutRedirects },
    ...{ response_types: ['code'], response_modes: ['query'] },
    application_type: client.native ? 'native' : 'web',
    token_endpoint_auth_method: secretHash === null ? 'none' : 'client_secret_basic',
    ...(secretHash === null ? {} : { client_secret: secretHash }),
  }
}

/**
 * Whether a program that described itself is let in: it sends people to https addresses, or to
 * their own machine. It is treated as a native one, so that each authorization is asked for.
 */
export function admits(client: LibraryClient): boolean {
  if (client.redirectUris.some((address) => redirectProblem(address, true) !== undefined)) {
    return false
  }
  client.applicationType = 'native'
  client.responseModes = ['query']
  return true
}

/** A program that an operator has made, with its secret, which is shown this once. */
export interface MadeClient {
  readonly id: string
  readonly secret: string | undefined
}

/** What an operator says of a program. */
export interface NewClient extends Omit<ClientSpec, 'id' | 'secret'> {
  /** Default: a random one. */
  readonly id?: string
  /** True: it keeps a secret, which is made. */
  readonly confidential: boolean
}

/** Makes a program. Failures: `invalid_input`, `conflict` where the id is taken. */
export async function addClient(
  { records, tokens }: { readonly records: RecordAccess; readonly tokens: Tokens },
  { confidential, ...client }: NewClient,
): Promise<MadeClient> {
  const { name, redirects, signedOutRedirects = [], native = false } = client
  const id = client.id ?? base64url(randomBytes(12)).replace(/^[^A-Za-z0-9]/, 'a')
  const made = confidential ? tokens.make(prefixes['oauth-client']) : undefined
  const spec = { id, name, redirects, signedOutRedirects, native }
  const problems = clientProblems({ ...spec, ...(made ? { secret: made.token } : {}) })
  if (problems.length > 0) throw new Failure('invalid_input', { detail: problems.join(' ') })
  const secretHash = made?.hash ?? null
  await records.create('oauthClient', {
    ...{ clientId: id, name, redirects, signedOutRedirects, native, secretHash },
  })
  return { id, secret: made?.token }
}

/** Programs that operators have made, by id. */
export async function listClients(records: RecordAccess): Promise<readonly KnownClient[]> {
  const found = await records.find('oauthClient', { sort: ['clientId'], limit: 200 })
  return found as unknown as readonly KnownClient[]
}

/** Takes a program away, and with it all that it was granted. Fails with `not_found`. */
export async function removeClient(records: RecordAccess, clientId: string): Promise<void> {
  const [found] = await records.find('oauthClient', { filter: { clientId }, limit: 1 })
  if (!found) {
    throw new Failure('not_found', {
      detail: `There is no program ${clientId}. See all of them with: plinth client list`,
    })
  }
  for (const model of ['oauthGrant', 'oauthConsent']) {
    for (;;) {
      const rows = await records.find(model, { filter: { clientId }, limit: 200 })
      for (const { id } of rows) await records.delete(model, String(id))
      if (rows.length < 200) break
    }
  }
  await records.delete('oauthClient', String(found.id))
}
