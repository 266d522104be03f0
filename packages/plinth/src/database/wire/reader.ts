/** Owns decoding of PostgreSQL's messages. Cells stay PostgreSQL's own text. The hottest path. */

import type { DatabaseError } from '../database.ts'
import { staleStatement } from '../errors.ts'

/** A row: one text per column, null where there is no value. */
export type Row = (string | null)[]

/** An error, and whether the server closes the connection after it. */
export interface ServerError {
  readonly error: DatabaseError
  readonly fatal: boolean
}

/** Who is told of the messages. */
export interface Receiver {
  /** A row has come, so long: whether it is wanted. What is not is passed over unread. */
  wants(byteCount: number): boolean
  row(row: Row): void
  /** A statement is done: its tag, such as `INSERT 0 1`. */
  done(tag: string): void
  error(error: ServerError): void
  /** A statement was prepared. */
  prepared(): void
  /** The server asks for data that nobody will send. */
  copyIn(): void
  /** The server remarks something: a notice or a warning. */
  notice(message: string): void
  /** Somebody ran NOTIFY on a channel that this connection listens to. */
  notification(channel: string, payload: string): void
  /** The answer is complete; the state is `I`, `T` (in a transaction) or `E` (in a failed one). */
  ready(state: number): void
}

const headBytes = 5

/** Cuts a stream of bytes into messages. */
export class MessageReader {
  readonly #receiver: Receiver
  /** Pieces of a message that is not complete, and how long they must be to go on. */
  #pieces: Buffer[] = []
  #pieceBytes = 0
  #wantedBytes = 0

  constructor(receiver: Receiver) {
    this.#receiver = receiver
  }

  /** Takes the next bytes from the socket. A long message is put together once, at its end. */
  push(chunk: Buffer): void {
    let bytes = chunk
    if (this.#pieceBytes > 0) {
      this.#pieces.push(chunk)
      this.#pieceBytes += chunk.length
      if (this.#pieceBytes < this.#wantedBytes) return
      bytes = Buffer.concat(this.#pieces, this.#pieceBytes)
    }
    let place = 0
    let wantedBytes = headBytes
    while (place + headBytes <= bytes.length) {
      const end = place + 1 + bytes.readInt32BE(place + 1)
      wantedBytes = end - place
      if (end > bytes.length) break
      this.#message(bytes, place, end)
      place = end
      wantedBytes = headBytes
    }
    this.#pieceBytes = bytes.length - place
    this.#pieces = this.#pieceBytes === 0 ? [] : [bytes.subarray(place)]
    this.#wantedBytes = wantedBytes
  }

  #message(bytes: Buffer, place: number, end: number): void {
    const body = place + headBytes
    switch (bytes[place]) {
      case 0x44: // D: DataRow
        if (this.#receiver.wants(end - body)) this.#receiver.row(readRow(bytes, body, end))
        break
      case 0x43: // C: CommandComplete
        this.#receiver.done(bytes.toString('latin1', body, end - 1))
        break
      case 0x5a: // Z: ReadyForQuery
        this.#receiver.ready(bytes[body] ?? 0)
        break
      case 0x31: // 1: ParseComplete
        this.#receiver.prepared()
        break
      case 0x45: // E: ErrorResponse
        this.#receiver.error(readError(bytes, body, end))
        break
      case 0x47: // G: CopyInResponse
        this.#receiver.copyIn()
        break
      case 0x4e: // N: NoticeResponse
        this.#receiver.notice(readFields(bytes, body, end).get('M') ?? '')
        break
      case 0x41: // A: NotificationResponse
        this.#notification(bytes, body, end)
        break
      default:
      // Bind and close acknowledgements, settings: nothing to do.
    }
  }

  #notification(bytes: Buffer, start: number, end: number): void {
    // After the number of the server process that sent it.
    const channel = start + 4
    const payload = bytes.indexOf(0, channel) + 1
    this.#receiver.notification(
      bytes.toString('utf8', channel, payload - 1),
      bytes.toString('utf8', payload, end - 1),
    )
  }
}

// A cell cut out of its row keeps the row's text in memory: of longer ones each cell is read alone.
const slicedRowBytesMax = 1_024

/** Reading a row once and cutting its cells out costs a third of reading each cell. */
function readRow(bytes: Buffer, start: number, end: number): Row {
  // Only for cells of ASCII letters, which are the same in both codes; places stay the same too.
  const text = end - start > slicedRowBytesMax ? undefined : bytes.toString('latin1', start, end)
  const count = bytes.readUInt16BE(start)
  const row: Row = new Array(count)
  let place = start + 2
  for (let index = 0; index < count; index++) {
    const length = bytes.readInt32BE(place)
    place += 4
    if (length < 0) {
      row[index] = null
      continue
    }
    const stop = place + length
    row[index] =
      text !== undefined && isAscii(bytes, place, stop)
        ? text.slice(place - start, stop - start)
        : bytes.toString('utf8', place, stop)
    place = stop
  }
  return row
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  let all = 0
  for (let place = start; place < end; place++) all |= bytes[place] ?? 0
  return all < 0x80
}

/** The fields of an error or a notice, by their one-letter codes. */
function readFields(bytes: Buffer, start: number, end: number): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  let place = start
  while (place < end && bytes[place] !== 0) {
    const stop = bytes.indexOf(0, place + 1)
    fields.set(String.fromCharCode(bytes[place] ?? 0), bytes.toString('utf8', place + 1, stop))
    place = stop + 1
  }
  return fields
}

function readError(bytes: Buffer, start: number, end: number): ServerError {
  const fields = readFields(bytes, start, end)
  const stale = fields.get('C') === '0A000' && fields.get('R') === 'RevalidateCachedQuery'
  const named = { constraint: 'n', schema: 's', table: 't', column: 'c' } as const
  const names = Object.entries(named).flatMap(([name, code]) => {
    const value = fields.get(code)
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    error: {
      sqlState: stale ? staleStatement : (fields.get('C') ?? ''),
      message: fields.get('M') ?? '',
      ...Object.fromEntries(names),
    },
    // V is the severity that no language setting translates.
    fatal: ['FATAL', 'PANIC'].includes(fields.get('V') ?? ''),
  }
}
