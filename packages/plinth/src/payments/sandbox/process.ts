/** Owns the process of a sandbox: opens its database, listens, and ends with its parent. */

import { hex, randomBytes } from '../../base/ids.ts'
import { newSecret } from '../../webhooks/signature.ts'
import { Book } from './book.ts'
import { Deliveries } from './deliveries.ts'
import { sandboxServer } from './server.ts'

/** What the process is told: JSON, its only argument. */
interface Task {
  readonly file: string
  readonly port: number
  readonly endpoint?: string
}

const { file, port, endpoint } = JSON.parse(process.argv[2] ?? '') as Task

async function start(): Promise<void> {
  const fresh = await newSecret('hmac')
  const book = new Book(file)
  const key = book.setting('key', () => `sandbox_${hex(randomBytes(16))}`)
  const secret = book.setting('secret', () => fresh.secret)
  if (endpoint !== undefined) book.keep('endpoint', endpoint)
  const deliveries = new Deliveries(book)
  const server = sandboxServer({ book, deliveries, key })
  const wanted = port === 0 ? Number(book.setting('port', () => '0')) : port
  const announce = (): void => {
    const address = server.address()
    const listening = typeof address === 'object' && address ? address.port : wanted
    book.keep('port', String(listening))
    const url = `http://127.0.0.1:${listening}`
    process.stdout.write(`${JSON.stringify({ url, key, secret, pid: process.pid })}\n`)
    deliveries.wake()
  }
  server.once('error', (error: NodeJS.ErrnoException) => {
    // The port of last time is taken: any other will do, unless it was asked for.
    if (error.code === 'EADDRINUSE' && port === 0 && wanted !== 0) server.listen(0, '127.0.0.1')
    else fail(error)
  })
  server.on('listening', announce)
  server.listen(wanted, '127.0.0.1')
  const end = (): void => {
    server.close()
    server.closeAllConnections()
    void deliveries.stop().then(() => {
      book.close()
      process.exit(0)
    })
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end)
  // The parent holds the other end: a sandbox never outlives who started it.
  process.stdin.once('end', end).resume()
}

function fail(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

await start().catch(fail)
