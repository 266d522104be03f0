/** Owns the sending of the sandbox's webhooks: signed, repeated until they are answered well. */

import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { systemClock } from '../../base/time.ts'
import { signatureHeaders } from '../../webhooks/signature.ts'
import type { Book } from './book.ts'

const timeoutMs = 5_000
const attemptsMax = 30
const atOnce = 20
const firstPauseMs = 200
const pauseMsMax = 60_000

/** Sends what is due, and wakes up for what is due later. */
export class Deliveries {
  readonly #book: Book
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(book: Book) {
    this.#book = book
  }

  /** Notes that an event is to be sent, inside the caller's transaction. */
  add(eventId: string, { copies, delayMs }: { copies: number; delayMs: number }): void {
    for (let copy = 0; copy < copies; copy++) {
      const due = systemClock.now() + delayMs
      this.#book.run('insert into delivery (event, due) values (?, ?)', eventId, due)
    }
  }

  /** Sends what is due, soon. */
  wake(): void {
    if (this.#stopped) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#sending = this.#sending.then(() => this.#sendDue())
    }, 0)
  }

  /** Sends one event now, and waits for the answer. */
  async sendNow(eventId: string): Promise<void> {
    const sql = 'select id from delivery where event = ? and done is null order by id limit 1'
    const delivery = this.#book.row(sql, eventId)
    if (delivery) await this.#send(Number(delivery.id))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#sending
  }

  async #sendDue(): Promise<void> {
    const sql = 'select id from delivery where done is null and due <= ? order by due, id limit ?'
    const due = this.#book.rows(sql, systemClock.now(), atOnce)
    await Promise.all(due.map(({ id }) => this.#send(Number(id))))
    if (this.#stopped) return
    const next = this.#book.row('select min(due) as due from delivery where done is null')?.due
    if (next === null || next === undefined || !this.#endpoint()) return
    clearTimeout(this.#timer)
    const waitMs = Math.max(5, Number(next) - systemClock.now())
    this.#timer = setTimeout(() => this.wake(), Math.min(waitMs, pauseMsMax))
  }

  #endpoint(): string | undefined {
    const row = this.#book.row("select value from setting where name = 'endpoint'")
    return row && row.value !== '' ? String(row.value) : undefined
  }

  async #send(delivery: number): Promise<void> {
    const url = this.#endpoint()
    const sql = `select e.id, e.body, d.attempts from delivery d join event e on e.id = d.event
      where d.id = ?`
    const row = this.#book.row(sql, delivery)
    if (!url || !row) return
    const answer = await this.#post(url, String(row.id), String(row.body))
    if (this.#stopped) return
    const attempts = Number(row.attempts) + 1
    const well = /^2\d\d$/.test(answer)
    const done = well || attempts >= attemptsMax ? systemClock.now() : null
    const pause = Math.min(firstPauseMs * 2 ** attempts, pauseMsMax)
    const update = 'update delivery set attempts = ?, done = ?, answer = ?, due = ? where id = ?'
    this.#book.run(update, attempts, done, answer, systemClock.now() + pause, delivery)
  }

  async #post(url: string, id: string, text: string): Promise<string> {
    const body = new TextEncoder().encode(text)
    const secret = this.#book.setting('secret', () => '')
    const timestamp = Math.floor(this.#book.now() / 1000)
    const headers = await signatureHeaders({ id, timestamp, body }, [secret])
    return posted(url, body, { ...headers, 'content-type': 'application/json' })
  }
}

/** Sends a message on a connection of its own, held open by nobody. Returns the answer's word. */
function posted(url: string, body: Uint8Array, headers: Record<string, string>): Promise<string> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const request = send(url, { method: 'POST', headers, agent: false, signal }, (response) => {
      resolve(String(response.statusCode))
      // What it says is of no interest, and may be endless.
      response.destroy()
    })
    request.on('error', ({ message }) => resolve(message))
    request.end(body)
  })
}
