/** Owns a receiver of webhooks for tests: keeps what came, and refuses when told to. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A message as it came. */
export interface Received {
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** A receiver. */
export class Receiver {
  readonly messages: Received[] = []
  #refusals = 0
  readonly #server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    const headers = request.headers as Received['headers']
    this.messages.push({ body: Buffer.concat(chunks), headers })
    response.writeHead(this.#refusals-- > 0 ? 500 : 204).end()
  })

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve)
    })
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }

  /** Forgets what came. */
  clear(): void {
    this.messages.length = 0
    this.#refusals = 0
  }

  /** Answers so many with 500. */
  refuse(times: number): void {
    this.#refusals = times
  }

  /** Waits until so many have come. */
  async wait(count: number): Promise<readonly Received[]> {
    for (let turn = 0; this.messages.length < count && turn < 500; turn++) {
      await new Promise((resolve) => {
        setTimeout(resolve, 10)
      })
    }
    return this.messages
  }
}
