/** Owns a client of live queries as a user writes one: it applies what it is told, and checks. */

import assert from 'node:assert/strict'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { sleep } from '../../base/time.ts'

/** A row as JSON has it. */
export type Row = Readonly<Record<string, unknown>> & { readonly id: string }

/** A message, parsed. */
export interface Told {
  readonly type: string
  readonly cursor: string | undefined
  readonly data: Readonly<Record<string, unknown>>
}

interface Change {
  readonly is: 'enter' | 'change' | 'move' | 'leave'
  readonly id?: string
  readonly row?: Row
  readonly after?: string | null
}

/** What a follower knows: rows in order, made of nothing but what it was told. */
export class Rows {
  rows: Row[] = []
  more = false
  count: unknown
  cursor: string | undefined
  readonly told: Told[] = []
  readonly #cursors = new Set<string>()

  /** Takes in a message. */
  take(message: Told): void {
    this.told.push(message)
    const { type, cursor, data } = message
    if (cursor !== undefined) {
      if (type === 'changes') {
        assert.ok(!this.#cursors.has(cursor), `nothing is told twice: ${cursor}`)
      }
      this.#cursors.add(cursor)
      this.cursor = cursor
    }
    if (type === 'result') this.rows = [...(data.rows as Row[])]
    if (type === 'changes') for (const change of data.changes as Change[]) this.#apply(change)
    if (data.more !== undefined) this.more = data.more as boolean
    if (data.count !== undefined) this.count = data.count
  }

  #apply({ is, id = '', row, after }: Change): void {
    const key = row?.id ?? id
    const at = this.rows.findIndex((one) => one.id === key)
    assert.equal(at < 0, is === 'enter', `${is} of ${key}`)
    if (is === 'leave') {
      this.rows.splice(at, 1)
      return
    }
    const now = row ?? this.rows[at]
    assert.ok(now)
    if (after === undefined) {
      assert.equal(is, 'change')
      this.rows[at] = now
      return
    }
    if (at >= 0) this.rows.splice(at, 1)
    const place = after === null ? -1 : this.rows.findIndex((one) => one.id === after)
    assert.ok(after === null || place >= 0, `the row before ${key} is there`)
    this.rows.splice(place + 1, 0, now)
  }

  /** The types of all that was told. */
  get types(): readonly string[] {
    return this.told.map(({ type }) => type)
  }

  /** Waits until it is so. */
  async until(what: string, isSo: (rows: Rows) => boolean, waitMs = 10_000): Promise<void> {
    for (let waited = 0; !isSo(this); waited += 5) {
      assert.ok(waited < waitMs, `${what}; told: ${JSON.stringify(this.told).slice(-2_000)}`)
      await sleep(5)
    }
  }
}

/** A stream of events under way. */
export interface Stream extends Rows {
  readonly status: number
  /** The body where it is no stream. */
  readonly problem: Readonly<Record<string, unknown>> | undefined
  readonly closed: Promise<void>
  readonly response: IncomingMessage
  close(): void
}

/** How a stream is asked for. */
export interface StreamOptions {
  readonly token?: string | undefined
  readonly cookie?: string
  readonly after?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  readonly body?: string
  /** Goes on from what another one knew. */
  readonly known?: Rows
}

class Events extends Rows implements Stream {
  readonly status: number
  problem: Readonly<Record<string, unknown>> | undefined
  readonly closed: Promise<void>
  readonly response: IncomingMessage
  readonly #request: ClientRequest
  #text = ''

  constructor(asked: ClientRequest, response: IncomingMessage, known: Rows | undefined) {
    super()
    if (known) this.rows = [...known.rows]
    this.#request = asked
    this.response = response
    this.status = response.statusCode ?? 0
    const isStream = response.headers['content-type'] === 'text/event-stream'
    response.setEncoding('utf8')
    response.on('data', (text: string) => {
      this.#text += text
      if (isStream) this.#cut()
    })
    response.on('error', () => undefined)
    this.closed = new Promise((resolve) => {
      response.on('close', () => {
        if (!isStream && this.#text !== '') this.problem = JSON.parse(this.#text) as object as never
        resolve()
      })
    })
  }

  close(): void {
    this.#request.destroy()
  }

  #cut(): void {
    const pieces = this.#text.split('\n\n')
    this.#text = pieces.pop() ?? ''
    for (const piece of pieces) {
      const fields = new Map<string, string>()
      for (const line of piece.split('\n')) {
        if (line.startsWith(':')) continue
        const [, name = '', text = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
        fields.set(name, text)
      }
      const type = fields.get('event')
      if (type === undefined) continue
      const data = JSON.parse(fields.get('data') || '{}') as Told['data']
      this.take({ type, cursor: fields.get('id'), data })
    }
  }
}

/** Follows an address over SSE. */
export function follow(url: string, options: StreamOptions = {}): Promise<Stream> {
  const { token, cookie, after, body, method = 'GET', headers = {} } = options
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method,
      agent: false,
      headers: {
        accept: 'text/event-stream',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(cookie === undefined ? {} : { cookie: `__Host-sid=${cookie}` }),
        ...(after === undefined ? {} : { 'last-event-id': after }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    })
    asked.on('response', (response) => resolve(new Events(asked, response, options.known)))
    asked.on('error', reject)
    asked.end(body)
  })
}
