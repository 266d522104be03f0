/** Owns the start page of the store: for guests, for customers by name, and for staff. */

import { type Html, html, type Money, type StartView } from 'plinth'
import type { StoreModels } from './kits.ts'

type View = StartView<StoreModels>

/**
 * The page at `/`. Nothing here asks whether somebody may see a row: each `find` is a call of the
 * visitor, and the rules of the models answer it. A guest finds no orders and Bob none of Alice's,
 * whatever this page asks for.
 */
export async function start(view: View): Promise<Html> {
  const { me } = view
  if (me === undefined) return forGuests(view)
  if (me.is('staff')) return forStaff(view, me)
  return forCustomers(view, me)
}

async function forGuests({ app, data, links, notice }: View): Promise<Html> {
  const { data: products } = await data.product.find({ sort: ['-createdAt', 'sku'], limit: 6 })
  return html`<h1>Welcome to the ${app}</h1>
${told(notice)}
<p>Look around in <a href="/shop">the shop</a>, or sign in to see your orders and your basket.</p>
<ul class="ways">
<li><a href="${links.signIn}">Sign in</a></li>
${links.signUp && html`<li><a href="${links.signUp}">Make an account</a></li>`}
</ul>
<h2>New in the ${app}</h2>
${shelf(products)}`
}

type Me = NonNullable<View['me']>

async function forCustomers({ actions, data, links, notice }: View, me: Me): Promise<Html> {
  const [orders, baskets] = await Promise.all([
    data.order.find({ sort: ['-placedAt'], limit: 3, include: { lines: { limit: 50 } } }),
    data.cart.find({ limit: 1, include: { items: { include: { product: true }, limit: 50 } } }),
  ])
  const items = baskets.data.flatMap((basket) => basket.items)
  return html`<h1>Welcome back, ${nameOf(me)}</h1>
${told(notice)}
<h2 id="basket">Your basket</h2>
${items.length === 0 ? html`<p>It is empty.</p>` : basketOf(items)}
<p><a href="/shop">To the shop</a></p>
<h2 id="orders">Your last orders</h2>
${orders.data.length === 0 ? html`<p>None yet.</p>` : ordersOf(orders.data)}
${await recommended({ data }, orders.data)}
${farewell({ actions, links })}`
}

interface Item {
  readonly quantity: number
  readonly product: { readonly name: string; readonly price: Money<'GBP'> } | null
}

function basketOf(items: readonly Item[]): Html {
  const sum = items.reduce((all, one) => all + (one.product?.price.amount ?? 0) * one.quantity, 0)
  return html`<ul class="rows" aria-labelledby="basket">${items.map(
    ({ quantity, product }) =>
      html`<li><span>${quantity} × ${product?.name ?? 'No longer sold'}</span>
<span>${product && pounds(product.price.amount * quantity)}</span></li>`,
  )}</ul>
<p class="faint">${pounds(sum)} before promotions</p>`
}

interface Order {
  readonly number: string
  readonly status: string
  readonly placedAt: string
  readonly lines: readonly { readonly productId: string; readonly total: Money<'GBP'> }[]
}

function ordersOf(orders: readonly Order[]): Html {
  return html`<ul class="rows" aria-labelledby="orders">${orders.map(
    ({ number, status, placedAt, lines }) =>
      html`<li><span><strong>${number}</strong>, ${status}<br>
<time class="faint" datetime="${placedAt}">${day.format(new Date(placedAt))}</time></span>
<span>${pounds(lines.reduce((sum, { total }) => sum + total.amount, 0))}</span></li>`,
  )}</ul>`
}

/** From the shelves of what was bought last, what was not bought. */
async function recommended(
  { data }: Pick<View, 'data'>,
  orders: readonly Order[],
): Promise<Html | undefined> {
  const bought = orders.flatMap(({ lines }) => lines.map(({ productId }) => productId))
  if (bought.length === 0) return undefined
  const { data: known } = await data.product.find({
    filter: { id: { in: bought } },
    fields: ['categoryId'],
  })
  const shelves = known.flatMap(({ categoryId }) => categoryId ?? [])
  const { data: products } = await data.product.find({
    filter: { categoryId: { in: shelves }, id: { notIn: bought }, stock: { gt: 0 } },
    sort: ['-stock', 'sku'],
    limit: 3,
  })
  return products.length === 0 ? undefined : html`<h2>You may like</h2>${shelf(products)}`
}

async function forStaff({ actions, data, links, notice }: View, me: Me): Promise<Html> {
  const [waiting, scarce, open] = await Promise.all([
    data.order.find({ filter: { status: 'paid' }, sort: ['placedAt'], limit: 5 }),
    data.product.find({ filter: { stock: { lt: 10 } }, sort: ['stock', 'sku'], limit: 5 }),
    data.discrepancy.find({ filter: { settledAt: { isNull: true } }, limit: 5 }),
  ])
  const orders = waiting.data.map(
    ({ number, country }) =>
      html`<li><strong>${number}</strong><span>${country ?? 'No country'}</span></li>`,
  )
  const products = scarce.data.map(
    ({ name, sku, stock }) =>
      html`<li><span>${name} (${sku})</span><span>${stock} left</span></li>`,
  )
  return html`<h1>At work, ${nameOf(me)}</h1>
${told(notice)}
<h2>To be shipped</h2>
${orders.length === 0 ? html`<p>Nothing.</p>` : html`<ul class="rows">${orders}</ul>`}
<h2>Nearly sold out</h2>
${products.length === 0 ? html`<p>Nothing.</p>` : html`<ul class="rows">${products}</ul>`}
<h2>To be looked at</h2>
${
  open.data.length === 0
    ? html`<p>The books agree with the provider.</p>`
    : html`<ul>${open.data.map(({ detail }) => html`<li>${detail}</li>`)}</ul>`
}
${farewell({ actions, links })}`
}

interface Sold {
  readonly name: string
  readonly price: Money<'GBP'>
}

function shelf(products: readonly Sold[]): Html {
  return html`<ul class="rows">${products.map(
    ({ name, price }) => html`<li><span>${name}</span><span>${pounds(price.amount)}</span></li>`,
  )}</ul>`
}

function farewell({ actions, links }: Pick<View, 'actions' | 'links'>): Html {
  return html`<div class="buttons"><form method="post" action="${actions.signOut}">
<button class="quiet">Sign out</button></form></div>
<ul class="ways"><li><a href="${links.account}">Your account</a></li></ul>`
}

function told(notice: string | undefined): Html | undefined {
  return notice === undefined ? undefined : html`<p class="notice" role="status">${notice}</p>`
}

function nameOf({ name, email }: Me): string {
  return name ?? email ?? 'friend'
}

const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' })
const sterling = new Intl.NumberFormat('en-GB', { style: 'currency', currency: 'GBP' })

function pounds(pence: number): string {
  return sterling.format(pence / 100)
}

/** What its lists look like; colours are those of all pages. */
export const startStyles = `
.rows { margin: 0 0 1rem; padding: 0; list-style: none }
.rows li {
  display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; justify-content: space-between;
  padding: 0.5rem 0; border-bottom: 1px solid color-mix(in srgb, var(--line) 40%, transparent);
}
`
