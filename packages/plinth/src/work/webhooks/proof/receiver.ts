/** Owns a receiver of webhooks for proofs: a real server that keeps what it is sent. */

import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** A request as it came. */
export interface Call {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** How a receiver answers. */
export type Answer = (response: ServerResponse, call: Call) => void

/** A receiver. `answer` can be changed between calls. */
export interface Receiver {
  readonly url: string
  readonly calls: Call[]
  answer: Answer
  /** The most calls that were under way at once. */
  readonly atOnce: () => number
}

/** Answers with a status at once. */
export function saying(status: number, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(status, headers).end(`said ${status}`)
  }
}

/** Opens a receiver on this machine. */
export async function openReceiver(t: TestContext, answer = saying(200)): Promise<Receiver> {
  let underWay = 0
  let most = 0
  const server = createServer(async (request, response) => {
    underWay += 1
    most = Math.max(most, underWay)
    response.once('close', () => {
      underWay -= 1
    })
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const call = { path: request.url ?? '', headers: request.headers, body }
    receiver.calls.push(call)
    receiver.answer(response, call)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}/hook`
  const receiver: Receiver = { url, calls: [], answer, atOnce: () => most }
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return receiver
}
