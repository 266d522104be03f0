/** Owns the rows that both opponents are measured on, and the sessions that ask for them. */

import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import type { DatabaseAddress } from '../../packages/plinth/src/database/database.ts'

/** What the load needs to know of the rows. */
export interface Fixture {
  /** Bearer tokens. */
  readonly staff: readonly string[]
  readonly customers: readonly string[]
  /** Ids of published products. */
  readonly products: readonly string[]
}

/** How many there are of each. */
export const amounts = {
  categories: 100,
  products: 10_000,
  customers: 2_000,
  orders: 20_000,
  lines: 100_000,
} as const

const tables = `orders.charge, orders.line, orders."order", orders.customer, catalog.review,
  catalog.product_tag, catalog.tag, catalog.product, catalog.category,
  identity.session, identity."user"`

const stamps = 'created_at, updated_at, version'
const now = 'now(), now(), 1'

const script = `
  truncate ${tables} cascade;
  insert into catalog.category (id, name, slug, ${stamps})
    select uuidv7(), 'Category ' || n, 'category-' || n, ${now}
    from generate_series(1, ${amounts.categories}) n;
  insert into catalog.product (id, sku, name, description, price, cost_price, stock, published,
      category_id, ${stamps})
    select uuidv7(), 'SKU-' || lpad(n::text, 6, '0'), 'Product number ' || n,
      'A thing of "quality" number ' || n || ', made to be sold.', 100 + (n * 7919) % 50000,
      50 + (n * 7919) % 25000, n % 100, n % 10 <> 0, c.id, ${now}
    from generate_series(1, ${amounts.products}) n
    join (select id, row_number() over (order by id) as at from catalog.category) c
      on c.at = n % ${amounts.categories} + 1 order by n;
  insert into identity."user" (id, email, roles, suspended, second_factor, guest,
      unclaimed, ${stamps})
    select uuidv7(), 'user-' || n || '@bench.example',
      case when n <= 20 then array['staff'] else array[]::text[] end,
      false, false, false, false, ${now}
    from generate_series(1, ${amounts.customers}) n;
  insert into orders.customer (id, number, name, country, groups, user_id, ${stamps})
    select uuidv7(), split_part(u.email, '@', 1), 'Customer ' || u.email, 'United Kingdom',
      array[]::text[], u.id, ${now}
    from identity."user" u order by u.id;
  insert into orders."order" (id, number, type, status, placed_at, country, customer_id, ${stamps})
    select uuidv7(), 'O-' || n, 'sale', 'paid', now() - n * interval '1 minute', 'United Kingdom',
      c.id, ${now}
    from generate_series(1, ${amounts.orders}) n
    join (select id, row_number() over (order by id) as at from orders.customer) c
      on c.at = n % ${amounts.customers} + 1 order by n;
  insert into orders.line
      (id, order_id, position, product_id, quantity, unit_price, discount, returned, ${stamps})
    select uuidv7(), o.id, position, p.id, position * 2, p.price, 0, 0, ${now}
    from (select id, row_number() over (order by id) as at from orders."order") o
    cross join generate_series(1, ${amounts.lines / amounts.orders}) position
    join (select id, price, row_number() over (order by id) as at from catalog.product) p
      on p.at = (o.at * 13 + position * 7) % ${amounts.products} + 1
    order by o.at, position`

const sessions = `insert into identity.session
    (id, user_id, token_hash, expires_at, last_used_at, method, assurance, ${stamps})
  select uuidv7(), u.id, t.hash, now() + interval '1 day', now(), 'password', 1, ${now}
  from unnest($1::text[]) with ordinality as t(hash, at)
  join (select id, row_number() over (order by id) as at from identity."user") u on u.at = t.at`

const staffCount = 20
const customerCount = 200

/** A connection for the bench's own work. */
export async function connectTo(address: DatabaseAddress): Promise<pg.Client> {
  const { host, port, user, database, password } = address
  const client = new pg.Client({ host, port, user, database, password })
  await client.connect()
  return client
}

/** Replaces everything in the store by the benchmark's rows. */
export async function fill(address: DatabaseAddress): Promise<Fixture> {
  const client = await connectTo(address)
  try {
    await client.query(script)
    const tokens = Array.from(
      { length: staffCount + customerCount },
      () => `pls_${randomBytes(32).toString('base64url')}`,
    )
    const hashes = tokens.map((token) => createHash('sha256').update(token).digest('base64url'))
    await client.query(sessions, [hashes])
    await client.query('vacuum analyze')
    const { rows } = await client.query<{ id: string }>(
      'select id from catalog.product where published order by random() limit 2000',
    )
    return {
      staff: tokens.slice(0, staffCount),
      customers: tokens.slice(staffCount),
      products: rows.map(({ id }) => id),
    }
  } finally {
    await client.end()
  }
}

/** Removes what measured writes have left, so that the next run finds the same tables. */
export async function tidy(address: DatabaseAddress): Promise<void> {
  const client = await connectTo(address)
  try {
    await client.query(`delete from catalog.category where slug like 'bench-%'`)
    await client.query('vacuum analyze catalog.category, catalog.product')
  } finally {
    await client.end()
  }
}
