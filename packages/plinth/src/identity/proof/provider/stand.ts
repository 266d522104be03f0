/** Owns an app that is an OAuth provider behind a real server, and programs that ask it. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import * as client from 'openid-client'
import { type Configuration, customFetch, discovery, None } from 'openid-client'
import { openApp } from '../../../app/compose.ts'
import type { LogEntry } from '../../../app/log.ts'
import { beginSession } from '../../../app/people/sessions.ts'
import { createUser } from '../../../app/people/users.ts'
import { parseDatabaseUrl } from '../../../database/address.ts'
import type { DatabaseAddress } from '../../../database/database.ts'
import type { ProviderSpec } from '../../../define/app/provider.ts'
import type { Handler } from '../../../http/message.ts'
import { HttpServer } from '../../../http/server.ts'
import { type App, anyone, app, identity, kit, text } from '../../../index.ts'
import type { OutboundPolicy } from '../../../outbound/target.ts'
import { testApp } from '../../../testing/test-app.ts'
import { oidc } from '../../outside/provider.ts'

const notes = kit('notes', {
  uses: [identity],
  models: {
    note: {
      fields: { title: text({ max: 80 }) },
      access: { read: ({ me }) => me.signedIn, write: ({ me }) => me.signedIn },
    },
    notice: { fields: { title: text({ max: 80 }) }, access: { read: anyone } },
  },
})

/** The secret of the client `office`. */
export const officeSecret = randomBytes(24).toString('base64url')

/** Where clients send their users back to. */
export const back = 'https://ledger.example/back'

/** Where `ledger` may have its users sent once they have signed out. */
export const signedOutAt = 'https://ledger.example/bye'

const providerSpec = {
  scopes: { 'note.read': 'See your notes', 'note.write': 'See and change your notes' },
  clients: [
    { id: 'ledger', name: 'Ledger', redirects: [back], signedOutRedirects: [signedOutAt] },
    {
      id: 'office',
      name: 'Office',
      redirects: ['https://office.example/b'],
      secret: officeSecret,
    },
    { id: 'phone', name: 'Phone', redirects: ['http://127.0.0.1/back'], native: true },
  ],
}

const papers = kit('papers', {
  uses: [identity],
  models: {
    paper: {
      tenant: true,
      fields: { title: text({ max: 80 }) },
      access: { read: ({ me }) => me.signedIn, write: ({ me }) => me.may('paper.write') },
    },
  },
})

/** The same with organisations and their records, guests, a service, and another provider. */
function officesApp() {
  const scopes = { ...providerSpec.scopes, 'paper.write': 'See and change papers' }
  return app({
    title: 'Notes',
    kits: [identity, notes, papers],
    organisations: { roles: { clerk: ['paper.write'], member: [] } },
    accounts: { guests: true },
    services: { clerk: { scopes: ['note.read'] } },
    signInWith: [oidc('corp', { issuer: 'https://corp.example', title: 'Corp' })],
    provider: { ...providerSpec, scopes },
  })
}

/**
 * The app, with or without programs that nobody has registered. Of its staff it demands a second
 * factor.
 */
function providerApp(unregistered: boolean, { clients = [], ...more }: ProviderSpec = {}) {
  return app({
    ...{ title: 'Notes', kits: [identity, notes], roles: ['staff'] },
    signIn: { secondFactor: { required: { roles: ['staff'] } } },
    provider: {
      ...{ ...providerSpec, unregistered, ...more },
      clients: [...providerSpec.clients, ...clients],
    },
  })
}

/** A password that anybody may have. */
export const password = 'correct horse battery'

/** The server that `--server=<URL>` names, so that many runs share one. */
function serverOf(words: readonly string[]): { readonly server?: DatabaseAddress } {
  const url = words.find((word) => word.startsWith('--server='))?.slice('--server='.length)
  return url === undefined ? {} : { server: parseDatabaseUrl(url) }
}

/** How a provider is opened. */
interface Opening {
  readonly unregistered?: boolean
  readonly outbound?: OutboundPolicy
  /** True: the app has organisations. */
  readonly offices?: boolean
  /** What the provider has beside. */
  readonly provider?: ProviderSpec
}

