/** Owns the scene of the store's matrix: two customers, staff, and a canary in every hidden value. */

import store from '../../examples/store/app.ts'
import { type TestUser, testApp } from '../../packages/plinth/src/testing.ts'

type Shop = Awaited<ReturnType<typeof openShop>>

const openShop = () => testApp(store)

/** The store with people and things in it. */
export interface Scene {
  readonly app: Shop
  readonly people: Readonly<Record<Person, TestUser | 'anonymous'>>
  /** Who must not be told which words, whatever they ask. */
  readonly forbidden: Readonly<Record<Person, readonly string[]>>
  /** Who must be told which words, where they ask for everything. */
  readonly granted: Readonly<Record<Person, readonly string[]>>
}

/** Who asks. */
export type Person = 'guest' | 'alice' | 'bob' | 'staff'

const secretHash = 'canaryPasswordHash'
const amounts = { published: 7_770_001, hidden: 7_770_002, alice: 8_880_001, bob: 8_880_002 }

/** Fills a store. */
export async function openScene(): Promise<Scene> {
  const app = await openShop()
  const person = async (name: string, roles: readonly string[] = []): Promise<TestUser> => {
    const user = await app.user({
      name: `canary-${name}-person`,
      email: `canary-${name}@x.example`,
      roles,
    })
    await app.data.user.update(user.id, { passwordHash: `${secretHash}-${name}` })
    return user
  }
  const [alice, bob, staff] = [
    await person('alice'),
    await person('bob'),
    await person('sam', ['staff']),
  ]
  const products = await fillCatalog(app)
  await app.data.review.create({
    productId: products.published.id,
    authorId: alice.id,
    rating: 5,
    body: 'shown-review',
  })
  await app.data.review.create({
    productId: products.unpublished.id,
    authorId: bob.id,
    rating: 1,
    body: 'canary-hidden-review',
  })
  await buy(app, { name: 'alice', userId: alice.id, productId: products.published.id })
  await buy(app, { name: 'bob', userId: bob.id, productId: products.published.id })
  const shelf = ['canary-unpublished', 'canary-deleted', 'canary-hidden-review']
  const costs = [String(amounts.published), String(amounts.hidden)]
  const never = [secretHash, 'canary-deleted', 'pls_']
  const private_ = (name: 'alice' | 'bob', { id }: TestUser): string[] => [
    ...[`canary-${name}-`, `canary-${name}@`, String(amounts[name]), id],
  ]
  const [hers, his] = [private_('alice', alice), private_('bob', bob)]
  const common = [...never, ...shelf, ...costs, 'canary-sam']
  return {
    app,
    people: { guest: 'anonymous', alice, bob, staff },
    forbidden: {
      guest: [...common, ...hers, ...his, staff.id],
      alice: [...common, ...his, staff.id],
      bob: [...common, ...hers, staff.id],
      staff: [...never, 'canary-alice@', 'canary-bob@', 'canary-alice-person'],
    },
    granted: {
      guest: ['shown-product', 'shown-review'],
      alice: [
        'shown-product',
        'canary-alice-order',
        'canary-alice-charge',
        'canary-alice@',
        alice.id,
      ],
      bob: ['shown-product', 'canary-bob-order', 'canary-bob-charge', 'canary-bob@', bob.id],
      staff: ['canary-unpublished', 'canary-alice-order', 'canary-bob-order', ...costs],
    },
  }
}

async function fillCatalog({ data }: Shop): Promise<{
  published: { readonly id: string }
  unpublished: { readonly id: string }
}> {
  const shelf = await data.category.create({ name: 'Shelf', slug: 'shelf' })
  const tag = await data.tag.create({ name: 'new' })
  const product = (name: string, published: boolean, cost: number) =>
    data.product.create({
      ...{ sku: `${name}-sku`, name, description: `${name}-text`, published },
      price: { amount: 100, currency: 'GBP' },
      costPrice: { amount: cost, currency: 'GBP' },
      categoryId: shelf.id,
      tagIds: [tag.id],
    })
  const published = await product('shown-product', true, amounts.published)
  const unpublished = await product('canary-unpublished', false, amounts.hidden)
  const gone = await product('canary-deleted', true, amounts.hidden)
  await data.product.delete(gone.id)
  return { published, unpublished }
}

async function buy(
  { data }: Shop,
  { name, userId, productId }: { name: 'alice' | 'bob'; userId: string; productId: string },
): Promise<void> {
  const mark = (what: string): string => `canary-${name}-${what}`
  const customer = await data.customer.create({
    ...{
      number: mark('number').slice(0, 20),
      name: mark('name'),
      country: mark('country'),
      userId,
    },
  })
  const order = await data.order.create({
    ...{ number: mark('order').slice(0, 20), country: mark('land'), customerId: customer.id },
    placedAt: '2026-01-01T00:00:00Z',
  })
  const price = { amount: amounts[name], currency: 'GBP' } as const
  await data.line.create({
    orderId: order.id,
    position: 1,
    productId,
    quantity: 1,
    unitPrice: price,
  })
  await data.charge.create({
    ...{ orderId: order.id, position: 1, code: 'POST', description: mark('charge'), quantity: 1 },
    unitPrice: price,
  })
}
