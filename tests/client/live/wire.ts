/** Owns a wire between clients and a server: what goes through it is counted, and can be cut. */

import { connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** A wire. */
export interface Wire {
  /** The server's address, through it. */
  readonly url: string
  /** The first lines of all requests that opened a connection. */
  readonly opened: readonly string[]
  /** Cuts all that is open. */
  cut(): void
  /** While it is false nothing comes through. */
  stands: boolean
}

/** Lays a wire to a server on loopback. */
export async function layWire(context: Pick<TestContext, 'after'>, to: string): Promise<Wire> {
  const open = new Set<Socket>()
  const opened: string[] = []
  const server = createServer((near) => {
    if (!wire.stands) {
      near.destroy()
      return
    }
    const far = connect(Number(new URL(to).port), '127.0.0.1')
    near.once('data', (data: Buffer) =>
      opened.push(data.toString('latin1').split('\r\n', 1)[0] ?? ''),
    )
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        open.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { readonly port: number }
  const wire: Wire = {
    ...{ url: `http://localhost:${port}`, opened, stands: true },
    cut() {
      for (const socket of open) socket.destroy()
    },
  }
  context.after(() => {
    wire.stands = false
    wire.cut()
    server.close()
  })
  return wire
}
