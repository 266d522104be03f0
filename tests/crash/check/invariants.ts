/** Owns the invariants of orders: what must hold between rows, effects and receivers at the end. */

import type { Anomaly, Operation, Outcome } from './history.ts'
import { checkHeld, checkQueue, type QueueIn, type QueueOut } from './queue.ts'
import { checkSet } from './set.ts'

/** Everything that stands at the end of a run, as plain rows. */
export interface Facts {
  readonly orders: readonly OrderRow[]
  /** What handlers, jobs and steps have done. */
  readonly effects: readonly { readonly reference: string; readonly by: string }[]
  readonly products: readonly {
    readonly id: string
    readonly stock: number
    readonly initial: number
  }[]
  readonly coupons: readonly {
    readonly id: string
    readonly used: number
    readonly usesMax: number
  }[]
  readonly entries: readonly { readonly account: string; readonly amount: number }[]
  readonly accounts: readonly {
    readonly id: string
    readonly balance: number
    readonly initial: number
  }[]
  /** Deliveries that had an effect at a receiver. */
  readonly received: readonly Received[]
  /** For how long which process asked for a charge. */
  readonly held: readonly QueueOut[]
  /** Ids of audited creations of orders. */
  readonly audited: readonly string[]
  /** Jobs that are neither done nor cancelled. */
  readonly unfinished: readonly string[]
}

/** An order as it is stored. */
export interface OrderRow {
  readonly id: string
  readonly reference: string
  readonly product: string
  readonly quantity: number
  readonly amount: number
  readonly coupon: string | null
}

/** What a receiver took for the first time. */
export interface Received {
  readonly route: string
  readonly key: string
  readonly reference: string
  readonly amount: number
}

/** One order that was asked for. */
interface Asked {
  readonly reference: string
  /** True: its workflow fails on the way, and is undone. */
  readonly fails: boolean
  readonly outcome: Outcome
  readonly endedAt: number
}

/** Which parts are checked; a part that an app lacks is left out. */
export interface Parts {
  readonly workflows: boolean
  readonly mails: boolean
  readonly webhooks: boolean
  readonly audit: boolean
}

/** All parts, but those that a run leaves out. */
export function partsOf(chosen: Readonly<Partial<Parts>> = {}): Parts {
  return { workflows: true, mails: true, webhooks: true, audit: true, ...chosen }
}

/** Every invariant between what was acknowledged, what is stored and what the world has seen. */
export function checkOrders(
  operations: readonly Operation[],
  facts: Facts,
  parts: Parts,
): readonly Anomaly[] {
  const asked = operations.flatMap(askedOf)
  return [
    ...halves(operations, facts),
    ...named('orders', acknowledged(asked, facts)),
    ...consequences(asked, facts, parts),
    ...stock(facts),
    ...coupons(facts),
    ...money(facts),
    ...accounts(facts),
    ...named('charge', checkHeld(facts.held)),
    ...facts.unfinished.map((detail) => ({ kind: 'job left over', detail })),
  ]
}

function askedOf({ op, request, outcome, endedAt }: Operation): readonly Asked[] {
  if (op === 'order') {
    const { reference, fails } = request as { reference: string; fails: boolean }
    return [{ reference, fails, outcome, endedAt }]
  }
  if (op !== 'twice') return []
  return pairOf(request).map((reference) => ({ reference, fails: false, outcome, endedAt }))
}

function pairOf(request: unknown): readonly string[] {
  const { first, second } = request as { first: { reference: string }; second: string }
  return [first.reference, second]
}

/** Two orders of one transaction: both are there, or none. */
function halves(operations: readonly Operation[], { orders }: Facts): readonly Anomaly[] {
  const there = new Set(orders.map(referenceOf))
  return operations.flatMap(({ op, request }) => {
    if (op !== 'twice') return []
    const count = pairOf(request).filter((reference) => there.has(reference)).length
    return count === 1 ? [{ kind: 'half a transaction', detail: pairOf(request).join() }] : []
  })
}

