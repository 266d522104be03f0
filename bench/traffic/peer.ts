/** Owns the peer: what a good engineer writes by hand with Fastify and pg for the same work. */

// On the same tables: session look-up, filters, JSON, prepared statements, a pool.

import { hash, randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import pg from 'pg'

const { values } = parseArgs({
  options: {
    host: { type: 'string' },
    port: { type: 'string' },
    user: { type: 'string' },
    password: { type: 'string' },
    database: { type: 'string' },
  },
})

const pool = new pg.Pool({
  host: values.host,
  port: Number(values.port),
  user: values.user,
  password: values.password,
  database: values.database,
  max: 10,
})

// bigint as a number: amounts are below 2^53 by a check of the schema.
pg.types.setTypeParser(20, Number)
const instantText = (text: string): string =>
  `${text.slice(0, 10)}T${text.slice(11).replace('+00', 'Z')}`
pg.types.setTypeParser(1184, instantText)

interface Caller {
  readonly id: string
  readonly roles: readonly string[]
}

const anonymous: Caller = { id: '', roles: [] }

async function callerOf(request: FastifyRequest): Promise<Caller> {
  const header = request.headers.authorization
  if (!header?.startsWith('Bearer ')) return anonymous
  const token = header.slice(7)
  const { rows } = await pool.query<Caller>({
    name: 'session',
    text: `select u.id, u.roles from identity.session s join identity."user" u on u.id = s.user_id
      where s.token_hash = $1 and s.expires_at > now()
        and s.last_used_at > now() - interval '7 days' and not u.suspended`,
    values: [hash('sha256', token, 'base64url')],
  })
  return rows[0] ?? anonymous
}

/** What a caller may see of products. A text of its own for each, so that each has its own plan. */
const visible = (staff: boolean): string =>
  staff ? 'p.deleted_at is null' : 'p.deleted_at is null and p.published'

const suffix = (staff: boolean): string => (staff ? '_staff' : '')

const isStaff = (caller: Caller): boolean => caller.roles.includes('staff')

const money = (amount: number | null): object | null =>
  amount === null ? null : { amount, currency: 'GBP' }

interface ProductRow {
  readonly [column: string]: unknown
}

function product(row: ProductRow, staff: boolean): Record<string, unknown> {
  return {
    id: row.id,
    sku: row.sku,
    name: row.name,
    description: row.description,
    price: money(row.price as number),
    ...(staff ? { costPrice: money(row.cost_price as number | null) } : {}),
    stock: row.stock,
    published: row.published,
    categoryId: row.category_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
  }
}

const productColumns = `p.id, p.sku, p.name, p.description, p.price, p.cost_price, p.stock,
  p.published, p.category_id, p.created_at, p.updated_at, p.version`

const nullable = (type: string): object => ({ type: [type, 'null'] })
const moneySchema = {
  type: ['object', 'null'],
  properties: { amount: { type: 'integer' }, currency: { type: 'string' } },
}
const productProperties = {
  id: { type: 'string' },
  sku: { type: 'string' },
  name: { type: 'string' },
  description: nullable('string'),
  price: moneySchema,
  costPrice: moneySchema,
  stock: { type: 'integer' },
  published: { type: 'boolean' },
  categoryId: nullable('string'),
  createdAt: { type: 'string' },
  updatedAt: { type: 'string' },
  version: { type: 'integer' },
}
const categorySchema = {
  type: ['object', 'null'],
  properties: {
    id: { type: 'string' },
    name: { type: 'string' },
    slug: { type: 'string' },
    createdAt: { type: 'string' },
    updatedAt: { type: 'string' },
    version: { type: 'integer' },
  },
}
const productSchema = {
  type: 'object',
  properties: { ...productProperties, category: categorySchema },
}
const pageSchema = (item: object): object => ({
  type: 'object',
  properties: {
    data: { type: 'array', items: item },
    page: {
      type: 'object',
      properties: { next: nullable('string'), previous: nullable('string') },
    },
  },
})
const answers = (schema: object): object => ({ schema: { response: { '2xx': schema } } })

const app = Fastify({ logger: false })

app.get('/api/products/:id', answers(productSchema), async (request, reply) => {
  const staff = isStaff(await callerOf(request))
  const { id } = request.params as { id: string }
  const { rows } = await pool.query<ProductRow>({
    name: `product${suffix(staff)}`,
    text: `select ${productColumns} from catalog.product p where p.id = $1 and ${visible(staff)}`,
    values: [id],
  })
  if (!rows[0]) return notFound(reply)
  return product(rows[0], staff)
})

app.get('/api/products', answers(pageSchema(productSchema)), async (request) => {
  const caller = await callerOf(request)
  const query = request.query as Record<string, string | undefined>
  const staff = isStaff(caller)
  if (query['filter[price][lte]']) return cheapest(query, staff)
  return withCategory(query, staff)
})

async function withCategory(
  query: Record<string, string | undefined>,
  staff: boolean,
): Promise<object> {
  const limit = Number(query.limit ?? 20)
  const { rows } = await pool.query<ProductRow>({
    name: `products_category${suffix(staff)}`,
    text: `select ${productColumns}, c.id as c_id, c.name as c_name, c.slug as c_slug,
        c.created_at as c_created_at, c.updated_at as c_updated_at, c.version as c_version
      from catalog.product p left join catalog.category c on c.id = p.category_id
      where ${visible(staff)} order by p.id limit $1`,
    values: [limit + 1],
  })
  const data = rows.slice(0, limit).map((row) => ({
    ...product(row, staff),
    category: row.c_id
      ? {
          id: row.c_id,
          name: row.c_name,
          slug: row.c_slug,
          createdAt: row.c_created_at,
          updatedAt: row.c_updated_at,
          version: row.c_version,
        }
      : null,
  }))
  return { data, page: pageOf(rows, limit) }
}

async function cheapest(
  query: Record<string, string | undefined>,
  staff: boolean,
): Promise<object> {
  const limit = Number(query.limit ?? 20)
  const { rows } = await pool.query<ProductRow>({
    name: `products_cheapest${suffix(staff)}`,
    text: `select ${productColumns} from catalog.product p
      where ${visible(staff)} and p.price <= $1 and p.stock > $2
      order by p.price desc, p.id limit $3`,
    values: [query['filter[price][lte]'], query['filter[stock][gt]'] ?? 0, limit + 1],
  })
  return { data: rows.slice(0, limit).map((row) => product(row, staff)), page: pageOf(rows, limit) }
}

/** A cursor as hand-written servers make them: the last row's keys, not sealed. */
function pageOf(rows: readonly ProductRow[], limit: number): object {
  const last = rows.length > limit ? rows[limit - 1] : undefined
  const next = last
    ? Buffer.from(JSON.stringify([last.price, last.id])).toString('base64url')
    : null
  return { next, previous: null }
}

const lineSchema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    orderId: { type: 'string' },
    position: { type: 'integer' },
    productId: { type: 'string' },
    quantity: { type: 'integer' },
    unitPrice: moneySchema,
    discount: moneySchema,
    returned: { type: 'integer' },
    total: moneySchema,
    createdAt: { type: 'string' },
    updatedAt: { type: 'string' },
    version: { type: 'integer' },
  },
}
const orderSchema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    number: { type: 'string' },
    type: { type: 'string' },
    status: { type: 'string' },
    placedAt: { type: 'string' },
    country: nullable('string'),
    customerId: nullable('string'),
    createdAt: { type: 'string' },
    updatedAt: { type: 'string' },
    version: { type: 'integer' },
    lines: { type: 'array', items: lineSchema },
  },
}

