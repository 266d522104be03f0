/** Owns the peer of the action benchmark: Fastify and pg, one transaction that writes the rows. */

// No event, no audit, no idempotency: what is left when only the rows count.

import { hash, randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import Fastify from 'fastify'
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
const pool = new pg.Pool({ ...values, port: Number(values.port), max: 10 } as pg.PoolConfig)
pg.types.setTypeParser(20, Number)

async function callerOf(authorization: string | undefined): Promise<string | undefined> {
  if (!authorization?.startsWith('Bearer ')) return undefined
  const { rows } = await pool.query<{ id: string }>({
    name: 'session',
    text: `select u.id from identity.session s join identity."user" u on u.id = s.user_id
      where s.token_hash = $1 and s.expires_at > now()
        and s.last_used_at > now() - interval '7 days' and not u.suspended`,
    values: [hash('sha256', authorization.slice(7), 'base64url')],
  })
  return rows[0]?.id
}

interface Order {
  readonly number: string
  readonly product: string
  readonly quantity: number
}

async function place({ number, product, quantity }: Order): Promise<object | undefined> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const { rows } = await client.query<{ price: number }>({
      name: 'price',
      text: 'select price from shop.product where id = $1',
      values: [product],
    })
    const price = rows[0]?.price ?? 0
    const taken = await client.query({
      name: 'take',
      text: `update shop.product set stock = stock - $2, version = version + 1, updated_at = now()
        where id = $1 and stock >= $2`,
      values: [product, quantity],
    })
    if (taken.rowCount === 0) {
      await client.query('rollback')
      return undefined
    }
    const orderId = randomUUID()
    const total = price * quantity
    await client.query({
      name: 'order',
      text: `insert into shop."order" (id, number, total, created_at, updated_at, version)
        values ($1, $2, $3, now(), now(), 1)`,
      values: [orderId, number, total],
    })
    await client.query({
      name: 'line',
      text: `insert into shop.line
          (id, order_id, product_id, quantity, price, created_at, updated_at, version)
        values ($1, $2, $3, $4, $5, now(), now(), 1)`,
      values: [randomUUID(), orderId, product, quantity, price],
    })
    await client.query('commit')
    return { orderId, total }
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

const app = Fastify({ logger: { level: 'info' }, disableRequestLogging: true })
const body = {
  type: 'object',
  required: ['number', 'product', 'quantity'],
  additionalProperties: false,
  properties: {
    number: { type: 'string', maxLength: 40 },
    product: { type: 'string', format: 'uuid' },
    quantity: { type: 'integer', minimum: 1, maximum: 9 },
  },
}
const answer = {
  type: 'object',
  properties: { orderId: { type: 'string' }, total: { type: 'integer' } },
}

app.post(
  '/api/shop/place',
  { schema: { body, response: { '2xx': answer } } },
  async (request, reply) => {
    if ((await callerOf(request.headers.authorization)) === undefined) {
      return reply.code(401).send({ code: 'sign_in_required' })
    }
    const placed = await place(request.body as Order)
    if (placed === undefined) return reply.code(409).send({ code: 'sold_out' })
    return placed
  },
)

process.once('SIGTERM', () => void app.close().then(() => pool.end()))
process.stdout.write(`${JSON.stringify({ address: await app.listen({ port: 0 }) })}\n`)
