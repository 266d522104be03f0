/** Owns a mail server for proofs: it keeps what it takes. */

import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** A mail as a server has taken it. */
export interface Received {
  readonly id: string
  readonly to: readonly string[]
}

/** A mail server that keeps what it takes, by Message-ID. */
export async function mailServer(t: TestContext, options: SMTPServerOptions = {}) {
  const received: Received[] = []
  const server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ['STARTTLS'] },
    onData(stream, { envelope }, done) {
      let data = ''
      stream.on('data', (chunk: Buffer) => {
        data += chunk.toString()
      })
      stream.on('end', () => {
        const id = /^Message-ID: (.*)$/m.exec(data)?.[1] ?? ''
        received.push({ id, to: envelope.rcptTo.map(({ address }) => address) })
        done(null, 'queued as A1')
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.server.address() as AddressInfo
  return { received, url: `smtp://127.0.0.1:${port}` }
}
