/** Owns the process that receives payments, parcels and webhooks; now and then it behaves badly. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { Ledger } from './ledger.ts'

const [port, file = '', troubles = '0'] = process.argv.slice(2)
const ledger = new Ledger(file)
// So many of 100 deliveries are taken and then not answered as they should be.
const troublePercent = Number(troubles)
let count = 0

async function receive(message: IncomingMessage, response: ServerResponse): Promise<void> {
  const begunAt = Date.now()
  const route = (message.url ?? '/').slice(1)
  const { headers } = message
  const key = String(headers['webhook-id'] ?? headers['idempotency-key'] ?? '')
  const body: unknown = JSON.parse((await text(message)) || 'null')
  ledger.take({ route, key, body, begunAt })
  const { by = 0 } = (body ?? {}) as { readonly by?: number }
  // It closes with its answer, or when the one who asked is killed.
  response.on('close', () => ledger.end({ route, key, by, begunAt, endedAt: Date.now() }))
  const trouble = ++count % 100 < troublePercent ? count % 3 : undefined
  if (trouble === 0) return void message.socket.destroy()
  if (trouble === 1) await wait(300)
  response.writeHead(trouble === 2 ? 500 : 200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ charge: `charge of ${key}` }))
}

const server = createServer((message, response) => {
  receive(message, response).catch(() => message.socket.destroy())
})
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('The receiver is ready.\n'))
