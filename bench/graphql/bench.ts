/** Owns the GraphQL part: against REST for the same reads, and against PostGraphile where it is. */

import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DatabaseAddress } from '../../packages/plinth/src/database/database.ts'
import { start } from '../processes.ts'
import { type Figure, median } from '../table.ts'
import { connectTo, fill } from '../traffic/data.ts'
import { findLoader, type Loader } from '../traffic/load.ts'
import type { Request } from '../traffic/scenarios.ts'
import { processorTimeOf } from '../tree.ts'
import { addressOf, type Opponent, root, type Scratch, startStore } from '../world.ts'

const rounds = 5
const seconds = 2
const connections = 32
const restGoal = 0.8
const postgraphileGoal = 1.5

const page = 'products(first: 20) { nodes { uuid sku name price stock category { uuid name } } }'
const nested = `orders(first: 20) { nodes { uuid number status placedAt customer { uuid name }
  lines(first: 5) { nodes { uuid position quantity unitPrice product { uuid sku name } } } } }`
const peerNested = `allOrders(first: 20) { nodes { id number status placedAt
  customerByCustomerId { id name } orderLinesByOrderId(first: 5) { nodes { id position quantity
  unitPrice catalogProductByProductId { id sku name } } } } }`

const fields = 'fields=sku,name,price,stock,category.name'
const restPage = `/api/products?limit=20&${fields}`
const orderFields = 'fields=number,status,placedAt,customer.name,lines.position'
const below = 'lines.quantity,lines.unitPrice,lines.product.sku,lines.product.name'
const restNested = `/api/orders?limit=20&${orderFields},${below}&include[lines][limit]=5`

/** One side of a comparison: the same question, by many callers. */
interface Side {
  readonly opponent: Opponent
  readonly requests: readonly Request[]
}

/** Measures both goals. Without PostGraphile its figure is left out, and says so. */
export async function measureGraphql(
  scratch: Scratch,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const data = join(scratch.path, 'graphql')
  const folder = join(scratch.path, 'graphql-load')
  await mkdir(folder, { recursive: true })
  const ours = await startStore(data)
  const peer: { opponent?: Opponent } = {}
  try {
    const address = await addressOf(data)
    const { customers, staff } = await fill(address)
    await nameForPeer(address)
    const loader = await findLoader(folder)
    const all = (make: Ask) => customers.map(make)
    // Staff sees every order: what the peer, which has no rules, shows to everybody.
    const everything = (make: Ask) => staff.map(make)
    const side = (requests: readonly Request[]): Side => ({ opponent: ours, requests })
    const comparing = { loader, tell, postgres: ours }
    const figures = [
      await compare(comparing, {
        ...{ name: 'GraphQL : REST, list of 20 with a to-one include', goal: restGoal },
        ...{ a: side(all(graphql(page))), b: side(all(rest(restPage))) },
      }),
      await compare(comparing, {
        ...{ name: 'GraphQL : REST, nested read', goal: restGoal },
        ...{ a: side(everything(graphql(nested))), b: side(everything(rest(restNested))) },
      }),
    ]
    const found = await startPostgraphile(address)
    if (!found) {
      tell('PostGraphile is not here: npm i --no-save -w bench postgraphile@5.1.5')
      return figures
    }
    peer.opponent = found
    const other = { opponent: found, requests: everything(graphql(peerNested, '/graphql')) }
    const last = await compare(comparing, {
      ...{ name: 'GraphQL : PostGraphile 5, nested read', goal: postgraphileGoal },
      ...{ a: side(everything(graphql(nested))), b: other },
    })
    return [...figures, last]
  } finally {
    await peer.opponent?.process.stop()
    await ours.process.stop()
  }
}

type Ask = (token: string) => Request

function graphql(document: string, target = '/api/graphql'): Ask {
  const body = JSON.stringify({ query: `{ ${document.replaceAll(/\s+/g, ' ')} }` })
  return (token) => ({ method: 'POST', target, token, body })
}

function rest(target: string): Ask {
  return (token) => ({ method: 'GET', target, token })
}

