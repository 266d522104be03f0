/** Owns the proof of a client's types: what comes is typed exactly, what is wrong is an error. */

import { createClient, type Result } from 'plinth/client'
import { createHooks } from 'plinth/client/react'
import type { praised, Shop, shelf } from '../client/shop.ts'

/** True only where two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

function same<A, B>(proof: Same<A, B>): void {
  void proof
}

const client = createClient<Shop>({ url: '' })
type Money = { readonly amount: number; readonly currency: 'GBP' }

/** Never called: the types are the test. */
export async function positive(id: string): Promise<void> {
  const page = await client.data.product
    .find({
      fields: ['sku', 'price', 'views', 'weight', 'from', 'state'],
      filter: { stock: { gt: 1 }, category: { name: 'x' }, lines: { some: { quantity: 1 } } },
      include: { category: { fields: ['name'] }, lines: { include: { order: true } } },
      sort: ['-createdAt'],
    })
    .orThrow()
  const [product] = page.data
  if (!product) return
  same<typeof product.price, Money>(true)
  same<typeof product.views, string>(true)
  same<typeof product.weight, string | null>(true)
  same<typeof product.from, string | null>(true)
  same<typeof product.state, 'new' | 'used'>(true)
  same<NonNullable<typeof product.category>, { readonly id: string; readonly name: string }>(true)
  same<(typeof product.lines)[0]['quantity'], number>(true)
  same<typeof product.$more, readonly 'lines'[] | undefined>(true)
  const names = ['id', 'sku', 'price', 'views', 'weight', 'from', 'state'] as const
  type Names = (typeof names)[number] | 'category' | 'lines' | '$more'
  same<keyof typeof product, Names>(true)
  const order: string | undefined = product.lines[0]?.order?.number
  void order

  const one = await client.data.product.get(id, { fields: ['name'] })
  same<typeof one, Result<{ readonly id: string; readonly name: string }>>(true)
  const whole = await client.data.product.get({ sku: 'A' }).orThrow()
  same<typeof whole.version, number>(true)
  same<typeof whole.categoryId, string | null>(true)
  for await (const { sku } of client.data.product.each({ fields: ['sku'] })) {
    same<typeof sku, string>(true)
  }

  const bought = await client.actions.orders.buy({ product: id })
  if (bought.ok) same<NonNullable<typeof bought.value>['stock'], number>(true)
  else if (bought.failure.code === 'sold_out' || bought.failure.code === 'too_early') void bought
  const quoted = await client.actions.orders.quote({ lines: [] }).orThrow()
  same<typeof quoted, { readonly total: Money; readonly note: string | null }>(true)
  same<Awaited<ReturnType<typeof client.actions.orders.ping>>, Result<undefined>>(true)
  const later = await client.actions.orders.buy.later({ product: id, quantity: 2 }).orThrow()
  same<Awaited<ReturnType<typeof later.wait>>, typeof bought>(true)
  await client.data.order.actions.renameOrder({ order: id, number: 'x' })

  const [made, line] = await client
    .batch((steps) => {
      const first = steps.order.create({ number: 'N', ownerId: id })
      return [first, steps.line.create({ orderId: first.id, productId: id, quantity: 1 })]
    })
    .orThrow()
  same<typeof made.number, string>(true)
  same<typeof line.quantity, number>(true)
  await client.data.product.upsert(
    { sku: 'A' },
    { name: 'x', price: { amount: 1, currency: 'GBP' } },
  )
}

/** Never called: the types are the test. */
export async function signIn(): Promise<void> {
  const step = await client.auth.signIn({ email: 'x', password: 'y' }).orThrow()
  if (step.is === 'secondFactor') await step.byCode('1')
  else same<typeof step.user.email, string | null>(true)
}

