/** Owns what the client does in every runtime alike: one walk through all that it can. */

import { createClient, type Fetch } from 'plinth/client'
import type { Shop } from '../shop.ts'

/** Where, and as whom. */
export interface Walking {
  readonly url: string
  readonly email: string
  readonly password: string
}

/** Walks, and tells what was seen. */
export async function walk({ url, email, password }: Walking): Promise<Record<string, unknown>> {
  const client = createClient<Shop>({ url })
  const step = await client.auth.signIn({ email, password }).orThrow()
  const me = await client.auth.me().orThrow()
  const found = await client.data.product
    .find({ filter: { sku: 'A' }, fields: ['name', 'stock'] })
    .orThrow()
  const product = found.data[0]?.id ?? ''
  const dear = await client.actions.orders.buy({ product, quantity: 99 })
  const [order] = await client
    .batch((steps) => [steps.order.create({ number: 'R-1', ownerId: me.user?.id ?? '' })])
    .orThrow()
  const seen = await followed(client, product)
  const kept = await lostOnce(url, email, password)
  await client.auth.signOut().orThrow()
  const out = await client.data.tag.create({ name: 'nobody' })
  return {
    signedIn: step.is,
    email: me.user?.email,
    name: found.data[0]?.name,
    refused: dear.ok ? 'bought' : dear.failure.code,
    order: order.number,
    ...{ seen, kept },
    signedOut: out.ok ? 'made' : out.failure.code,
  }
}

type ShopClient = ReturnType<typeof createClient<Shop>>

/** Follows a list until a change of ours has come through it. */
function followed(client: ShopClient, product: string): Promise<readonly number[]> {
  const stocks: number[] = []
  return new Promise((resolve, reject) => {
    const stop = client.data.product.live(
      { filter: { sku: 'A' }, fields: ['stock'] },
      {
        next({ data }) {
          stocks.push(data[0]?.stock ?? -1)
          if (stocks.length === 1) void client.data.product.update(product, { stock: 41 })
          else {
            stop()
            resolve(stocks)
          }
        },
        failed: (failure) => reject(new Error(failure.detail)),
      },
    )
  })
}

/** Loses the answer of a write once: the client repeats it by itself, and it happens once. */
async function lostOnce(url: string, email: string, password: string): Promise<unknown> {
  let sent = 0
  const fetch: Fetch = async (address, request) => {
    const answer = await globalThis.fetch(address, request)
    if (!address.endsWith('/api/tags') || sent++ > 0) return answer
    await answer.text()
    throw new TypeError('lost')
  }
  const client = createClient<Shop>({ url, fetch })
  await client.auth.signIn({ email, password }).orThrow()
  const name = 'kept'
  const made = await client.data.tag.create({ name })
  const { count } = await client.data.tag.count({ filter: { name } }).orThrow()
  if (made.ok) await client.data.tag.delete(made.value.id)
  return { ok: made.ok, sent, count }
}