const orderColumns = `o.id, o.number, o.type, o.status, o.placed_at, o.country, o.customer_id,
  o.created_at, o.updated_at, o.version`

app.get('/api/orders', answers(pageSchema(orderSchema)), async (request) => {
  const caller = await callerOf(request)
  const limit = Number((request.query as { limit?: string }).limit ?? 20)
  const orders = await pool.query<ProductRow>(
    isStaff(caller)
      ? {
          name: 'orders_staff',
          text: `select ${orderColumns} from orders."order" o order by o.id limit $1`,
          values: [limit + 1],
        }
      : {
          name: 'orders',
          text: `select ${orderColumns} from orders.customer c
            join orders."order" o on o.customer_id = c.id
            where c.user_id = $1 order by o.id limit $2`,
          values: [caller.id || null, limit + 1],
        },
  )
  const page = orders.rows.slice(0, limit)
  const lines = await pool.query<ProductRow>({
    name: 'lines',
    text: `select l.id, l.order_id, l.position, l.product_id, l.quantity, l.unit_price,
        l.discount, l.returned, l.total, l.created_at,
        l.updated_at, l.version
      from unnest($1::uuid[]) as o(id) cross join lateral (
        select * from orders.line l where l.order_id = o.id order by l.id limit 20) l`,
    values: [page.map((order) => order.id)],
  })
  const byOrder = Map.groupBy(lines.rows, (line) => line.order_id)
  return {
    data: page.map((order) => ({
      id: order.id,
      number: order.number,
      type: order.type,
      status: order.status,
      placedAt: order.placed_at,
      country: order.country,
      customerId: order.customer_id,
      createdAt: order.created_at,
      updatedAt: order.updated_at,
      version: order.version,
      lines: (byOrder.get(order.id) ?? []).map((line) => ({
        id: line.id,
        orderId: line.order_id,
        position: line.position,
        productId: line.product_id,
        quantity: line.quantity,
        unitPrice: money(line.unit_price as number),
        discount: money(line.discount as number),
        returned: line.returned,
        total: money(line.total as number),
        createdAt: line.created_at,
        updatedAt: line.updated_at,
        version: line.version,
      })),
    })),
    page: pageOf(orders.rows, limit),
  }
})

