/** Owns the scene of the store's matrix: four people, and a canary in every hidden value. */

import store from '../../../examples/store/app.ts'
import { type TestUser, testApp } from '../../../packages/plinth/src/testing.ts'

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
  const alice = await makePerson(app, 'alice')
  const bob = await makePerson(app, 'bob')
  const staff = await makePerson(app, 'sam', ['staff'])
  const { published, unpublished } = await fillCatalog(app)
  const review = (productId: string, authorId: string, body: string) =>
    app.data.review.create({ productId, authorId, rating: 5, body })
  await review(published.id, alice.id, 'shown-review')
  await review(unpublished.id, bob.id, 'canary-hidden-review')
  await buy(app, { name: 'alice', userId: alice.id, productId: published.id })
  await buy(app, { name: 'bob', userId: bob.id, productId: published.id })
  return {
    app,
    people: { guest: 'anonymous', alice, bob, staff },
    forbidden: forbiddenWords({ alice, bob, staff }),
    granted: grantedWords({ alice, bob }),
  }
}

async function makePerson(
  app: Shop,
  name: string,
  roles: readonly string[] = [],
): Promise<TestUser> {
  const email = `canary-${name}@x.example`
  const user = await app.user({ name: `canary-${name}-person`, email, roles })
  await app.data.user.update(user.id, { passwordHash: `${secretHash}-${name}` })
  return user
}

const costs = [String(amounts.published), String(amounts.hidden)]

interface Users {
  readonly alice: TestUser
  readonly bob: TestUser
  readonly staff: TestUser
}

function forbiddenWords({ alice, bob, staff }: Users): Scene['forbidden'] {
  const never = [secretHash, 'canary-deleted', 'pls_']
  const shelf = ['canary-unpublished', 'canary-hidden-review']
  const of = (name: 'alice' | 'bob', { id }: TestUser): readonly string[] => {
    return [`canary-${name}-`, `canary-${name}@`, String(amounts[name]), id]
  }
  const [hers, his] = [of('alice', alice), of('bob', bob)]
  const common = [...never, ...shelf, ...costs, 'canary-sam', staff.id]
  return {
    guest: [...common, ...hers, ...his],
    alice: [...common, ...his],
    bob: [...common, ...hers],
    staff: [...never, 'canary-alice@', 'canary-bob@', 'canary-alice-person'],
  }
}

function grantedWords({ alice, bob }: Omit<Users, 'staff'>): Scene['granted'] {
  const own = (name: string): readonly string[] => {
    return ['shown-product', `canary-${name}-order`, `canary-${name}-charge`, `canary-${name}@`]
  }
  return {
    guest: ['shown-product', 'shown-review'],
    alice: [...own('alice'), alice.id],
    bob: [...own('bob'), bob.id],
    staff: ['canary-unpublished', 'canary-alice-order', 'canary-bob-order', ...costs],
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
