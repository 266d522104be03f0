/** Owns the GraphQL part: against REST for the same reads, and against PostGraphile where it is. */

import { mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DatabaseAddress } from '../../packages/plinth/src/database/database.ts'
import { start } from '../processes.ts'
import { type Figure, median } from '../table.ts'
import { fill } from '../traffic/data.ts'
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
const nested = `products(first: 20) { nodes { uuid sku name price stock category { uuid name
  products(first: 5) { nodes { uuid name price } } } } }`
const peerNested = `allProducts(first: 20, condition: { published: true }) { nodes { id sku name
  price stock categoryByCategoryId { id name productsByCategoryId(first: 5,
  condition: { published: true }) { nodes { id name price } } } } }`

const fields = 'fields=sku,name,price,stock,category.name'
const restPage = `/api/products?limit=20&${fields}`
const below = 'category.products.name,category.products.price'
const restNested = `${restPage},${below}&include[category][products][limit]=5`

/** One side of a comparison. */
interface Side {
  readonly opponent: Opponent
  readonly request: Request
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
    const { customers } = await fill(address)
    const token = customers[0]
    const loader = await findLoader(folder)
    const side = (request: Request): Side => ({ opponent: ours, request })
    const comparing = { loader, tell, postgres: ours }
    const figures = [
      await compare(comparing, {
        ...{ name: 'GraphQL : REST, list of 20 with a to-one include', goal: restGoal },
        ...{ a: side(graphql(page, token)), b: side(rest(restPage, token)) },
      }),
      await compare(comparing, {
        ...{ name: 'GraphQL : REST, nested read', goal: restGoal },
        ...{ a: side(graphql(nested, token)), b: side(rest(restNested, token)) },
      }),
    ]
    const found = await startPostgraphile(address)
    if (!found) {
      tell('PostGraphile is not here: npm i --no-save -w bench postgraphile@5.1.5')
      return figures
    }
    peer.opponent = found
    const other = { opponent: found, request: { ...graphql(peerNested), target: '/graphql' } }
    const last = await compare(comparing, {
      ...{ name: 'GraphQL : PostGraphile 5, nested read', goal: postgraphileGoal },
      ...{ a: side(graphql(nested, undefined)), b: other },
    })
    return [...figures, last]
  } finally {
    await peer.opponent?.process.stop()
    await ours.process.stop()
  }
}

function graphql(document: string, token?: string): Request {
  const query = `{ ${document.replaceAll(/\s+/g, ' ')} }`
  return { method: 'POST', target: '/api/graphql', token, body: JSON.stringify({ query }) }
}

function rest(target: string, token: string | undefined): Request {
  return { method: 'GET', target, token }
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
  const running = start(process.execPath, [file, folder, `postgres://${at}${place}`, 'catalog'], {
    env: { NODE_ENV: 'production' },
  })
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
  const run = async ({ opponent, request }: Side, forSeconds: number) => {
    const before = await processorTimeOf(opponent.process.pid)
    const database = await processorTimeOf(postgres.process.pid)
    const options = { url: opponent.url, requests: [request], connections, label: 'graphql' }
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
async function once({ opponent, request }: Side): Promise<void> {
  const { method, target, token, body } = request
  const answered = await fetch(opponent.url + target, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
  })
  const text = await answered.text()
  if (answered.ok && !text.includes('"errors"') && text.split('"SKU-').length === 21) return
  throw new Error(`${opponent.url}${target} answers ${answered.status}: ${text.slice(0, 500)}`)
}
