/** Owns the wiring of being an OAuth provider, for apps that are one: nothing of it for others. */

import { scopeProblems } from '../../access/scopes/scopes.ts'
import { Failure } from '../../base/failure.ts'
import { sealer } from '../../base/secret/sealer.ts'
import { minuteMs } from '../../base/time.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import type { AnyKit, App } from '../../define/kit.ts'
import { accessTokens } from '../../engine/identify/oauth/access-tokens.ts'
import type { IdentifyParts } from '../../engine/identify/sessions.ts'
import type { TokenSort } from '../../engine/identify/tokens.ts'
import { recordAccess } from '../../engine/records.ts'
import type { Action, Runtime } from '../../engine/runtime.ts'
import type { NodeListener } from '../../http/bridge/listener.ts'
import type { Handler } from '../../http/message.ts'
import { providerActions } from '../../identity/provider/actions.ts'
import { clientProblems } from '../../identity/provider/clients.ts'
import { oauth } from '../../identity/provider/kit.ts'
import { type OutboundPolicy, outboundPolicy } from '../../outbound/target.ts'
import { deriveKey } from '../config/secret.ts'
import { tokens } from '../people/sessions.ts'
import { createProviderDoor } from './door.ts'
import { loadLibrary } from './library/library.ts'
import { challenged } from './metadata.ts'
import { makeServer } from './server.ts'
import { signingKeys } from './storage/keys.ts'

/** An app, as far as this asks. */
type ProviderApp = Pick<App<unknown>, 'provider' | 'title' | 'pages' | 'organisations'>

/** Where an app is reached. */
export interface ProviderPlace {
  readonly production?: boolean
  readonly publicUrl?: string | undefined
  readonly localUrl?: string | undefined
}

/** The kit and the actions of a provider; none where the app is none. */
export function providerKit(
  { provider, organisations }: ProviderApp,
  place: ProviderPlace,
): { readonly kits: readonly AnyKit[]; readonly actions: readonly Action[] } {
  if (!provider) return { kits: [], actions: [] }
  const parts = {
    ...{ tokens, scopes: provider.scopes, resource: issuerOf(place) },
    organisations: organisations !== undefined,
  }
  return { kits: [oauth as unknown as AnyKit], actions: providerActions(parts) }
}

/** What the app calls itself: where the world reaches it. Never what a request says. */
function issuerOf({ publicUrl, localUrl = 'http://127.0.0.1:3000' }: ProviderPlace): string {
  return publicUrl ?? localUrl
}

/**
 * Checks what an app declares about being a provider, and where it is reached. Fails with
 * `declaration_invalid`, and with `configuration_invalid` where it has no address to be known by.
 */
export function checkProvider({ provider, pages }: ProviderApp, place: ProviderPlace): void {
  if (!provider) return
  const problems = provider.clients.flatMap((client) =>
    clientProblems(client).map((problem) => `The client "${client.id}": ${problem}`),
  )
  const ids = provider.clients.map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) problems.push(`There are two clients "${twice}".`)
  if (pages === false) {
    problems.push('A provider asks people on its account pages: take out `pages: false`.')
  }
  if (problems.length > 0) throw new Failure('declaration_invalid', { detail: problems.join('\n') })
  const issuer = new URL(issuerOf(place))
  if (place.production && (place.publicUrl === undefined || issuer.protocol !== 'https:')) {
    throw new Failure('configuration_invalid', {
      detail: 'An app that is a provider is known by its address: set PLINTH_URL to its https one.',
    })
  }
  if (issuer.pathname !== '/') {
    throw new Failure('configuration_invalid', {
      detail: 'An app that is a provider is reached without a path: take it out of PLINTH_URL.',
    })
  }
}