/** Opens the app behind a real server, closed at the end of the test. */
export async function openProvider(
  context: TestContext,
  { unregistered = false, outbound, offices = false, provider }: Opening = {},
) {
  const opened: App<unknown> = offices ? officesApp() : providerApp(unregistered, provider)
  const tested = await testApp(opened, serverOf(process.argv))
  const later: { handler?: Handler } = {}
  const handler: Handler = (request) => later.handler?.(request) ?? assert.fail('not open yet')
  const server = new HttpServer({ handler, log: () => undefined })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const origin = `http://localhost:${port}`
  const secret = randomBytes(32).toString('base64url')
  const setup = { production: false, schema: 'settled', work: 'manual', publicUrl: origin } as const
  const { database, clock } = tested
  const logged: LogEntry[] = []
  const log = (entry: LogEntry): void => void logged.push(entry)
  const keys = { is: 'secret', clientId: 'notes', clientSecret: 'x'.repeat(40) } as const
  const providerKeys = new Map(offices ? [['corp', keys]] : [])
  const whole = { database, secret, ...setup, outbound, providerKeys }
  const openNode = () => openApp(opened, whole, { clock, log })
  const running = await openNode()
  later.handler = running.handler
  context.after(async () => {
    await server.close()
    await running.close()
    await tested.close()
  })
  return { tested, running, origin, clock, logged, openNode }
}

/** An open provider. */
export type Provider = Awaited<ReturnType<typeof openProvider>>

/** Somebody with an account and a session, who answers what programs ask. */
export async function person({ running, origin }: Provider, email = 'ann@notes.example') {
  const { id } = await createUser(running.users, { email, password, name: 'Ann' })
  const session = await beginSession(running.runtime, id)
  const jar = new Map([['__Host-sid', session]])
  const go = async (place: string, request: RequestInit = {}): Promise<Response> => {
    const cookie = [...jar].map((pair) => pair.join('=')).join('; ')
    const response = await fetch(new URL(place, origin), {
      ...request,
      redirect: 'manual',
      headers: { ...(request.headers as Record<string, string>), cookie },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/Max-Age=0$/.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }
  const ask = async (path: string, body?: object): Promise<Response> =>
    fetch(`${origin}/api/identity/${path}`, {
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
      headers: { authorization: `Bearer ${session}`, 'content-type': 'application/json' },
    })
  /** Goes to an authorization, says yes or no, and comes back where the program waits. */
  const authorize = async (url: URL, allow = true, organisation?: string): Promise<URL> => {
    let place = url.href
    for (let leaps = 0; leaps < 8; leaps++) {
      const response = await go(place)
      const next = response.headers.get('location')
      if (next === null) assert.fail(`${response.status} ${await response.text()}`)
      const led = new URL(next, origin)
      if (led.origin !== origin) return led
      const interaction = led.searchParams.get('interaction')
      if (interaction === null) {
        place = led.href
        continue
      }
      const asked = await ask(`consent?interaction=${interaction}`)
      assert.equal(asked.status, 200, await asked.clone().text())
      const { asks, continue: on } = (await asked.json()) as { asks: string; continue: string }
      if (asks === 'consent') {
        const given = await ask('give-consent', { interaction, allow, organisation })
        assert.equal(given.status, 200, await given.clone().text())
      } else assert.equal(asks, 'nothing')
      place = on
    }
    return assert.fail('led in a circle')
  }
  return { id, session, go, ask, authorize, jar }
}

/** A program that follows the standard. */
export async function program({ origin }: Provider, id: string): Promise<Configuration> {
  const proof = id === 'office' ? client.ClientSecretBasic(officeSecret) : None()
  return discovery(new URL(origin), id, {}, proof, { execute: [client.allowInsecureRequests] })
}

/** An authorization as a program begins it. */
export async function begin(
  config: Configuration,
  more: Readonly<Record<string, string>> = {},
): Promise<{ readonly url: URL; readonly verifier: string; readonly state: string }> {
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const url = client.buildAuthorizationUrl(config, {
    ...{ redirect_uri: back, scope: 'openid email note.read', state },
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    ...{ code_challenge_method: 'S256', ...more },
  })
  return { url, verifier, state }
}

export { client, customFetch }
