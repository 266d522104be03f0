import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { appAtIssuer } from './issuer.ts'
import { openStand } from './stand.ts'

// It brings no types of its own.
const library: string = 'oidc-provider'
const { Provider } = (await import(library)) as { Provider: new (...of: unknown[]) => Certified }

interface Certified {
  callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
  interactionFinished(
    request: IncomingMessage,
    response: ServerResponse,
    result: object,
  ): Promise<void>
}

const person = { sub: 'ann-7', email: 'ann@acme.example', email_verified: true, name: 'Ann' }

/** An issuer by a certified library: whoever comes is Ann, and lets the app know who she is. */
async function openCertified(context: TestContext) {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const start = (back: string): void => {
    const provider = new Provider(url, {
      clients: [
        {
          client_id: appAtIssuer.clientId,
          client_secret: appAtIssuer.clientSecret,
          redirect_uris: [back],
          token_endpoint_auth_method: 'client_secret_post',
        },
      ],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      cookies: { keys: ['a key of a test'] },
      findAccount: () => ({ accountId: person.sub, claims: async () => person }),
      async loadExistingGrant({ oidc }: Loading) {
        const { clientId } = oidc.client
        const grant = new oidc.provider.Grant({ clientId, accountId: oidc.session.accountId })
        grant.addOIDCScope('openid email profile')
        await grant.save()
        return grant
      },
    })
    const answer = provider.callback()
    server.on('request', (request, response) => {
      if (!request.url?.startsWith('/interaction/')) return void answer(request, response)
      void provider.interactionFinished(request, response, { login: { accountId: person.sub } })
    })
  }
  return { url, start }
}

interface Loading {
  readonly oidc: {
    readonly client: { readonly clientId: string }
    readonly session: { readonly accountId: string }
    readonly provider: { readonly Grant: new (of: object) => Grant }
  }
}

interface Grant {
  addOIDCScope(scope: string): void
  save(): Promise<unknown>
}

test('an issuer by a certified library signs somebody in, and in again', async (context) => {
  const { url, start } = await openCertified(context)
  const trusted = [{ name: 'acme', url, vouchesFor: ['acme.example'] }]
  const { browser, origin, records } = await openStand(context, { trusted })
  start(`${origin}/account/with/acme/callback`)
  for (const _ of ['new', 'known']) {
    const ann = browser()
    const seen = await ann.open('/account/with/acme?next=%2Faccount%2Ffactors')
    assert.equal(seen.at, '/account/factors', seen.text)
  }
  const users = (await records.find('user', {})) as { email: string; name: string }[]
  assert.deepEqual(
    users.map(({ email, name }) => [email, name]),
    [[person.email, person.name]],
  )
  const sessions = (await records.find('session', {})) as { provedAt: string | null }[]
  const told = sessions.filter(({ provedAt }) => provedAt !== null)
  assert.deepEqual([sessions.length, told.length], [2, 1], 'unasked it does not say when')
  const [kept] = (await records.find('outsideIdentity', {})) as Record<string, unknown>[]
  assert.deepEqual([kept?.issuer, kept?.subject], [url, person.sub])
})

test('C16: asked for an age, a certified issuer asks again and tells it', async (context) => {
  const { url, start } = await openCertified(context)
  const trusted = [{ name: 'acme', url, vouchesFor: ['acme.example'] }]
  const { browser, origin, records, tested } = await openStand(context, { trusted })
  start(`${origin}/account/with/acme/callback`)
  const ann = browser()
  await ann.open('/account/with/acme')
  tested.clock.advance(6 * 60_000)
  const refused = await ann.open('/account/identities')
  assert.equal(refused.status, 200)
  await ann.press('Unlink')
  assert.match(ann.seen.at, /^\/account\/step-up/)
  const seen = await ann.open('/account/with/acme?purpose=step-up&next=%2Faccount%2Ffactors')
  assert.equal(seen.at, '/account/factors', seen.text)
  assert.ok(
    ann.trail.some((place) => place.includes('/interaction/')),
    'she was asked again',
  )
  const [session] = (await records.find('session', {})) as { provedAt: string }[]
  const agoMs = tested.clock.now() - Date.parse(session?.provedAt ?? '')
  assert.ok(agoMs >= 0 && agoMs < 60_000, `${agoMs} ms ago`)
})