/** Checks the scopes that an app offers to programs. Fails with `declaration_invalid`. */
export function checkScopes({ provider }: ProviderApp, catalog: Catalog): void {
  const offered = Object.entries(provider?.scopes ?? {})
  const unknown = scopeProblems(
    catalog,
    offered.map(([scope]) => scope),
  )
  const wordless = offered.filter(([, words]) => words.trim() === '')
  const beyond = (provider?.clients ?? []).flatMap(({ id, scopes = [] }) =>
    scopes.flatMap((scope) => (Object.hasOwn(provider?.scopes ?? {}, scope) ? [] : { id, scope })),
  )
  const problems = [
    ...beyond.map(({ id, scope }) => `The client "${id}" has "${scope}": list it there first.`),
    ...unknown.map(({ detail }) => `${detail} Programs cannot be offered it.`),
    ...wordless.map(([scope]) => `Say in words what "${scope}" allows: people read it.`),
  ]
  if (problems.length > 0) {
    const detail = `The provider's scopes:\n${problems.join('\n')}`
    throw new Failure('declaration_invalid', { detail })
  }
}

/** The tokens that programs call with; none where the app is no provider. */
export function providerTokens(
  { provider }: ProviderApp,
  parts: Pick<IdentifyParts, 'database' | 'clock' | 'log' | 'demand'>,
  place: ProviderPlace,
): readonly TokenSort[] {
  return provider ? [accessTokens(parts, issuerOf(place))] : []
}

/** What a provider's door stands on. */
export interface ProviderSetup extends ProviderPlace {
  readonly secret: string
  readonly outbound?: OutboundPolicy | undefined
}

/**
 * The handler of an app that is a provider, around its others: `/oauth`, the descriptions under
 * `/.well-known`, and a challenge to callers without a token that says where to get one.
 */
export function withProvider(
  app: ProviderApp,
  handler: Handler,
  { runtime, setup }: { readonly runtime: Runtime; readonly setup: ProviderSetup },
): Handler {
  const { provider, title } = app
  if (!provider) return handler
  const issuer = issuerOf(setup)
  const scopes = Object.keys(provider.scopes)
  const listener = listenerOf(app, { runtime, setup })
  const door = createProviderDoor({ runtime, issuer, title, scopes, listener })
  const refused = (thrown: unknown): never => {
    throw thrown instanceof Failure ? challenged(thrown, issuer) : thrown
  }
  return async (request) => {
    const [first, second = ''] = request.segments
    if (first === 'oauth') return door(request)
    if (first === '.well-known' && /^(?:openid-|oauth-)/.test(second)) return door(request)
    if (first === 'account') return handler(request)
    try {
      return await handler(request)
    } catch (thrown) {
      return refused(thrown)
    }
  }
}

const keysLookedAtEveryMs = 5 * minuteMs

/**
 * What answers requests: made when the first one comes, and made anew when the keys have changed.
 */
function listenerOf(
  { provider }: ProviderApp,
  { runtime, setup }: { readonly runtime: Runtime; readonly setup: ProviderSetup },
): () => Promise<NodeListener> {
  const records = recordAccess(runtime, runtime.database)
  const key = deriveKey(setup.secret, 'oauth-keys')
  const keyParts = { runtime, records, sealer: sealer(key) }
  const outbound = setup.outbound ?? outboundPolicy({ production: setup.production ?? false })
  let made: { readonly ids: string; readonly listener: NodeListener } | undefined
  let dueMs = 0
  let making: Promise<NodeListener> | undefined
  const make = async (): Promise<NodeListener> => {
    const [library, keys] = await Promise.all([loadLibrary(), signingKeys(keyParts)])
    const ids = keys.map(({ kid }) => kid).join(' ')
    if (made?.ids !== ids && provider) {
      const parts = { library, provider, runtime, records, tokens, keys, outbound }
      made = { ids, listener: makeServer({ ...parts, issuer: issuerOf(setup) }) }
    }
    dueMs = runtime.clock.now() + keysLookedAtEveryMs
    if (!made) throw new Error('An app that is no provider was asked as one.')
    return made.listener
  }
  return () => {
    if (made && runtime.clock.now() < dueMs) return Promise.resolve(made.listener)
    making ??= make().finally(() => {
      making = undefined
    })
    return making
  }
}
