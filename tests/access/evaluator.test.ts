/** Proves the planners against the reference: the same answer for every rule, row and query. */

import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import type { Model } from '../../packages/plinth/src/catalog/catalog.ts'
import { argument } from '../armed/arguments.ts'
import { get, list, type Query, visibleRows } from './evaluator.ts'
import { drawAsker } from './random/conditions.ts'
import { type Draw, drawFrom, hold } from './random/draw.ts'
import { drawKit } from './random/generator.ts'
import { type Asking, drawList, drawSelection } from './random/queries.ts'
import { drawRows, idOf, wildModels } from './random/values.ts'
import { proven, settled, UnknownName, type World } from './rules.ts'
import { type Answer, type Ground, type Stand, startGround } from './world/world.ts'

// node --conditions=source tests/access/evaluator.test.ts --declarations=500 --seconds=9000
const declarations = argument('declarations', 12)
const seed = argument('seed', Date.now() % 1_000_000)
const queriesEach = argument('queries', 60)
const timeoutMs = argument('seconds', 250) * 1000

let ground: Ground
before(async () => {
  ground = await startGround()
})
after(() => ground?.close())

interface Plot {
  /** True: models of tenants are among them. */
  readonly tenants: boolean
  readonly numRuns: number
}

async function prove(context: TestContext, { tenants, numRuns }: Plot): Promise<void> {
  const counts = { cases: 0, refused: 0, costly: 0, records: 0 }
  const startMs = performance.now()
  const property = fc.asyncProperty(fc.gen(), async (generate) => {
    const draw = drawFrom(generate)
    const stand = await ground.open([drawKit(draw, { tame: false, tenants })], { tenants })
    try {
      const rows = drawRows(draw, stand.catalog)
      await stand.load(rows)
      for (let query = 0; query < queriesEach; query++) {
        const asker = drawAsker(draw, tenants)
        const world: World = { catalog: stand.catalog, rows, asker }
        const { outcome, records } = await compareOne({ draw, stand, world })
        counts.cases += 1
        counts.records += records
        if (outcome !== 'equal') counts[outcome] += 1
      }
    } finally {
      await stand.close()
    }
  })
  await hold(property, { numRuns, seed, timeoutMs })
  const perSecond = (counts.cases / (performance.now() - startMs)) * 1000
  context.diagnostic(`${JSON.stringify(counts)}, ${perSecond.toFixed(0)} cases/s, seed ${seed}`)
  assert.ok(counts.cases >= 100, 'the run was long enough to mean something')
  assert.ok(counts.records > counts.cases / (tenants ? 4 : 1), 'answers are not all empty')
  // Who works in no organisation finds no way to most of it.
  const legal = tenants ? 1.3 : 2
  assert.ok((counts.refused + counts.costly) * legal < counts.cases, 'most questions are legal')
}

test(`reads equal the reference (seed ${seed})`, (context) =>
  prove(context, { tenants: false, numRuns: declarations }))

test(`of tenants: reads equal the reference (seed ${seed})`, (context) =>
  prove(context, { tenants: true, numRuns: Math.ceil(declarations / 2) }))

/** How a comparison went, and how many records it was about. */
interface Compared {
  readonly outcome: 'equal' | 'refused' | 'costly'
  readonly records: number
}

interface Comparing {
  readonly draw: Draw
  readonly stand: Stand
  readonly world: World
}

async function compareOne({ draw, stand, world }: Comparing): Promise<Compared> {
  const models = wildModels(stand.catalog).filter(({ exposed }) => exposed)
  const asking: Asking = { draw, world, illegal: draw.chance(25) ? 20 : 0 }
  const model = draw.pick(models)
  return draw.chance(75)
    ? await compareList({ stand, world, model, query: drawList(asking, model) })
    : await compareGet({ stand, world, model, query: drawSelection(asking, model, 3) }, draw)
}

interface Case {
  readonly stand: Stand
  readonly world: World
  readonly model: Model
  readonly query: Query
}

