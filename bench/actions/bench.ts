/** Owns the action benchmark: an order with its event, audit and key, against the rows alone. */

import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import type { DatabaseAddress } from '../../packages/plinth/src/database/database.ts'
import { isInstalled, run, start } from '../processes.ts'
import type { Figure } from '../table.ts'
import type { LoadFigures } from '../traffic/load-run.ts'
import { processorTimeOf } from '../tree.ts'
import { addressOf, type Opponent, root, type Scratch } from '../world.ts'

const products = 5_000
const orders = 50_000
const rounds = 5
const seconds = 4
const connections = 32
const goal = 0.8
const peerPath = '/api/shop/place'

// The peer's transaction is read committed, as PostgreSQL's are by default.
const variants = [
  { path: '/api/shop/place', isolation: 'serializable', short: 's' },
  { path: '/api/shop/place-read-committed', isolation: 'read committed', short: 'c' },
] as const

/** Measures both in turn, on one database, and compares the middle of several rounds. */
export async function measureActions(
  scratch: Scratch,
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  if (!(await isInstalled('wrk'))) {
    tell('actions: wrk is not installed (apt-get install wrk); left out')
    return []
  }
  const data = join(scratch.path, 'actions')
  const plinth = await startApp(data)
  const address = await addressOf(data)
  const peer = await startPeer(address)
  const world = { ...(await fill(address, scratch)), tree: plinth.process.pid }
  const measured = new Map<string, Measured[]>([peerPath, ...variants.map(nameOf)].map(unmeasured))
  await load({ ...world, opponent: peer, label: 'warm-peer' })
  for (const { path, short } of variants) {
    await load({ ...world, opponent: plinth, label: `warm-${short}`, path })
  }
  for (let round = 1; round <= rounds; round++) {
    const theirs = await load({ ...world, opponent: peer, label: `peer-${round}` })
    measured.get(peerPath)?.push(theirs)
    const told: string[] = []
    for (const variant of variants) {
      const label = `${variant.short}-${round}`
      const ours = await load({ ...world, opponent: plinth, label, path: variant.path })
      measured.get(nameOf(variant))?.push(ours)
      told.push(`plinth ${variant.isolation} ${textOf(ours)}`)
    }
    tell(`actions: ${told.join(', ')}, rows alone by hand ${textOf(theirs)}`)
  }
  await Promise.all([plinth.process.stop(), peer.process.stop()])
  return variants.map((variant) => figureOf(variant, measured))
}

type Variant = (typeof variants)[number]

const nameOf = ({ isolation }: Variant): string => isolation
const unmeasured = (name: string): [string, Measured[]] => [name, []]

function figureOf(variant: Variant, measured: ReadonlyMap<string, readonly Measured[]>): Figure {
  const theirs = measured.get(peerPath) ?? []
  const ours = measured.get(nameOf(variant)) ?? []
  const ratio = middle(ours.map(({ rate }, round) => rate / (theirs[round]?.rate ?? Infinity)))
  const spent = [ours, theirs].map((all) => {
    const [server, postgres] = [all.map((one) => one.serverUs), all.map((one) => one.postgresUs)]
    return `${middle(server).toFixed(0)} + ${middle(postgres).toFixed(0)}`
  })
  return {
    name: `action with event, audit and key, ${variant.isolation}, against rows alone by hand`,
    value: `${ratio.toFixed(2)} x; server + PostgreSQL, µs a call: ${spent.join(' against ')}`,
    goal: `>= ${goal} x`,
    reached: ratio >= goal,
  }
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function textOf({ rate, serverUs, postgresUs }: Measured): string {
  return `${rate.toFixed(0)}/s (${serverUs.toFixed(0)} + ${postgresUs.toFixed(0)} µs)`
}

/** Runs as in production, like the peer: nothing watches the logic. Tables are made before. */
async function startApp(dataDirectory: string): Promise<Opponent> {
  const environment = { PORT: '0', PLINTH_DATA: dataDirectory, ...unlimited }
  await (await startOnce(environment)).process.stop()
  const secret = randomBytes(32).toString('base64')
  return startOnce({ ...environment, NODE_ENV: 'production', PLINTH_SECRET: secret })
}

const unlimited = { PLINTH_CALLS_PER_MINUTE: '90000000' }

async function startOnce(env: Readonly<Record<string, string>>): Promise<Opponent> {
  const command = join(root, 'packages', 'plinth', 'bin', 'plinth.js')
  const file = join(import.meta.dirname, 'app.ts')
  const parameters = [command, 'start', file]
  const process = start(globalThis.process.execPath, parameters, { cwd: root, env })
  const [, url = ''] = await process.match(/API +(http:\/\/\S+)\/api/)
  return { url, process }
}

async function startPeer({ host, port, user, database, password }: DatabaseAddress) {
  const given = { host, port: String(port), user, database, password }
  const parameters = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  )
  const file = join(import.meta.dirname, 'peer.ts')
  const process = start(globalThis.process.execPath, [file, ...parameters], {
    env: { NODE_ENV: 'production' },
  })
  const [, url = ''] = await process.match(/"address":"([^"]+)"/)
  return { url, process }
}

