/** Owns the app of the proofs of webhooks: a shop whose orders tell their buyers. */

import type { TestContext } from 'node:test'
import { app, id, integer, kit, text, webhooks } from '../../../index.ts'
import { type TestOptions, type TestUser, testApp } from '../../../testing/test-app.ts'

const shop = kit('shop', { models: { tally: { fields: { stock: integer() } } } })

const placed = shop.event(
  'placed',
  { order: text(), buyer: id('user'), total: integer() },
  { subject: ({ order }) => order, audience: ({ buyer }) => buyer },
)
const counted = shop.event('counted', { stock: integer() })

shop.on(counted, async ({ event, data }) => {
  await data.unrestricted.tally.create({ stock: event.data.stock })
})

/** Records both kinds of events. */
export const place = shop.action('place', {
  input: { order: text(), buyer: id('user'), stock: integer({ optional: true }) },
  allow: ({ me }) => me.signedIn,
  async run({ input, emit }) {
    emit(placed, { order: input.order, buyer: input.buyer, total: 255 })
    if (input.stock !== null) emit(counted, { stock: input.stock })
  },
})

/** The app itself. */
export const store = app({ title: 'Shop', kits: [shop, webhooks] })

/** An endpoint as it was added. */
export interface Added {
  readonly id: string
  readonly secret?: string
  readonly publicKey?: string
}

/** Opens the shop. */
export async function openShop(t: TestContext, options: TestOptions = {}) {
  const opened = await testApp(store, options)
  t.after(() => opened.close())
  const add = async (as: TestUser, body: object): Promise<Added> => {
    const answer = await opened.request('POST', '/api/webhooks/add-endpoint', { as, body })
    if (answer.status !== 201) throw new Error(answer.text)
    return answer.json() as Added
  }
  return {
    ...opened,
    add,
    order: (order: string, buyer: TestUser, stock?: number) =>
      opened.call(
        place,
        stock === undefined ? { order, buyer: buyer.id } : { order, buyer: buyer.id, stock },
      ),
  }
}

/** The shop. */
export type Shop = Awaited<ReturnType<typeof openShop>>
