/**
 * Proves all doors against a plain model in memory, by chance: random models, rules, rows, callers
 * and reads. Each door tells what the model says, live doors also after the rows have changed.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { createClient, type Fetch } from 'plinth/client'
import { sleep } from '../../../packages/plinth/src/base/time.ts'
import type { Model } from '../../../packages/plinth/src/catalog/catalog.ts'
import { Live } from '../../../packages/plinth/src/engine/live/live.ts'
import { list, type Query } from '../../access/evaluator.ts'
import { documentOf } from '../../access/random/documents.ts'
import { type Draw, drawFrom, hold } from '../../access/random/draw.ts'
import { drawKit } from '../../access/random/generator.ts'
import { askerOf } from '../../access/random/mutations.ts'
import { drawList } from '../../access/random/queries.ts'
import { type Sent, send } from '../../access/random/requests.ts'
import { drawRows, nowText, userIds, wildModels } from '../../access/random/values.ts'
import type { World } from '../../access/rules.ts'
import { enrol, tokenOf } from '../../access/world/people.ts'
import { type Ground, type Stand, startGround } from '../../access/world/world.ts'
import { argument } from '../../armed/arguments.ts'
import { bySocket, bySse, type FollowBy, type Followed, restWith } from './random-live.ts'

// node --conditions=source tests/contract/doors/random.test.ts --declarations=50 --seconds=9000
const declarations = argument('declarations', 4)
const seed = argument('seed', Date.now() % 1_000_000)
const timeoutMs = argument('seconds', 200) * 1000
const readsEach = argument('reads', 5)
const rolesOf = [['staff'], ['clerk', 'unheard'], []]

let ground: Ground
before(async () => {
  ground = await startGround()
})
after(() => ground?.close())

interface Counts {
  reads: number
  refused: number
  costly: number
  records: number
  graphql: number
  changed: number
}

test(`every door tells what the model says (seed ${seed})`, async (context) => {
  const counts = { reads: 0, refused: 0, costly: 0, records: 0, graphql: 0, changed: 0 }
  const property = fc.asyncProperty(fc.gen(), async (generate) => {
    const draw = drawFrom(generate)
    const stand = await ground.open([drawKit(draw, { tame: draw.chance(50) })])
    const live = new Live(stand.runtime)
    try {
      await enrol(stand.database, rolesOf)
      await compareAll({ draw, stand, live, counts })
    } finally {
      await live.close()
      await stand.close()
    }
  })
  await hold(property, { numRuns: declarations, seed, timeoutMs })
  context.diagnostic(JSON.stringify(counts))
  assert.ok(counts.reads >= 10, 'enough was asked')
  assert.ok(counts.records > 0 && counts.changed > 0, 'answers hold records, and change')
  assert.ok(counts.graphql * 4 > counts.reads, 'GraphQL can ask for most of it')
})

interface Trying {
  readonly draw: Draw
  readonly stand: Stand
  readonly live: Live
  readonly counts: Counts
}

/** A read by somebody. */
interface Case {
  readonly stand: Stand
  readonly user: number | undefined
  readonly model: Model
  readonly query: Query
}

interface Watched extends Case {
  readonly followed: readonly Followed[]
}

async function compareAll({ draw, stand, live, counts }: Trying): Promise<void> {
  const { catalog } = stand
  const models = wildModels(catalog).filter(({ exposed }) => exposed)
  const ways: readonly FollowBy[] = [bySse(restWith(live, stand)), bySocket(live)]
  const first = drawRows(draw, catalog)
  await stand.load(first)
  const watched: Watched[] = []
  for (const user of [undefined, 0, 1, 2]) {
    const asker = askerOf(rolesOf, user, { userIds, now: nowText })
    const world: World = { catalog, rows: first, asker }
    for (let at = 0; at < readsEach; at++) {
      const model = draw.pick(models)
      const { count: _, ...query } = drawList({ draw, world, illegal: 0 }, model)
      const one: Case = { stand, user, model, query }
      const followed = await compareOne(one, { world, ways, counts })
      if (followed) watched.push({ ...one, followed })
    }
  }
  const then = drawRows(draw, catalog)
  await stand.load(then)
  for (const one of watched) {
    const asker = askerOf(rolesOf, one.user, { userIds, now: nowText })
    const expected = page({ catalog, rows: then, asker }, one)
    const before = page({ catalog, rows: first, asker }, one)
    if (JSON.stringify(before) !== JSON.stringify(expected)) counts.changed += 1
    for (const { rows } of one.followed) await becomes(one, expected, () => rows.rows)
    for (const { close } of one.followed) close()
  }
}

function page(world: World, { model, query }: Case): readonly unknown[] {
  return list(world, model, query).slice(0, query.limit ?? 50)
}

/** Changes come when they come: within ten seconds. */
async function becomes(
  one: Case,
  expected: readonly unknown[],
  now: () => readonly unknown[],
): Promise<void> {
  const wanted = JSON.stringify(sorted(expected))
  for (let tries = 0; tries < 1_000 && JSON.stringify(sorted(now())) !== wanted; tries++) {
    await sleep(10)
  }
  assert.deepEqual(now(), expected, `after changes: ${labelOf(one)}`)
}

