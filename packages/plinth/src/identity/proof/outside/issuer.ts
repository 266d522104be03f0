/** Owns a small issuer that can lie: what it signs and answers is as a test says. */

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { base64url, randomBytes } from '../../../base/ids.ts'
import { systemClock } from '../../../base/time.ts'

/** Somebody at the issuer. */
export interface Person {
  readonly sub: string
  readonly email?: string
  readonly email_verified?: boolean
  readonly name?: string
}

/** What an issuer lies about; each is asked anew. */
export interface Lies {
  /** Claims in place of the true ones; undefined ones are left out. */
  claims?: Readonly<Record<string, unknown>>
  /** The ID token, made by the test. */
  idToken?: (claims: Readonly<Record<string, unknown>>) => Promise<string> | string
  /** Parameters added to the way back. */
  back?: Readonly<Record<string, string>>
  /** Answers in place of an endpoint. */
  answer?: (path: string, response: ServerResponse) => boolean
  /** Published in place of the true configuration. */
  configuration?: Readonly<Record<string, unknown>>
  /** True: a code can be used again, as with an issuer that has forgotten to look. */
  codesLast?: boolean
}

/** An issuer of a test. */
export interface Issuer {
  readonly url: string
  readonly lies: Lies
  /** Who is signed in there. */
  person: Person
  readonly asked: string[]
  /** What `authorize` leads back with, without a browser. */
  readonly authorize: (url: string) => Promise<string>
  readonly sign: (claims: Readonly<Record<string, unknown>>) => Promise<string>
}

interface Code {
  readonly person: Person
  readonly nonce: string | null
  readonly challenge: string | null
  /** Told where an age was asked for, as it has to be. */
  readonly shownAt: number | undefined
  readonly redirect: string
}

/** The key that an app has at every issuer of a test. */
export const appAtIssuer = Object.freeze({ clientId: 'the-app', clientSecret: 'the secret of it' })

/** Opens an issuer, closed at the end of the test. */
export async function openIssuer(context: TestContext): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  const codes = new Map<string, Code>()
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const sign = (claims: Readonly<Record<string, unknown>>): Promise<string> =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(privateKey)
  const issuer: Issuer = {
    ...{ url, lies: {}, asked: [], sign, person: { sub: 'ann' } },
    async authorize(address) {
      const back = await fetch(address, { redirect: 'manual' })
      return back.headers.get('location') ?? ''
    },
  }
  const places: Readonly<Record<string, (query: URLSearchParams, body: string) => unknown>> = {
    '/.well-known/openid-configuration': () => ({
      ...{ issuer: url, jwks_uri: `${url}/jwks`, token_endpoint: `${url}/token` },
      authorization_endpoint: `${url}/authorize`,
      id_token_signing_alg_values_supported: ['RS256'],
      ...issuer.lies.configuration,
    }),
    '/jwks': () => ({ keys: [jwk] }),
    '/token': (_, body) => tokensFor(issuer, codes, new URLSearchParams(body)),
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    issuer.asked.push(pathname)
    if (issuer.lies.answer?.(pathname, response)) return
    if (pathname === '/authorize') {
      const location = leadBack(issuer, codes, searchParams)
      response.writeHead(302, { location }).end()
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const made = await places[pathname]?.(searchParams, Buffer.concat(chunks).toString())
    const failed = typeof made === 'object' && made !== null && 'error' in made
    response.writeHead(made === undefined ? 404 : failed ? 400 : 200, {
      'content-type': 'application/json',
    })
    response.end(JSON.stringify(made ?? {}))
  }
  return issuer
}

function leadBack({ person, lies }: Issuer, codes: Map<string, Code>, asked: URLSearchParams) {
  const code = base64url(randomBytes(16))
  const redirect = asked.get('redirect_uri') ?? ''
  const challenge = asked.get('code_challenge')
  const shownAt = asked.has('max_age') ? Math.floor(systemClock.now() / 1_000) : undefined
  codes.set(code, { person, redirect, nonce: asked.get('nonce'), challenge, shownAt })
  const back = new URL(redirect)
  back.searchParams.set('code', code)
  back.searchParams.set('state', asked.get('state') ?? '')
  for (const [name, value] of Object.entries(lies.back ?? {})) back.searchParams.set(name, value)
  return back.href
}

async function tokensFor(
  { url, lies, sign }: Issuer,
  codes: Map<string, Code>,
  body: URLSearchParams,
): Promise<object> {
  const code = codes.get(body.get('code') ?? '')
  if (lies.codesLast !== true) codes.delete(body.get('code') ?? '')
  const verifier = body.get('code_verifier') ?? ''
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  const known = body.get('client_secret') === appAtIssuer.clientSecret
  if (!known) return { error: 'invalid_client' }
  const fits = code?.challenge === challenge
  if (!code || !fits || code.redirect !== body.get('redirect_uri'))
    return { error: 'invalid_grant' }
  const nowSeconds = Math.floor(systemClock.now() / 1_000)
  const claims = {
    ...{ iss: url, aud: appAtIssuer.clientId, iat: nowSeconds, exp: nowSeconds + 300 },
    ...code.person,
    ...(code.nonce === null ? {} : { nonce: code.nonce }),
    ...(code.shownAt === undefined ? {} : { auth_time: code.shownAt }),
    ...lies.claims,
  }
  const idToken = await (lies.idToken ?? sign)(claims)
  return { access_token: 'for-them-alone', token_type: 'bearer', id_token: idToken }
}
