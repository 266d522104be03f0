/** Owns a receiver of webhooks for tests: keeps what came, and refuses when told to. */

import { Loopback } from '../../proof/loopback.ts'

/** A message as it came. */
export interface Received {
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** A receiver. */
export class Receiver {
  readonly messages: Received[] = []
  #refusals = 0
  readonly #door = new Loopback(({ body, headers }, response) => {
    this.messages.push({ body, headers: headers as Received['headers'] })
    response.writeHead(this.#refusals-- > 0 ? 500 : 204).end()
  })

  get url(): string {
    return `${this.#door.url}/hook`
  }

  start(): Promise<void> {
    return this.#door.start()
  }

  stop(): Promise<void> {
    return this.#door.stop()
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