function acknowledged(asked: readonly Asked[], { orders }: Facts): readonly Anomaly[] {
  const adds = asked.map(({ reference, outcome, endedAt }) => {
    return { element: reference, outcome, endedAt }
  })
  const elements = orders.map(({ reference }) => reference)
  return checkSet(adds, [{ id: 'the end', begunAt: Number.POSITIVE_INFINITY, elements }])
}

/** Whatever follows from an order follows exactly once, and from nothing else. */
function consequences(
  asked: readonly Asked[],
  { orders, effects, received, audited }: Facts,
  parts: Parts,
): readonly Anomaly[] {
  const failing = new Set(asked.filter(({ fails }) => fails).map(referenceOf))
  const all = orders.map(referenceOf)
  const fine = all.filter((reference) => !failing.has(reference))
  const broken = all.filter((reference) => failing.has(reference))
  const did = (by: string): readonly string[] =>
    effects.filter((each) => each.by === by).map(referenceOf)
  const took = (route: string): readonly string[] =>
    received.filter((each) => each.route === route).map(referenceOf)
  const once = (name: string, from: readonly string[], to: readonly string[]) =>
    named(name, checkQueue(from.map(inOf), to.map(outOf)))
  return [
    ...once('tally', all, did('tally')),
    ...once('notice', all, did('notice')),
    ...once('charge', all, did('charge')),
    ...once('charges received', all, took('charges')),
    ...(parts.workflows
      ? [
          ...once('pick', all, did('pick')),
          ...once('parcels received', all, took('parcels')),
          ...once('ship', fine, did('ship')),
          ...once('unpick', broken, did('unpick')),
          ...once('recalls received', broken, took('recalls')),
        ]
      : []),
    ...(parts.mails ? once('mails received', all, took('mail')) : []),
    ...(parts.webhooks ? once('webhooks received', all, took('webhooks')) : []),
    ...(parts.audit
      ? once(
          'audit',
          orders.map(({ id }) => id),
          audited,
        )
      : []),
  ]
}

function referenceOf({ reference }: { readonly reference: string }): string {
  return reference
}

function inOf(element: string): QueueIn {
  return { element, outcome: 'ok' }
}

function outOf(element: string): QueueOut {
  return { element }
}

function stock({ products, orders }: Facts): readonly Anomaly[] {
  return products.flatMap(({ id, stock: left, initial }) => {
    const sold = sumOf(orders.filter(({ product }) => product === id).map((each) => each.quantity))
    if (left + sold === initial && left >= 0) return []
    const detail = `product ${id}: ${left} left and ${sold} sold of ${initial}`
    return [{ kind: 'stock', detail }]
  })
}

function coupons({ coupons: all, orders }: Facts): readonly Anomaly[] {
  return all.flatMap(({ id, used, usesMax }) => {
    const count = orders.filter(({ coupon }) => coupon === id).length
    if (count === used && used <= usesMax) return []
    const detail = `coupon ${id}: ${used} of ${usesMax} uses noted, ${count} made`
    return [{ kind: 'coupon', detail }]
  })
}

/** What the provider took is what the books say. */
function money({ orders, received }: Facts): readonly Anomaly[] {
  const charges = received.filter(({ route }) => route === 'charges')
  const taken = sumOf(charges.map(({ amount }) => amount))
  const booked = sumOf(orders.map(({ amount }) => amount))
  if (taken === booked) return []
  return [{ kind: 'money', detail: `${taken} taken at the provider, ${booked} in the books` }]
}

function accounts({ accounts: all, entries }: Facts): readonly Anomaly[] {
  const anomalies = all.flatMap(({ id, balance, initial }) => {
    const moved = sumOf(entries.filter(({ account }) => account === id).map((each) => each.amount))
    if (balance === initial + moved && balance >= 0) return []
    return [{ kind: 'balance', detail: `account ${id}: ${balance} in place of ${initial + moved}` }]
  })
  const sum = sumOf(entries.map(({ amount }) => amount))
  return sum === 0 ? anomalies : [...anomalies, { kind: 'ledger', detail: `entries sum to ${sum}` }]
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => one + other, 0)
}

function named(name: string, anomalies: readonly Anomaly[]): readonly Anomaly[] {
  return anomalies.map(({ kind, detail }) => ({ kind: `${name}: ${kind}`, detail }))
}
