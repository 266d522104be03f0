/** Owns reading what stands at the end: plain SQL, past the framework, and the receivers' files. */

import pg from 'pg'
import type { Facts, Received } from '../check/invariants.ts'
import { pause } from '../harness/processes.ts'
import { readDeliveries, readSpans } from '../receiver/ledger.ts'
import type { System } from './system.ts'

/** One look at the database, as a stranger has it. */
export type Ask = <R extends object>(text: string) => Promise<readonly R[]>

/** Works on a connection of its own. */
export async function asking<T>({ socket }: System, work: (ask: Ask) => Promise<T>): Promise<T> {
  const client = new pg.Client({ host: socket, port: 5432, user: 'plinth', database: 'postgres' })
  // It dies with its server: then the question fails, and nothing else.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(async <R extends object>(text: string) => {
      const { rows } = await client.query(text)
      return rows as readonly R[]
    })
  } finally {
    await client.end().catch(() => undefined)
  }
}

const left = `select name || ' ' || state || coalesce(' ' || error, '') as job from plinth.job
  where state not in ('done', 'cancelled')`

/**
 * Waits until nothing is left to do; what waits for a later time gets it, by the app's clock.
 * Returns what is left, where it takes too long.
 */
export async function untilDrained(system: System, timeoutMs = 60_000): Promise<readonly string[]> {
  const endMs = performance.now() + timeoutMs
  for (;;) {
    const unfinished = await whatIsLeft(system)
    const dead = unfinished.every((job) => / failed/.test(job))
    if (dead || performance.now() > endMs) return unfinished
    // What was put off while a clock was ahead has others of its key waiting behind it.
    const idle = unfinished.every((job) => / (?:failed|delayed|retrying|waiting)/.test(job))
    const later = idle && unfinished.some((job) => / (?:delayed|retrying)/.test(job))
    if (later) await system.nodes[0]?.advanceClock('PT1H')
    await pause(later ? 1_000 : 100)
  }
}

function whatIsLeft(system: System): Promise<readonly string[]> {
  return asking(system, async (ask) => {
    const jobs = await ask<{ job: string }>(left)
    const [unseen] = await ask<{ count: string }>(
      'select count(*) as count from plinth.event where position is null',
    )
    const waiting = Number(unseen?.count ?? 0)
    return [...jobs.map(({ job }) => job), ...(waiting > 0 ? [`${waiting} events unseen`] : [])]
  })
}

/** Reads everything that the invariants are about. */
export function readFacts(system: System, unfinished: readonly string[]): Promise<Facts> {
  return asking(system, async (ask) => ({
    orders: (
      await ask<
        { id: string; reference: string; product: string; coupon: string | null } & Amounts
      >(`select id, reference, product_id as product, quantity, amount, coupon from shop."order"`)
    ).map((row) => ({ ...row, quantity: Number(row.quantity), amount: Number(row.amount) })),
    effects: await ask('select reference, "by" from shop.effect'),
    products: (
      await ask<Numbers>('select id, stock as one, initial as other from shop.product')
    ).map(({ id, one, other }) => ({ id, stock: Number(one), initial: Number(other) })),
    coupons: (await ask<Numbers>('select id, used as one, uses_max as other from shop.coupon')).map(
      ({ id, one, other }) => ({ id, used: Number(one), usesMax: Number(other) }),
    ),
    entries: (
      await ask<{ account: string; amount: string }>(
        'select account_id as account, amount from shop.entry',
      )
    ).map(({ account, amount }) => ({ account, amount: Number(amount) })),
    accounts: (
      await ask<Numbers>('select id, balance as one, 1000 as other from shop.account')
    ).map(({ id, one, other }) => ({ id, balance: Number(one), initial: Number(other) })),
    received: receivedBy(system),
    held: readSpans(system.receivedFile('http'))
      .filter(({ route }) => route === 'charges')
      .map(({ key, by, ...span }) => ({ element: key, taker: String(by), ...span })),
    audited: (
      await ask<{ record: string }>(
        `select record from plinth.audit where model = 'order' and verb = 'create'`,
      )
    ).map(({ record }) => record),
    unfinished,
  }))
}

interface Amounts {
  readonly quantity: string
  readonly amount: string
}

interface Numbers {
  readonly id: string
  readonly one: string
  readonly other: string
}

function receivedBy(system: System): readonly Received[] {
  const files = [system.receivedFile('http'), system.receivedFile('mail')]
  const deliveries = files.flatMap(readDeliveries).filter(({ effective }) => effective)
  return deliveries.map(({ route, key, body }) => {
    if (route === 'mail') return { route, key, reference: subjectOf(body), amount: 0 }
    const { reference = '', amount = 0, data } = body as Partial<Received> & { data?: unknown }
    const inner = (data ?? {}) as Partial<Received>
    return { route, key, reference: reference || (inner.reference ?? ''), amount }
  })
}

/** The subject of a receipt is `Order <reference>`. */
function subjectOf(body: unknown): string {
  return String(body).replace(/^Order /, '')
}

/** The lists as they stand. */
export async function readRegisters(
  system: System,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const rows = await asking(system, (ask) => {
    return ask<{ id: string; content: string }>('select id, content from shop.register')
  })
  return new Map(
    rows.map(({ id, content }) => [id, content === '' ? [] : content.split(',').map(Number)]),
  )
}