const createSchema = {
  body: {
    type: 'object',
    required: ['name', 'slug'],
    additionalProperties: false,
    properties: {
      name: { type: 'string', maxLength: 80 },
      slug: { type: 'string', maxLength: 80, pattern: '^[a-z0-9]+(-[a-z0-9]+)*$' },
    },
  },
  response: { '2xx': categorySchema },
}

const categoryColumns = 'id, name, slug, created_at, updated_at, version'

function category(row: ProductRow | undefined): object {
  return {
    id: row?.id,
    name: row?.name,
    slug: row?.slug,
    createdAt: row?.created_at,
    updatedAt: row?.updated_at,
    version: row?.version,
  }
}

app.post('/api/categories', { schema: createSchema }, async (request, reply) => {
  const caller = await callerOf(request)
  if (!isStaff(caller)) return reply.code(403).send()
  const { name, slug } = request.body as { name: string; slug: string }
  const { rows } = await pool.query<ProductRow>({
    name: 'create_category',
    text: `insert into catalog.category (id, name, slug, created_at, updated_at, version)
      values ($1, $2, $3, now(), now(), 1) returning ${categoryColumns}`,
    values: [randomUUID(), name, slug],
  })
  return reply.code(201).send(category(rows[0]))
})

const updateSchema = {
  body: {
    type: 'object',
    minProperties: 1,
    additionalProperties: false,
    properties: { stock: { type: 'integer', minimum: 0 } },
  },
  response: { '2xx': productSchema },
}

app.patch('/api/products/:id', { schema: updateSchema }, async (request, reply) => {
  const caller = await callerOf(request)
  if (!isStaff(caller)) return reply.code(403).send()
  const { id } = request.params as { id: string }
  const { rows } = await pool.query<ProductRow>({
    name: 'update_product',
    // The store's products are audited: the peer keeps the same entry, by one statement too.
    text: `with b as (select p.id, p.stock from catalog.product p
        where p.id = $1 and p.deleted_at is null for no key update),
      p as (update catalog.product p set stock = $2, updated_at = now(), version = version + 1
        from b where p.id = b.id returning ${productColumns}),
      noted as (insert into plinth.audit
          (at, operation, verb, actor, model, record, was, becomes, trace)
        select now(), 'product.update', 'update', $3, 'product', b.id,
          jsonb_build_object('stock', b.stock::text), jsonb_build_object('stock', p.stock::text), ''
        from b join p on p.id = b.id where p.stock <> b.stock)
      select * from p`,
    values: [id, (request.body as { stock: number }).stock, `user:${caller.id}`],
  })
  if (!rows[0]) return notFound(reply)
  return product(rows[0], true)
})

function notFound(reply: FastifyReply): FastifyReply {
  return reply.code(404).send({ title: 'Not found' })
}

const address = await app.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(`${JSON.stringify({ address })}\n`)
process.on('SIGTERM', async () => {
  await app.close()
  await pool.end()
})