/** Never called: the types are the test. */
export function rooms(): void {
  const params = { name: 'top' } as const
  const room = client.channel<typeof shelf>('orders.shelf', params, {
    presence: { mood: 'bad' },
    message(data, from) {
      same<typeof data, { readonly text: string; readonly loud: boolean }>(true)
      same<typeof from.who, string | null>(true)
    },
    present(members) {
      same<(typeof members)[0]['state'], { readonly mood: 'good' | 'bad' }>(true)
    },
  })
  room.publish({ text: 'x' })
  room.show({})
  const hooks = createHooks<Shop>()
  const { present, messages } = hooks.useChannel<typeof shelf>('orders.shelf', params)
  same<(typeof present)[0]['state']['mood'], 'good' | 'bad'>(true)
  same<NonNullable<(typeof messages)[0]>['data']['loud'], boolean>(true)
  const { events } = hooks.useEvents<typeof praised>('orders.praised')
  same<NonNullable<(typeof events)[0]>['data']['stars'], number>(true)
  // @ts-expect-error there is no such channel
  client.channel<typeof shelf>('orders.shelve', params, {})
  // @ts-expect-error a room has a name
  client.channel<typeof shelf>('orders.shelf', {}, {})
  // @ts-expect-error a number is no text
  room.publish({ text: 1 })
  // @ts-expect-error there is no such mood
  room.show({ mood: 'odd' })
  // @ts-expect-error an event is no channel
  hooks.useChannel<typeof praised>('orders.praised', {})
  // @ts-expect-error there is no such event
  hooks.useEvents<typeof praised>('orders.prized')
}

/** Never called: each line is an error, so that the compiler fails where one is none. */
export function negative(id: string): void {
  // @ts-expect-error there is no such model
  void client.data.prodct
  // @ts-expect-error there is no such field
  void client.data.product.find({ fields: ['sku', 'nmae'] })
  // @ts-expect-error there is no such field to filter by
  void client.data.product.find({ filter: { name: 'x', nmae: 'y' } })
  // @ts-expect-error a number is no text
  void client.data.product.find({ filter: { stock: 'x' } })
  // @ts-expect-error numbers contain nothing
  void client.data.product.find({ filter: { stock: { contains: '1' } } })
  // @ts-expect-error there is no such state
  void client.data.product.find({ filter: { state: 'broken' } })
  // @ts-expect-error there is no such relation
  void client.data.product.find({ include: { category: true, categry: true } })
  // @ts-expect-error there is no such relation of the included record
  void client.data.product.find({ include: { lines: { include: { order: true, ordr: true } } } })
  // @ts-expect-error there is no such field of the included record
  void client.data.product.find({ include: { category: { fields: ['nme'] } } })
  // @ts-expect-error there is no such option
  void client.data.product.find({ include: { lines: { limit: 5, lmit: 5 } } })
  // @ts-expect-error nothing to sort by
  void client.data.product.find({ sort: ['-prise'] })
  // @ts-expect-error there is no such option
  void client.data.product.find({ limt: 5, limit: 5 })
  // @ts-expect-error one record has no filter
  void client.data.product.get(id, { filter: { stock: 1 }, fields: ['name'] })
  // @ts-expect-error a price is missing
  void client.data.product.create({ sku: 'A', name: 'x' })
  // @ts-expect-error another currency
  void client.data.product.update(id, { price: { amount: 1, currency: 'EUR' } })
  // @ts-expect-error there is no such field
  void client.data.product.update(id, { stok: 1 })
  // @ts-expect-error no key of a product
  void client.data.product.get({ skew: 'A' })
  // @ts-expect-error there is no such action
  void client.actions.orders.bye({ product: id })
  // @ts-expect-error it stands at the model
  void client.actions.orders.renameOrder
  // @ts-expect-error it takes an input
  void client.actions.orders.buy()
  // @ts-expect-error the quantity is a number
  void client.actions.orders.buy({ product: id, quantity: '1' })
  void client.actions.orders.buy({ product: id }).then((result) => {
    // @ts-expect-error nobody has looked whether there is a value
    void result.value
    // @ts-expect-error no failure of this action
    if (!result.ok) void (result.failure.code === 'same')
  })
  void client.data.product.find({ fields: ['sku'] }).then((result) => {
    // @ts-expect-error it was not asked for
    if (result.ok) void result.value.data[0]?.name
    // @ts-expect-error it was not included
    if (result.ok) void result.value.data[0]?.category
  })
  // @ts-expect-error a reference is no text
  void client.batch(({ order }) => [order.create({ number: order.delete('x').id, ownerId: id })])
}
