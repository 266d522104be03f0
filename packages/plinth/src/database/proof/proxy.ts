/** Owns a proxy before a server that loses what it is told to lose, as networks do. */

import { connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { present } from '../../base/assert.ts'
import type { DatabaseAddress } from '../database.ts'

/** What happens to a COMMIT on its way. */
export type Loss = 'none' | 'commit' | 'answer' | 'answer, silently'

/** A proxy that runs. */
export interface Proxy {
  readonly address: DatabaseAddress
  loss: Loss
}

/** Starts a proxy on loopback, closed at the end of the test. */
export async function startProxy(context: TestContext, server: DatabaseAddress): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const proxy = { address: server, loss: 'none' as Loss }
  const listener = createServer((client) => {
    const target = server.host.startsWith('/')
      ? connect(`${server.host}/.s.PGSQL.${server.port}`)
      : connect(server.port, server.host)
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        client.destroy()
        target.destroy()
      })
    }
    let losing = false
    client.on('data', (bytes) => {
      losing ||= proxy.loss !== 'none' && bytes.includes('commit\0')
      if (losing && proxy.loss === 'commit') client.destroy()
      else target.write(bytes)
    })
    target.on('data', (bytes) => {
      if (!losing) client.write(bytes)
      else if (proxy.loss === 'answer') client.destroy()
    })
  })
  await new Promise<void>((resolve) => {
    listener.listen(0, '127.0.0.1', resolve)
  })
  context.after(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  })
  const place = present(listener.address(), 'the address')
  if (typeof place === 'string') throw new Error('the proxy listens on a port')
  proxy.address = { ...server, host: '127.0.0.1', port: place.port }
  return proxy
}