async function compareList(compared: Case): Promise<Compared> {
  const { stand, world, model, query } = compared
  const expected = expect(() => list(world, model, query))
  const operation = `${model.name}.list`
  const answer = await stand.ask(world.asker, operation, { query })
  if (answer.code === 'query_too_costly') return { outcome: 'costly', records: 0 }
  if (settled(world.asker, model.access.read) === false) return refusedWhole(compared, answer)
  if (!expected) return refusedAlike(compared, answer)
  say(compared, () => assert.equal(answer.status, 200, inspect(answer)))
  const limit = query.limit ?? 50
  const pages = await walk(compared, answer.body as Page)
  const slices = pages.map((_, at) => expected.slice(at * limit, (at + 1) * limit))
  say(compared, () => {
    assert.deepEqual(
      pages.map(({ data }) => data),
      slices,
    )
    const last = pages.at(-1)
    const more = expected.length > pages.length * limit
    assert.equal(last?.page.next !== null, more, 'the last page says whether there is another')
    for (const { count } of pages) {
      assert.equal(count, query.count ? expected.length : undefined)
    }
  })
  return { outcome: 'equal', records: expected.length }
}

interface Page {
  readonly data: readonly unknown[]
  readonly page: { readonly next: string | null; readonly previous: string | null }
  readonly count?: number
}

/** Up to three pages forwards; then one back, which must be the page before. */
async function walk({ stand, world, model, query }: Case, first: Page): Promise<readonly Page[]> {
  const pages = [first]
  const turn = async (cursor: object): Promise<Page> => {
    const asked = { query: { ...query, ...cursor } }
    const { body, ...rest } = await stand.ask(world.asker, `${model.name}.list`, asked)
    assert.equal(rest.status, 200, inspect(rest))
    return body as Page
  }
  for (let page = first; page.page.next !== null && pages.length < 3; ) {
    page = await turn({ after: page.page.next })
    pages.push(page)
  }
  const last = pages.at(-1)
  if (pages.length > 1 && last?.page.previous) {
    const back = await turn({ before: last.page.previous })
    assert.deepEqual(back.data, pages.at(-2)?.data, 'the way back leads to the page before')
  }
  return pages
}

async function compareGet(compared: Case, draw: Draw): Promise<Compared> {
  const { stand, world, model, query } = compared
  const at = wildModels(stand.catalog).indexOf(model)
  const id = idOf(at, draw.integer(0, 7))
  const expected = expect(() => ({ record: get(world, model, { id, query }) }))
  const answer = await stand.ask(world.asker, `${model.name}.get`, { id, query })
  if (answer.code === 'query_too_costly') return { outcome: 'costly', records: 0 }
  if (!expected) return refusedAlike(compared, answer)
  say({ ...compared, id }, () => {
    if (expected.record) assert.deepEqual([answer.status, answer.body], [200, expected.record])
    else assert.deepEqual([answer.status, answer.code], [404, 'not_found'])
  })
  return { outcome: 'equal', records: expected.record ? 1 : 0 }
}

function expect<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof UnknownName) return undefined
    throw error
  }
}

function refusedAlike(compared: Case, { code }: { readonly code?: string }): Compared {
  say(compared, () => assert.equal(code, 'invalid_input', 'an unknown name is refused'))
  return { outcome: 'refused', records: 0 }
}

/** A list of records that nobody of these roles can ever read has no answer at all. */
function refusedWhole(compared: Case, { code }: Answer): Compared {
  const { world, model } = compared
  const { asker } = world
  const { read } = model.access
  const proves = settled(proven(asker), read) !== false
  const never = read.type === 'constant' && !read.value
  const nowhere = model.tenant !== undefined && !asker.organisation && !never
  const lacks = asker.bound ? 'session_required' : 'step_up_required'
  const signedIn = nowhere ? 'organisation_required' : proves ? lacks : 'forbidden'
  const expected = world.asker.id === null ? 'sign_in_required' : signedIn
  say(compared, () => assert.equal(code, expected))
  return { outcome: 'refused', records: 0 }
}

/** Adds to a mismatch what it takes to understand it. */
function say(compared: Case & { readonly id?: string }, check: () => void): void {
  try {
    check()
  } catch (error) {
    const { world, model, query, id } = compared
    const show = (value: unknown): string => inspect(value, { depth: 20, breakLength: 100 })
    const rules = [...world.catalog.models.values()]
      .filter(({ kit }) => kit === 'wild')
      .map(({ name, access, fields }) => {
        const hidden = [...fields.values()].map((field) => [field.name, field.access.read])
        return `${name}: ${show(access.read)}\n${show(Object.fromEntries(hidden))}`
      })
    const visible = show(visibleRows(world, model))
    const parts = [
      `${model.name} ${id ?? ''} ${JSON.stringify(query)} as ${show(world.asker)}`,
      `visible: ${visible}`,
      argument('verbose', 0) ? `rules: ${rules.join('\n')}\nrows: ${show(world.rows)}` : '',
    ]
    throw new Error(`${(error as Error).message}\n${parts.join('\n')}`, { cause: error })
  }
}
