/** Owns the first filling of the store: a small catalogue, two accounts, and their orders. */

import type { SeedScope } from 'plinth'
import type { StoreModels } from './kits.ts'
import { seedPromotions } from './promotions/seed.ts'

const shelves = [
  { name: 'Lights', slug: 'lights', things: ['Lantern', 'Candle holder', 'Fairy lights', 'Lamp'] },
  { name: 'Kitchen', slug: 'kitchen', things: ['Teapot', 'Mug', 'Cake stand', 'Jam jar'] },
  { name: 'Garden', slug: 'garden', things: ['Watering can', 'Bird table', 'Planter', 'Gnome'] },
  { name: 'Paper', slug: 'paper', things: ['Notebook', 'Gift wrap', 'Calendar', 'Card'] },
  { name: 'Toys', slug: 'toys', things: ['Spinning top', 'Jigsaw', 'Yo-yo', 'Kite'] },
  { name: 'Travel', slug: 'travel', things: ['Lunch bag', 'Flask', 'Umbrella', 'Map'] },
] as const

const finishes = ['white', 'red', 'vintage', 'spotted'] as const

type Store = SeedScope<StoreModels>

/** Fills an empty store. Every step is a call like any other, past all rules. */
export async function seed(scope: Store): Promise<void> {
  const { data, createUser, log } = scope
  const products = await fillShelves(scope)
  const [roles, verified] = [['staff'], true]
  const staff = await createUser({ email: 'staff@store.example', name: 'Sam', roles, verified })
  const alice = await createUser({ email: 'alice@store.example', name: 'Alice', verified })
  const bob = await createUser({ email: 'bob@store.example', name: 'Bob', verified })
  await buy(scope, { number: 'A-1001', who: alice, products: products.slice(0, 3) })
  await buy(scope, { number: 'A-1002', who: alice, products: products.slice(5, 7) })
  await buy(scope, { number: 'B-1001', who: bob, products: products.slice(8, 12) })
  for (const [index, product] of products.slice(0, 4).entries()) {
    await data.review.create({
      productId: product.id,
      authorId: index % 2 === 0 ? alice.id : bob.id,
      rating: 3 + (index % 3),
      body: 'Just what I was looking for.',
    })
  }
  await seedPromotions(scope)
  log(`Staff:    ${staff.email}  password: ${staff.password}`)
  log(`Customer: ${alice.email}  password: ${alice.password}`)
  log(`Customer: ${bob.email}  password: ${bob.password}`)
  log('Coupons:  WELCOME10, FIVER. Cards: card_ok, card_declined, card_authenticate')
}

interface Bought {
  readonly id: string
  readonly price: { readonly amount: number; readonly currency: 'GBP' }
}

async function fillShelves({ data }: Store): Promise<readonly Bought[]> {
  const tags = await Promise.all(finishes.map((name) => data.tag.create({ name })))
  const products: Bought[] = []
  for (const [shelf, { name, slug, things }] of shelves.entries()) {
    const category = await data.category.create({ name, slug })
    for (const [place, thing] of things.entries()) {
      const finish = tags[(shelf + place) % tags.length]
      const look = finish ? `${finish.name.slice(0, 1).toUpperCase()}${finish.name.slice(1)}` : ''
      const price = 250 + ((shelf * 7 + place * 13) % 20) * 75
      products.push(
        await data.product.create({
          sku: `P-${shelf + 1}${String(place + 1).padStart(2, '0')}`,
          name: `${look} ${thing.toLowerCase()}`,
          description: `${thing} from the ${name.toLowerCase()} shelf.`,
          price: { amount: price, currency: 'GBP' },
          costPrice: { amount: Math.floor(price / 2), currency: 'GBP' },
          stock: 5 + place * 10,
          // The last of each shelf is still being prepared: only staff see it.
          published: place < 3,
          categoryId: category.id,
          tagIds: finish ? [finish.id] : [],
        }),
      )
    }
  }
  return products
}

interface Order {
  readonly number: string
  readonly who: { readonly id: string; readonly email: string }
  readonly products: readonly Bought[]
}

async function buy({ data }: Store, { number, who, products }: Order): Promise<void> {
  const customer = await data.customer.upsert({
    number: number.slice(0, 1),
    name: who.email.slice(0, who.email.indexOf('@')),
    country: 'United Kingdom',
    userId: who.id,
  })
  const order = await data.order.create({
    number,
    status: 'paid',
    placedAt: '2026-11-01T10:00:00Z',
    country: 'United Kingdom',
    customerId: customer.id,
  })
  for (const [index, product] of products.entries()) {
    await data.line.create({
      orderId: order.id,
      position: index + 1,
      productId: product.id,
      quantity: index + 1,
      unitPrice: product.price,
    })
  }
}
