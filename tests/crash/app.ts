/** Owns the app that is killed: orders, transfers, lists, and everything that follows a commit. */

import {
  anyone,
  app,
  belongsTo,
  boolean,
  id,
  integer,
  kit,
  list,
  object,
  text,
  webhooks,
} from 'plinth'
import { isSabotaged } from '../../packages/plinth/src/base/failpoint.ts'
import { operator } from './operator.ts'
import { outside } from './outside.ts'

const open = { read: anyone }
// What follows an order beside its events and its job; a run may leave some of it out.
const parts = new Set((process.env.CRASH_PARTS ?? 'workflows,mails,webhooks').split(','))

const shop = kit('shop', {
  models: {
    product: {
      fields: {
        name: text({ max: 40, unique: true }),
        stock: integer({ min: 0 }),
        initial: integer({ min: 0 }),
      },
      access: open,
    },
    coupon: {
      fields: {
        code: text({ max: 40, unique: true }),
        used: integer({ min: 0 }),
        usesMax: integer({ min: 0 }),
      },
      access: open,
    },
    order: {
      fields: {
        reference: text({ max: 40, unique: true }),
        product: belongsTo('product'),
        quantity: integer({ min: 1 }),
        amount: integer({ min: 0 }),
        coupon: text({ max: 40, optional: true }),
      },
      access: open,
      audit: true,
    },
    // What handlers, jobs and steps have done: a row each time, so that twice is seen.
    effect: {
      fields: {
        reference: text({ max: 40 }),
        by: text({ max: 40 }),
        note: text({ optional: true }),
      },
      access: open,
      indexes: [['reference']],
    },
    account: {
      fields: { name: text({ max: 40, unique: true }), balance: integer({ min: 0 }) },
      access: open,
    },
    entry: {
      fields: {
        reference: text({ max: 40 }),
        account: belongsTo('account'),
        amount: integer(),
      },
      access: open,
    },
    // Read and written over REST alone, by whoever likes to.
    cell: {
      fields: { number: integer() },
      access: { read: anyone, write: anyone },
    },
    register: {
      fields: { name: text({ max: 40, unique: true }), content: text({ max: 10_000 }) },
      access: open,
    },
  },
})

const placed = shop.event(
  'placed',
  { reference: text(), amount: integer(), product: text(), order: text() },
  { subject: ({ product }) => product },
)

const noticed = shop.signal('noticed', { reference: text() })

const receipt = shop.mail('receipt', {
  input: { reference: text(), amount: integer() },
  subject: ({ reference }) => `Order ${reference}`,
  text: ({ reference, amount }) => `Thank you for your order ${reference} of ${amount}.`,
})

const quick = { attemptsMax: 1_000, delayMs: 50, factor: 1 }

shop.on(placed, {
  name: 'tally',
  retry: quick,
  async run({ event, data }) {
    await data.unrestricted.effect.create({ reference: event.data.reference, by: 'tally' })
  },
})

shop.on(placed, {
  name: 'notice',
  retry: quick,
  async run({ event, data, signal }) {
    const { reference, order: made } = event.data
    await data.unrestricted.effect.create({ reference, by: 'notice' })
    if (parts.has('workflows')) await signal(made, noticed, { reference })
  },
})

const charge = shop.job('charge', {
  input: { reference: text(), amount: integer() },
  retry: quick,
  key: ({ reference }) => `charge ${reference.split('-')[0]}`,
  external: ({ input, idempotencyKey }) => {
    if (isSabotaged('effect-before-commit')) return Promise.resolve({ charge: 'before' })
    return outside.charge(input, idempotencyKey)
  },
  async run({ input, result, data }) {
    const note = `${result.charge} ${input.amount}`
    await data.unrestricted.effect.create({ reference: input.reference, by: 'charge', note })
  },
})

const fulfil = shop.workflow('fulfil', {
  input: { reference: text(), amount: integer(), fails: boolean() },
  async run({ input, step, external, sleep, waitForSignal, fail }) {
    const { reference, amount } = input
    await step(
      'pick',
      async ({ data }) => {
        await data.unrestricted.effect.create({ reference, by: 'pick' })
      },
      {
        async undo({ data }) {
          await data.unrestricted.effect.create({ reference, by: 'unpick' })
        },
      },
    )
    await external('parcel', ({ idempotencyKey }) => outside.parcel(reference, idempotencyKey), {
      retry: quick,
      undoExternal: ({ idempotencyKey }) => outside.recall(reference, idempotencyKey),
    })
    await sleep('rest', 20)
    const word = await waitForSignal('noticed', noticed, { timeout: 'P30D' })
    if (word?.reference !== reference) fail('It was noticed by another.')
    if (input.fails) fail('It was broken on the way.')
    await step('ship', async ({ data }) => {
      await data.unrestricted.effect.create({ reference, by: 'ship', note: String(amount) })
    })
  },
})