interface World {
  readonly token: string
  /** A file with the ids of the products, one a line. */
  readonly file: string
}

async function fill(address: DatabaseAddress, scratch: Scratch): Promise<World> {
  const { host, port, user, database, password } = address
  const client = new pg.Client({ host, port, user, database, password: password ?? '' })
  await client.connect()
  const token = `pls_${randomBytes(32).toString('base64url')}`
  try {
    await client.query(
      `insert into identity."user" (id, email, roles, suspended, second_factor, guest, unclaimed,
          created_at, updated_at, version)
        values (gen_random_uuid(), 'ann@bench.example', '{}', false, false, false, false,
          now(), now(), 1)`,
    )
    await client.query(
      `insert into identity.session (id, token_hash, user_id, expires_at, last_used_at,
          method, assurance, created_at, updated_at, version)
        select gen_random_uuid(), $1, id, now() + interval '1 day', now(), 'password', 1,
          now(), now(), 1
        from identity."user"`,
      [createHash('sha256').update(token).digest('base64url')],
    )
    await client.query(
      `insert into shop.product (id, name, price, stock, created_at, updated_at, version)
        select gen_random_uuid(), 'Product ' || n, 100 + n, 1000000, now(), now(), 1
        from generate_series(1, ${products}) n`,
    )
    // Of a shop that has sold before: plans made for empty tables would get slower under way.
    await client.query(
      `insert into shop."order" (id, number, total, created_at, updated_at, version)
        select uuidv7(), 'before-' || n, 100, now(), now(), 1 from generate_series(1, ${orders}) n`,
    )
    await client.query(
      `insert into shop.line (id, order_id, product_id, quantity, price,
          created_at, updated_at, version)
        select uuidv7(), o.id, p.id, 1, 100, now(), now(), 1
        from (select id, row_number() over () as n from shop."order") o
        join (select id, row_number() over () as n from shop.product) p
          on p.n = 1 + o.n % ${products}`,
    )
    await client.query('analyze')
    const { rows } = await client.query<{ id: string }>('select id from shop.product')
    const file = join(scratch.path, 'products.txt')
    await writeFile(file, `${rows.map(({ id }) => id).join('\n')}\n`)
    return { token, file }
  } finally {
    await client.end()
  }
}

interface Loading extends World {
  readonly opponent: Opponent
  readonly label: string
  /** Whose tree has PostgreSQL in it. */
  readonly tree: number
  /** Default: the peer's. */
  readonly path?: string
}

/** What one run of a load came to. */
interface Measured {
  /** Calls a second. */
  readonly rate: number
  /** Processor time of a call, in microseconds: of the server, and of PostgreSQL. */
  readonly serverUs: number
  readonly postgresUs: number
}

async function load(loading: Loading): Promise<Measured> {
  const { opponent, label, token, file, tree, path = peerPath } = loading
  const spent = async (): Promise<readonly number[]> => {
    const server = (await processorTimeOf(opponent.process.pid)).get('server')
    const postgres = (await processorTimeOf(tree)).get('postgres')
    return [server ?? 0, postgres ?? 0]
  }
  const [serverBefore = 0, postgresBefore = 0] = await spent()
  const script = join(import.meta.dirname, 'requests.lua')
  const printed = await run('wrk', [
    ...['-t', '1', '-c', String(connections), '-d', `${seconds}s`],
    ...['-s', script, opponent.url, '--', token, label, file, path],
  ])
  const [serverAfter = 0, postgresAfter = 0] = await spent()
  const json = printed.split('\n').find((line) => line.startsWith('{'))
  const { requests, durationUs, failed, broken } = JSON.parse(json ?? '{}') as LoadFigures
  if (failed + broken > 0 || !(requests > 0)) {
    throw new Error(`${opponent.url} failed ${failed} and left ${broken} of ${requests} open.`)
  }
  return {
    rate: requests / (durationUs / 1e6),
    serverUs: ((serverAfter - serverBefore) * 1e3) / requests,
    postgresUs: ((postgresAfter - postgresBefore) * 1e3) / requests,
  }
}
