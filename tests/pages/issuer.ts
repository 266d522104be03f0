/** Owns an issuer by a certified library that asks people who they are and whether they agree. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { appAtIssuer } from '../../packages/plinth/src/identity/proof/outside/issuer.ts'

// It brings no types of its own.
const library: string = 'oidc-provider'
const { Provider } = (await import(library)) as { Provider: new (...of: unknown[]) => Certified }

interface Certified {
  callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
  interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Details>
  interactionFinished(
    request: IncomingMessage,
    response: ServerResponse,
    result: object,
  ): Promise<void>
  readonly Grant: new (of: object) => { addOIDCScope(scope: string): void; save(): Promise<string> }
}

interface Details {
  readonly prompt: { readonly name: string }
  readonly params: { readonly client_id: string }
  readonly session?: { readonly accountId: string }
}

/** Who is known at the issuer, by subject. */
export interface AtIssuer {
  readonly email: string
  readonly email_verified: boolean
  readonly name: string
}

/** Opens the issuer; `start` once it is known where the app is. Closed at the end of the test. */
export async function openIssuer(context: TestContext, people: Readonly<Record<string, AtIssuer>>) {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const start = (back: string): void => {
    const provider = new Provider(url, settings(people, back))
    const answer = provider.callback()
    server.on('request', (request, response) => {
      const asks = request.url?.startsWith('/interaction/') === true
      void (asks ? interact(provider, request, response) : answer(request, response))
    })
  }
  return { url, start }
}

function settings(people: Readonly<Record<string, AtIssuer>>, back: string): object {
  return {
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
    findAccount: (_: unknown, sub: string) => ({
      accountId: sub,
      claims: async () => ({ sub, ...people[sub] }),
    }),
  }
}

/** Two small pages: who somebody is, and whether the app may know. */
async function interact(
  provider: Certified,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  if (request.method !== 'POST') {
    const form =
      prompt.name === 'login'
        ? '<label>Name at Acme <input name="sub"></label><button>Sign in at Acme</button>'
        : '<p>The app asks who you are.</p><button>Allow</button>'
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(
      `<!doctype html><title>Acme</title><h1>Acme</h1><form method="post">${form}</form>`,
    )
    return
  }
  if (prompt.name === 'login') {
    const login = { accountId: new URLSearchParams(await textOf(request)).get('sub') ?? '' }
    return provider.interactionFinished(request, response, { login })
  }
  const accountId = session?.accountId
  const grant = new provider.Grant({ accountId, clientId: params.client_id })
  grant.addOIDCScope('openid email profile')
  const consent = { grantId: await grant.save() }
  return provider.interactionFinished(request, response, { consent })
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