/** The order of members in JSON says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, each]) => [name, sorted(each)]))
}

interface Comparing {
  readonly world: World
  readonly ways: readonly FollowBy[]
  readonly counts: Counts
}

/** Asks by every door. Returns what goes on being followed; undefined where it is refused. */
async function compareOne(
  one: Case,
  { world, ways, counts }: Comparing,
): Promise<readonly Followed[] | undefined> {
  const { stand, user, model, query } = one
  const answer = await stand.ask(world.asker, `${model.name}.list`, { query })
  if (answer.code === 'query_too_costly') {
    counts.costly += 1
    return undefined
  }
  counts.reads += 1
  const token = user === undefined ? undefined : tokenOf(user)
  const followed = await Promise.all(ways.map((way) => way({ model, query, token })))
  const others = [await byRest(one), await byClient(one)]
  if (answer.code !== undefined) {
    counts.refused += 1
    const codes = [...others, ...followed].map(({ code }) => code)
    assert.deepEqual(codes, codes.fill(answer.code), labelOf(one))
    for (const { close } of followed) close()
    return undefined
  }
  const expected = page(world, one)
  counts.records += expected.length
  const { data } = answer.body as { readonly data: readonly unknown[] }
  assert.deepEqual(data, expected, `direct: ${labelOf(one)}`)
  for (const other of others) assert.deepEqual(other.data, expected, `${other.by}: ${labelOf(one)}`)
  for (const { rows } of followed) assert.deepEqual(rows.rows, expected, `live: ${labelOf(one)}`)
  await compareGraphql(one, expected, counts)
  return followed
}

interface Answered {
  readonly by: string
  readonly code?: string
  readonly data?: readonly unknown[]
}

async function byRest({ stand, user, model, query }: Case): Promise<Answered> {
  const sent: Sent = { method: 'QUERY', path: `/api/${model.plural}`, body: query, headers: {} }
  return { by: 'REST', ...JSON.parse((await send(stand, sent, user)).text) }
}

async function byClient({ stand, user, model, query }: Case): Promise<Answered> {
  const into: Fetch = async (url, { method = 'GET', headers, body }) => {
    const { pathname, search } = new URL(url)
    const sent: Sent = {
      ...{ method, path: decodeURI(pathname + search) },
      headers: Object.fromEntries(new Headers(headers)),
      ...(typeof body === 'string' ? { body: JSON.parse(body) } : {}),
    }
    const { status, text } = await send(stand, sent, user)
    return new Response(text, { status, headers: { 'content-type': 'application/json' } })
  }
  const { data } = createClient({ url: 'http://localhost', triesMax: 1, fetch: into })
  const methods = (data as unknown as Readonly<Record<string, Methods>>)[model.name]
  const found = await methods?.find(query)
  if (found?.ok) return { by: 'client', data: found.value.data }
  return { by: 'client', code: found?.failure.code ?? 'there is no such model' }
}

interface Methods {
  find(
    query: object,
  ): Promise<
    | { readonly ok: true; readonly value: { readonly data: readonly unknown[] } }
    | { readonly ok: false; readonly failure: { readonly code: string } }
  >
}

/** The same records with the same values, for what GraphQL is asked for by name. */
async function compareGraphql(
  one: Case,
  expected: readonly unknown[],
  counts: Counts,
): Promise<void> {
  const { stand, user, model, query } = one
  const { query: document, variables } = documentOf(stand.catalog, model, query)
  const body = { query: document.replaceAll('{ id', '{ uuid'), variables }
  const sent: Sent = { method: 'POST', path: '/api/graphql', body, headers: {} }
  const { data, errors } = JSON.parse((await send(stand, sent, user)).text) as {
    readonly data?: Readonly<Record<string, Connection>> | null
    readonly errors?: readonly { readonly extensions?: { readonly code: string } }[]
  }
  // Its own limits are narrower, and some values have no literal there.
  if (errors) return
  counts.graphql += 1
  const found = data?.[model.plural]?.edges.map(({ node }) => plain(node))
  const wanted = expected.map((record) => narrowed(stand, one, record))
  assert.deepEqual(found, wanted, `GraphQL: ${labelOf(one)}`)
}

interface Connection {
  readonly edges: readonly { readonly node: unknown }[]
}

/** A node as a record: connections are lists. Values of JSON are left as they are. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if ('edges' in value) return (value as Connection).edges.map(({ node }) => plain(node))
  if (!('uuid' in value)) return value
  // Its own id is the global one.
  const { id: _, uuid, ...rest } = value as Readonly<Record<string, unknown>>
  const entries = Object.entries(rest).map(([name, each]) => [name, plain(each)])
  return { id: uuid, ...Object.fromEntries(entries) }
}

/** Of a record what its document names: GraphQL answers nothing else. */
function narrowed(stand: Stand, { model, query }: Pick<Case, 'model' | 'query'>, record: unknown) {
  const values = record as Readonly<Record<string, unknown>>
  const { fields = [], include = {} } = query
  const included: readonly (readonly [string, unknown])[] = Array.isArray(include)
    ? include.map((name) => [name, {}] as const)
    : Object.entries(include)
  const narrow: Record<string, unknown> = { id: values.id }
  // What is hidden from this caller is absent elsewhere, and null here.
  for (const name of fields) narrow[name] = values[name] ?? null
  for (const [name, options] of included) {
    const target = model.relations.get(name)?.target ?? ''
    const other = stand.catalog.models.get(target)
    assert.ok(other, `${name} leads to a model`)
    const inner = { model: other, query: (options === true ? {} : options) as Query }
    const value = values[name] ?? null
    narrow[name] = Array.isArray(value)
      ? value.map((each) => narrowed(stand, inner, each))
      : value === null
        ? null
        : narrowed(stand, inner, value)
  }
  return narrow
}

function labelOf({ user, model, query }: Case): string {
  return `${model.name} ${JSON.stringify(query)} as ${user}`
}
