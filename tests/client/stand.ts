/** Owns the shop behind a real server, and clients of it whose network can be made to fail. */

import type { TestContext } from 'node:test'
import { type ClientOptions, createClient, type Fetch, memoryStorage } from 'plinth/client'
import type { Handler } from '../../packages/plinth/src/http/message.ts'
import { HttpServer } from '../../packages/plinth/src/http/server.ts'
import type { LinkHandler } from '../../packages/plinth/src/http/socket/upgrades.ts'
import { type TestUser, testApp } from '../../packages/plinth/src/testing/test-app.ts'
import { type Shop, shopApp } from './shop.ts'

/** A password that anybody may have. */
export const password = 'correct horse battery'

/** Opens the shop, closed at the end of the test. `sockets` false: as behind a proxy without. */
export async function stand(
  context: Pick<TestContext, 'after'>,
  { sockets = true }: { readonly sockets?: boolean } = {},
) {
  // The server first: passkeys are made for its address, and for no other.
  const opened: { handler?: Handler; sockets?: LinkHandler } = {}
  const handler: Handler = (request) => (opened.handler as Handler)(request)
  const link: LinkHandler = (request) => (opened.sockets as LinkHandler)(request)
  const options = { handler, log: () => undefined }
  const server = new HttpServer(sockets ? { ...options, sockets: link } : options)
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://localhost:${port}`
  const tested = await testApp(shopApp, { localUrl: url })
  context.after(async () => {
    await server.close()
    await tested.close()
  })
  opened.handler = tested.running.handler
  opened.sockets = tested.running.sockets
  const client = (options: Partial<ClientOptions> = {}) => createClient<Shop>({ url, ...options })
  return {
    ...{ url, tested, client, opened },
    /** A client of somebody who is signed in. */
    async clientOf({ email }: TestUser, options: Partial<ClientOptions> = {}) {
      const session = memoryStorage()
      const signedIn = client({ ...options, session })
      await signedIn.auth.signIn({ email, password }).orThrow()
      return signedIn
    },
  }
}

/** A request as it was sent. */
export interface Sent {
  readonly method: string
  readonly path: string
  readonly key: string | null
}

/**
 * The platform's fetch, with a word before each request: `lost` lets the server do its work and
 * drops the answer, `cut` sends nothing at all.
 */
export function spoiltFetch(word: (sent: Sent, count: number) => 'lost' | 'cut' | 'through') {
  const sent: Sent[] = []
  const fetch: Fetch = async (url, request) => {
    const headers = new Headers(request.headers)
    const { method = 'GET' } = request
    const one = { method, path: new URL(url).pathname, key: headers.get('idempotency-key') }
    sent.push(one)
    const said = word(one, sent.length)
    if (said === 'cut') throw new TypeError('cut')
    const response = await globalThis.fetch(url, request)
    if (said === 'through') return response
    await response.text()
    throw new TypeError('lost')
  }
  return { fetch, sent }
}