const order = shop.action('order', {
  input: {
    reference: text({ max: 40 }),
    product: id('product'),
    quantity: integer({ min: 1, max: 9, default: 1 }),
    coupon: id('coupon', { optional: true }),
    fails: boolean({ default: false }),
  },
  output: 'order',
  allow: anyone,
  money: true,
  // Every limit holds by itself, so it must hold under the lower isolation too.
  isolation: process.env.CRASH_ISOLATION === 'low' ? 'read committed' : 'serializable',
  failures: { sold_out: { detail: 'Nothing is left.' }, used_up: { detail: 'No coupon is left.' } },
  async run({ input, data, emit, enqueue, send, start, fail }) {
    const { reference, product, quantity, coupon } = input
    const free = data.unrestricted
    if (!(await free.product.takeWithinLimit(product, { from: 'stock', quantity }))) {
      throw fail('sold_out')
    }
    const using = { into: 'used', limit: 'usesMax' } as const
    if (coupon !== null && !(await free.coupon.takeWithinLimit(coupon, using))) {
      throw fail('used_up')
    }
    const amount = quantity * (coupon === null ? 100 : 90)
    if (isSabotaged('effect-before-commit')) await outside.charge({ reference, amount }, reference)
    const made = await free.order.create({
      ...{ reference, productId: product, quantity, amount },
      ...(coupon === null ? {} : { coupon }),
    })
    emit(placed, { reference, amount, product, order: made.id })
    await enqueue(charge, { reference, amount })
    if (parts.has('mails')) {
      await send(receipt, { to: `${reference}@customers.example`, input: { reference, amount } })
    }
    if (parts.has('workflows')) {
      await start(fulfil, { reference, amount, fails: input.fails }, { id: made.id })
    }
    return made
  },
})

shop.action('transfer', {
  input: {
    reference: text({ max: 40 }),
    from: id('account'),
    to: id('account'),
    amount: integer({ min: 1, max: 1_000 }),
  },
  allow: anyone,
  money: true,
  failures: { not_enough: { detail: 'The account does not hold so much.' } },
  async run({ input, data, fail }) {
    const { reference, from, to, amount } = input
    const { account, entry } = data.unrestricted
    // Always in one order, so that two never wait for each other.
    for (const one of [from, to].toSorted()) await account.lock(one)
    if (!(await account.takeWithinLimit(from, { from: 'balance', quantity: amount }))) {
      throw fail('not_enough')
    }
    await account.giveBack(to, { from: 'balance', quantity: amount })
    await entry.create({ reference, accountId: from, amount: -amount })
    await entry.create({ reference, accountId: to, amount })
  },
})

shop.action('balances', {
  output: { accounts: list({ name: text(), balance: integer() }) },
  allow: anyone,
  safe: true,
  async run({ data }) {
    const { data: found } = await data.unrestricted.account.find({ limit: 100 })
    return { accounts: found.map(({ name, balance }) => ({ name, balance })) }
  },
})

const steps = {
  reference: text({ max: 40 }),
  steps: list({ key: id('register'), append: integer({ optional: true }) }, { max: 8 }),
}
// As many as the text of a register holds.
const seen = { lists: list({ key: text(), values: list(integer(), { max: 1_000 }) }) }

interface Steps {
  readonly steps: readonly { readonly key: string; readonly append: number | null }[]
}

interface Registers {
  get(id: string): Promise<{ readonly content: string }>
  update(id: string, patch: { readonly content: string }): Promise<unknown>
}

/** Reads and appends as it is told: read, then write, so that only the isolation orders them. */
async function walk({ steps: told }: Steps, register: Registers) {
  const lists: { key: string; values: number[] }[] = []
  for (const { key, append } of told) {
    const { content } = await register.get(key)
    const values = content === '' ? [] : content.split(',').map(Number)
    if (append === null) lists.push({ key, values })
    else await register.update(key, { content: [...values, append].join(',') })
  }
  return { lists }
}

shop.action('walk', {
  input: steps,
  output: seen,
  allow: anyone,
  run: ({ input, data }) => walk(input, data.unrestricted.register),
})

/** The same with a lower isolation: the checker must find what goes wrong in it. */
shop.action('walkLoosely', {
  input: steps,
  output: seen,
  allow: anyone,
  isolation: 'read committed',
  run: ({ input, data }) => walk(input, data.unrestricted.register),
})

/** Places an order of the same parts from within another action. */
shop.action('orderTwice', {
  input: {
    first: object({ reference: text(), product: id('product') }),
    second: text({ max: 40 }),
  },
  allow: anyone,
  money: true,
  async run({ input, call }) {
    const { reference, product } = input.first
    await call(order, { reference, product })
    await call(order, { reference: input.second, product })
  },
})

export default app({
  title: 'Crash',
  kits: parts.has('webhooks') ? [shop, webhooks] : [shop],
  async seed({ data, createUser }) {
    await createUser({ ...operator, roles: ['admin'] })
    for (let at = 0; at < 8; at++) {
      // One of them sells out; the others outlast the longest run.
      const stock = at === 0 ? 500 : 1_000_000
      await data.product.create({ name: `p${at}`, stock, initial: stock })
      await data.account.create({ name: `a${at}`, balance: 1_000 })
      await data.coupon.create({ code: `c${at}`, used: 0, usesMax: 10 + at * 20 })
    }
    for (let at = 0; at < 200; at++) await data.register.create({ name: `k${at}`, content: '' })
  },
})
