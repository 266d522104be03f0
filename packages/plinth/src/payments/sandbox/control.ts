/** Owns what a test or a person tells the sandbox itself: faults, its clock, its endpoint. */

import { systemClock } from '../../base/time.ts'
import { failure, fine, type SandboxParts, type SandboxRequest } from './exchange.ts'
import { orderFaults } from './faults.ts'
import type { Answer } from './operations.ts'
import { summarise } from './summary.ts'

type Control = (parts: SandboxParts, request: SandboxRequest) => Answer

const controls: Readonly<Record<string, Control>> = {
  'GET /health': () => fine({ ok: true }),
  'GET /charges': ({ book }) => fine(summarise(book)),
  'GET /faults': ({ book }) => fine(book.rows('select * from fault order by id')),
  'POST /faults': orderMisbehaviour,
  'DELETE /faults': ({ book }) => fine({ removed: book.run('delete from fault') }),
  'GET /deliveries': ({ book }) => fine(book.rows('select * from delivery order by id')),
  'GET /events': ({ book }) => fine(book.rows('select * from event order by created, id')),
  'POST /resend': resend,
  'PUT /endpoint': moveEndpoint,
  'PUT /clock': moveClock,
}

/** Answers everything that is no payment. */
export function answerControl(parts: SandboxParts, request: SandboxRequest): Answer {
  const control = controls[`${request.method} ${request.path}`]
  return control?.(parts, request) ?? failure(404, 'There is nothing here.')
}

function orderMisbehaviour({ book }: SandboxParts, { input }: SandboxRequest): Answer {
  const problem = book.transaction(() => orderFaults(book, input))
  return problem === undefined ? fine({ ok: true }) : failure(422, problem)
}

/** Sends events again, all or one: as a provider's support would. */
function resend({ book, deliveries }: SandboxParts, { input }: SandboxRequest): Answer {
  const { event } = (input ?? {}) as { event?: unknown }
  const all = book.rows('select id from event').map(({ id }) => String(id))
  const chosen = typeof event === 'string' ? all.filter((id) => id === event) : all
  book.transaction(() => {
    for (const id of chosen) deliveries.add(id, { copies: 1, delayMs: 0 })
  })
  deliveries.wake()
  return fine({ sent: chosen.length })
}

function moveEndpoint({ book, deliveries }: SandboxParts, { input }: SandboxRequest): Answer {
  const { url } = (input ?? {}) as { url?: unknown }
  if (typeof url !== 'string' || (url !== '' && !URL.canParse(url))) {
    return failure(422, 'Give {"url": "http://127.0.0.1:3000/webhooks/…"}.')
  }
  book.keep('endpoint', url)
  deliveries.wake()
  return fine({ url })
}

function moveClock({ book }: SandboxParts, { input }: SandboxRequest): Answer {
  const { now } = (input ?? {}) as { now?: unknown }
  const ms = typeof now === 'string' ? Date.parse(now) : Number.NaN
  if (Number.isNaN(ms)) return failure(422, 'Give {"now": "2026-01-01T00:00:00Z"}.')
  book.keep('offset', String(ms - systemClock.now()))
  return fine({ now })
}