/** PostGraphile on the tables of the catalogue; undefined where it is not installed. */
async function startPostgraphile(address: DatabaseAddress): Promise<Opponent | undefined> {
  const folder = join(root, 'bench')
  try {
    createRequire(pathToFileURL(`${folder}/`)).resolve('postgraphile')
  } catch {
    return undefined
  }
  const { host, port, user, database, password } = address
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`
  const at = `${encodeURIComponent(String(user))}${secret}@`
  const place = host?.startsWith('/')
    ? `/${database}?host=${encodeURIComponent(host)}&port=${port}`
    : `${host}:${port}/${database}`
  const file = join(import.meta.dirname, 'peer.ts')
  const running = start(
    process.execPath,
    [file, folder, `postgres://${at}${place}`, 'orders', 'catalog'],
    {
      env: { NODE_ENV: 'production' },
    },
  )
  const [, url = ''] = await running.match(/"address":"([^"]+)"/)
  return { url, process: running }
}

interface Comparing {
  readonly loader: Loader
  readonly tell: (line: string) => void
  readonly postgres: Opponent
}

interface Comparison {
  readonly name: string
  readonly goal: number
  readonly a: Side
  readonly b: Side
}

/** Measures both sides in turn; the ratio is the median of the pairs'. */
async function compare(
  { loader, tell, postgres }: Comparing,
  { name, goal, a, b }: Comparison,
): Promise<Figure> {
  const run = async ({ opponent, requests: asked }: Side, forSeconds: number) => {
    const before = await processorTimeOf(opponent.process.pid)
    const database = await processorTimeOf(postgres.process.pid)
    const options = { url: opponent.url, requests: asked, connections, label: 'graphql' }
    const { perSecond, requests } = await loader.load({ ...options, seconds: forSeconds })
    const after = await processorTimeOf(opponent.process.pid)
    const databaseAfter = await processorTimeOf(postgres.process.pid)
    const each = (ms: number): number => (ms * 1_000) / requests
    const server = each((after.get('server') ?? 0) - (before.get('server') ?? 0))
    const postgresUs = each((databaseAfter.get('postgres') ?? 0) - (database.get('postgres') ?? 0))
    return { perSecond, server, postgresUs }
  }
  // The first request loads what GraphQL stands on.
  for (const side of [a, b]) {
    await once(side)
    await run(side, 1)
  }
  type Run = Awaited<ReturnType<typeof run>>
  const pairs: { readonly a: Run; readonly b: Run }[] = []
  for (let round = 0; round < rounds; round++) {
    const [first, second] = round % 2 === 0 ? [a, b] : [b, a]
    const [one, two] = [await run(first, seconds), await run(second, seconds)]
    pairs.push(round % 2 === 0 ? { a: one, b: two } : { a: two, b: one })
  }
  const of = (side: 'a' | 'b', part: 'perSecond' | 'server' | 'postgresUs'): string =>
    median(pairs.map((pair) => pair[side][part])).toFixed(0)
  const ratio = median(pairs.map((pair) => pair.a.perSecond / pair.b.perSecond))
  const use = `server ${of('a', 'server')} : ${of('b', 'server')}`
  const both = `${use}, PostgreSQL ${of('a', 'postgresUs')} : ${of('b', 'postgresUs')}`
  tell(`${name}: ${of('a', 'perSecond')}/s : ${of('b', 'perSecond')}/s; µs a request: ${both}`)
  return { name, value: ratio.toFixed(2), goal: `≥ ${goal}`, reached: ratio >= goal }
}

/** Asks once, and makes sure that it is answered by what was asked for. */
async function once({ opponent, requests: [first] }: Side): Promise<void> {
  const { method, target, token, body } = first as Request
  const answered = await fetch(opponent.url + target, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
  })
  const text = await answered.text()
  if (answered.ok && !text.includes('"errors"') && text.split('"SKU-').length > 20) return
  throw new Error(`${opponent.url}${target} answers ${answered.status}: ${text.slice(0, 500)}`)
}

/** The peer has a type Line of its own, for geometry: ours needs another name there. */
async function nameForPeer(address: DatabaseAddress): Promise<void> {
  const client = await connectTo(address)
  await client.query(`comment on table orders.line is '@name order_line'`)
  await client.end()
}
