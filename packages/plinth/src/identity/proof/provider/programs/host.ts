/** Owns a host at which programs describe themselves: over TLS, as the world has them. */

import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { OutboundPolicy } from '../../../../outbound/target.ts'
import { trustedCertificate } from './certificate.ts'

/** Where the programs of tests live. */
export const hostName = 'agent.example'

/** What a host answers, and what it was asked. */
export interface Host {
  readonly origin: string
  /** By which its name leads here, and nothing else on this machine is reached. */
  readonly outbound: OutboundPolicy
  /** The paths asked for so far. */
  readonly asked: readonly string[]
  /** Puts the description of a program that keeps no secret at a path. */
  describe(path: string, told: object): string
  /** Answers a path by hand. */
  answer(path: string, how: (request: IncomingMessage, response: ServerResponse) => void): string
}

const usual = {
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
}

const certificate = trustedCertificate([hostName])

/** Opens a host, closed at the end of the test. */
export async function openHost(context: TestContext): Promise<Host> {
  const asked: string[] = []
  const answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>()
  const server = createServer(certificate, (request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    const answer = answers.get(path)
    if (answer) return answer(request, response)
    response.writeHead(404).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const origin = `https://${hostName}:${port}`
  const outbound: OutboundPolicy = {
    ...{ secureOnly: true, ports: undefined, allowed: { has: () => false } },
    classes: new Set(['loopback']),
    resolve: (name) => Promise.resolve(name === hostName ? ['127.0.0.1'] : ['10.0.0.1']),
  }
  const answer: Host['answer'] = (path, how) => {
    answers.set(path, how)
    return origin + path
  }
  return {
    ...{ origin, outbound, asked, answer },
    describe(path, told) {
      const text = JSON.stringify({ client_id: origin + path, ...usual, ...told })
      return answer(path, (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(text)
      })
    },
  }
}
