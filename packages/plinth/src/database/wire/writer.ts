/** Owns encoding of messages to PostgreSQL (protocol 3.0, extended query). The hottest path. */

import { assert } from '../../base/assert.ts'

const blockBytes = 65_536
const parametersMax = 65_535
const execute = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0])
const sync = Buffer.from([0x53, 0, 0, 0, 4])

/**
 * Collects messages in blocks that are written once and never reused: the socket may still hold
 * what it was given.
 */
export class MessageWriter {
  #block = Buffer.allocUnsafe(blockBytes)
  #start = 0
  #end = 0

  /** What was written since the last call. */
  take(): Buffer {
    const taken = this.#block.subarray(this.#start, this.#end)
    this.#start = this.#end
    return taken
  }

  get isEmpty(): boolean {
    return this.#start === this.#end
  }

  /** Parse: prepares a statement under a name; the empty name is the unnamed statement. */
  parse(name: string, text: string): void {
    const length = this.#open(0x50, (name.length + text.length) * 3 + 16)
    this.#cstring(name)
    this.#cstring(text)
    this.#int16(0)
    this.#close(length)
  }

  /** Bind and Execute: runs a prepared statement; every value and cell travels as text. */
  run(name: string, values: readonly unknown[]): void {
    assert(values.length <= parametersMax, 'a statement has at most 65535 parameters')
    const length = this.#open(0x42, name.length * 3 + 32)
    this.#block[this.#end++] = 0
    this.#cstring(name)
    this.#int16(0)
    this.#int16(values.length)
    for (const value of values) this.#value(value)
    this.#int16(0)
    this.#close(length)
    this.#bytes(execute)
  }

  /** Close: forgets a prepared statement. */
  forget(name: string): void {
    const length = this.#open(0x43, name.length * 3 + 16)
    this.#block[this.#end++] = 0x53
    this.#cstring(name)
    this.#close(length)
  }

  /** Sync: ends a statement; what failed before it is skipped up to here. */
  sync(): void {
    this.#bytes(sync)
  }

  /** Query: a script of several statements without parameters. */
  script(text: string): void {
    const length = this.#open(0x51, text.length * 3 + 16)
    this.#cstring(text)
    this.#close(length)
  }

  /** Terminate: the polite end. */
  terminate(): void {
    this.#close(this.#open(0x58, 16))
  }

  #value(value: unknown): void {
    if (value === null || value === undefined) {
      this.#reserve(4)
      this.#end = this.#block.writeInt32BE(-1, this.#end)
      return
    }
    const text = typeof value === 'string' ? value : textOf(value)
    this.#reserve(text.length * 3 + 4)
    const written = this.#block.write(text, this.#end + 4, 'utf8')
    this.#block.writeInt32BE(written, this.#end)
    this.#end += written + 4
  }

  #open(code: number, bytes: number): number {
    this.#reserve(bytes + 5)
    this.#block[this.#end] = code
    this.#end += 5
    // Relative to the start: the block may move while the message grows.
    return this.#end - 4 - this.#start
  }

  #close(length: number): void {
    const place = this.#start + length
    this.#block.writeInt32BE(this.#end - place, place)
    this.#reserve(16)
  }

  #cstring(text: string): void {
    assert(!text.includes('\0'), 'a name or a statement holds no NUL')
    this.#end += this.#block.write(text, this.#end, 'utf8')
    this.#block[this.#end++] = 0
  }

  #int16(value: number): void {
    this.#reserve(2)
    this.#end = this.#block.writeUInt16BE(value, this.#end)
  }

  #bytes(bytes: Buffer): void {
    this.#reserve(bytes.length)
    bytes.copy(this.#block, this.#end)
    this.#end += bytes.length
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#block.length) return
    const pending = this.#block.subarray(this.#start, this.#end)
    const needed = pending.length + bytes
    const block = Buffer.allocUnsafe(Math.max(blockBytes, needed * 2))
    pending.copy(block)
    this.#block = block
    this.#start = 0
    this.#end = pending.length
  }
}

/** A value in PostgreSQL's text form. */
function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object':
      return objectText(value)
    default:
      assert(false, `a parameter cannot be a ${typeof value}`)
  }
}

function objectText(value: object | null): string {
  if (value instanceof Uint8Array) return `\\x${value.toHex()}`
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return arrayText(value)
  return JSON.stringify(value)
}

/** An array in PostgreSQL's text form: every element quoted, so that none is taken for NULL. */
function arrayText(values: readonly unknown[]): string {
  const elements = values.map((value) => {
    if (value === null || value === undefined) return 'NULL'
    if (Array.isArray(value)) return arrayText(value)
    return `"${textOf(value).replace(/[\\"]/g, '\\$&')}"`
  })
  return `{${elements.join(',')}}`
}
