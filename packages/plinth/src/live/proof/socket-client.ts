/** Owns a WebSocket by hand: handshake and frames as bytes, so that wrong ones can be sent too. */

import assert from 'node:assert/strict'
import { type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { base64url, randomBytes } from '../../base/ids.ts'
import { Rows, type Told } from './follower.ts'

/** A connection under way. */
export class SocketClient extends Rows {
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
  readonly socket: Socket
  readonly #threads = new Map<string, Rows>()
  #bytes: Buffer

  constructor(socket: Socket, head: Buffer) {
    super()
    this.socket = socket
    this.#bytes = head
    const { promise, resolve } = Promise.withResolvers<{ code: number; reason: string }>()
    this.closed = promise
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk])
      this.#cut(resolve)
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve({ code: 1006, reason: '' }))
    this.#cut(resolve)
  }

  /** What was told of one subscription. */
  thread(id: string): Rows {
    const thread = this.#threads.get(id) ?? new Rows()
    this.#threads.set(id, thread)
    return thread
  }

  say(message: object): void {
    this.sendText(JSON.stringify(message))
  }

  sendText(text: string): void {
    this.sendFrame(0x81, Buffer.from(text))
  }

  sendBinary(bytes: Buffer): void {
    this.sendFrame(0x82, bytes)
  }

  /** Sends a frame with any first byte, masked as a client's must be. */
  sendFrame(first: number, payload: Buffer): void {
    const { length } = payload
    const head = length < 126 ? Buffer.alloc(2) : Buffer.alloc(length < 65_536 ? 4 : 10)
    head[0] = first
    head[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127)
    if (head.length === 4) head.writeUInt16BE(length, 2)
    if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
    const mask = Buffer.from(randomBytes(4))
    const masked = Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0)))
    if (this.socket.writable) this.socket.write(Buffer.concat([head, mask, masked]))
  }

  destroy(): void {
    this.socket.destroy()
  }

  #cut(closed: (end: { code: number; reason: string }) => void): void {
    for (;;) {
      const bytes = this.#bytes
      if (bytes.length < 2) return
      const short = (bytes[1] ?? 0) & 0x7f
      const start = short < 126 ? 2 : short === 126 ? 4 : 10
      if (bytes.length < start) return
      const length =
        short < 126
          ? short
          : short === 126
            ? bytes.readUInt16BE(2)
            : Number(bytes.readBigUInt64BE(2))
      if (bytes.length < start + length) return
      const payload = bytes.subarray(start, start + length)
      this.#bytes = bytes.subarray(start + length)
      const kind = (bytes[0] ?? 0) & 0x0f
      if (kind === 8) {
        closed({ code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) })
        this.socket.end()
      } else if (kind === 1) this.#tell(payload.toString('utf8'))
    }
  }

  #tell(text: string): void {
    const { type, id, cursor, ...data } = JSON.parse(text) as Told & { readonly id?: string }
    const told = { type, cursor, data }
    if (id === undefined) this.take(told)
    else this.thread(id).take(told as unknown as Told)
  }
}

const handshakeHeaders = (): Record<string, string> => ({
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': `${base64url(randomBytes(16))}==`.replaceAll('-', '+').replaceAll('_', '/'),
})

/** Opens a WebSocket, at `/api/live` where nothing else is said. */
export function openSocket(
  url: string,
  headers: Record<string, string>,
  path = '/api/live',
): Promise<SocketClient> {
  return new Promise((resolve, reject) => {
    const asked = request(url + path, {
      agent: false,
      headers: { ...handshakeHeaders(), ...headers },
    })
    asked.on('upgrade', (_response: IncomingMessage, socket: Socket, head: Buffer) => {
      resolve(new SocketClient(socket, head))
    })
    asked.on('response', (response) => reject(new Error(`answered ${response.statusCode}`)))
    asked.on('error', reject)
    asked.end()
  })
}

/** Sends a handshake and returns the answer's head and body, where no WebSocket comes of it. */
export function handshake(
  url: string,
  headers: Record<string, string>,
  path = '/api/live',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url + path, {
      agent: false,
      headers: { ...handshakeHeaders(), ...headers },
    })
    asked.on('upgrade', () => reject(assert.fail('nothing was refused')))
    asked.on('response', (response) => {
      let text = `HTTP/1.1 ${response.statusCode} \n`
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8')
      })
      response.on('end', () => resolve(text))
    })
    asked.on('error', reject)
    asked.end()
  })
}
