/** Owns the making of the library's server: from our storage, our keys, our words. */

import type { Provider } from '../../define/app/provider.ts'
import { isHeld } from '../../engine/identify/held.ts'
import { findKept } from '../../engine/identify/oauth/kept.ts'
import type { RecordAccess, Runtime } from '../../engine/runtime.ts'
import type { NodeListener } from '../../http/bridge/listener.ts'
import { prefixes, type Tokens } from '../../identity/tokens.ts'
import type { OutboundPolicy } from '../../outbound/target.ts'
import { admits, clientFinder, showsSecret } from './clients.ts'
import { askBeforeSignOut, showError } from './endings.ts'
import { configurationOf } from './library/configuration.ts'
import { guardedFetch } from './library/fetching.ts'
import type { Context, Grant, Library, LibraryClient, Payload, Server } from './library/library.ts'
import { policyOf } from './library/policy.ts'
import { mayBegin, takeDocument } from './storage/allowances.ts'
import { grantFor } from './storage/grants.ts'
import type { SigningKey } from './storage/keys.ts'
import { type Graces, keepReplies } from './storage/refresh.ts'
import { storageOf } from './storage/storage.ts'

/** What the server is made from. */
export interface ServerParts {
  readonly library: Library
  readonly provider: Provider
  readonly runtime: Runtime
  readonly records: RecordAccess
  readonly tokens: Tokens
  readonly issuer: string
  readonly keys: readonly SigningKey[]
  readonly outbound: OutboundPolicy
}

/** Makes the server; returns what answers requests. */
export function makeServer(parts: ServerParts): NodeListener {
  const { library, provider, runtime, records, tokens, issuer, keys, outbound } = parts
  const graces: Graces = new WeakMap()
  const findClient = clientFinder(provider, { records, tokens, clock: runtime.clock })
  const made: { server?: Server } = {}
  const storage = { runtime, records, tokens, library, resource: issuer, graces, findClient }
  const server = new library.Provider(
    issuer,
    configurationOf({
      library,
      policy: policyOf(library, () => runtime.clock.now()),
      adapter: storageOf(storage),
      keys,
      scopes: Object.keys(provider.scopes),
      resource: issuer,
      unregistered: provider.unregistered,
      pushed: provider.pushed,
      fetch: guardedFetch(outbound, (url) => takeDocument({ runtime, library }, url)),
      findAccount: (id) => claimsOf(records, runtime, id),
      findGrant: (context): Promise<Grant | undefined> =>
        made.server
          ? grantFor(context, { server: made.server, records })
          : Promise.resolve(undefined),
      allowClient: admits,
      renderError: showError,
    }),
  )
  made.server = server
  nameTokens(server, { tokens, newId: runtime.newId })
  const mayKeep = (context: Context) => mayBegin({ runtime, library }, context)
  server.use(askBeforeSignOut({ runtime, records, tokens, mayKeep }))
  server.use(keepReplies({ runtime, tokens, graces, replyOf: (hash) => replyOf(runtime, hash) }))
  const report = (cause: unknown): void => {
    runtime.log({ level: 'error', message: 'The OAuth library failed.', cause })
  }
  server.on('error', report)
  server.on('server_error', (_, error) => report(error))
  return server.callback()
}

async function replyOf(
  { database, clock }: Pick<Runtime, 'database' | 'clock'>,
  hash: string,
): Promise<string | undefined> {
  const kind = 'oauth_refresh_token'
  return (await findKept(database, { kind, hash, nowMs: clock.now() }))?.reply
}

/** What programs may learn of somebody, by the scopes that they were given. */
async function claimsOf(
  records: RecordAccess,
  { database, clock, secondFactor }: Runtime,
  id: string,
): Promise<Payload | undefined> {
  if (!/^[0-9a-f-]{36}$/.test(id)) return undefined
  const [user] = await records.find('user', { filter: { id }, limit: 1 })
  if (!user || user.suspended === true || user.guest === true) return undefined
  const asked = { userId: id, nowMs: clock.now() }
  if (await isHeld({ database, demand: secondFactor }, asked)) return undefined
  const { email, emailVerifiedAt, name } = user
  return {
    ...(email === null ? {} : { email, email_verified: emailVerifiedAt !== null }),
    ...(name === null ? {} : { name }),
  }
}

/**
 * Every secret that the library makes begins with what it is good for, as all of ours do; and what
 * a client proves itself with is compared by its hash, in constant time.
 */
function nameTokens(
  server: Server,
  { tokens, newId }: { readonly tokens: Tokens; readonly newId: () => string },
): void {
  const named = (model: { readonly prototype: object }, make: () => string): void => {
    const { generateTokenId } = model.prototype as { generateTokenId(this: object): string }
    Object.defineProperty(model.prototype, 'generateTokenId', {
      value(this: object) {
        // Asked for what it settles beside: the form of the token.
        generateTokenId.call(this)
        return make()
      },
    })
  }
  named(server.AccessToken, () => tokens.make(prefixes['oauth-access']).token)
  named(server.RefreshToken, () => tokens.make(prefixes['oauth-refresh']).token)
  named(server.AuthorizationCode, () => tokens.make(prefixes['oauth-code']).token)
  named(server.DeviceCode, () => tokens.make(prefixes['oauth-device']).token)
  named(server.Grant, newId)
  Object.defineProperty(server.Client.prototype, 'compareClientSecret', {
    value(this: LibraryClient, shown: string) {
      return showsSecret(this.clientSecret ?? '', tokens.hash(shown))
    },
  })
}
