/** Proves the judgement of writes against the reference: for every rule, row and change. */

import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import type { Model } from '../../packages/plinth/src/catalog/catalog.ts'
import { argument } from '../armed/arguments.ts'
import { isKnownRelation } from './evaluator.ts'
import { type Judgement, judge, type Write } from './judgement.ts'
import { drawProof } from './random/conditions.ts'
import { type Draw, drawFrom, hold } from './random/draw.ts'
import { drawKit } from './random/generator.ts'
import { drawPlace } from './random/places.ts'
import { constantOf, drawRows, idOf, nowText, roles, userIds, wildModels } from './random/values.ts'
import { type Asker, type Row, type Rows, settled, type World } from './rules.ts'
import { type Answer, type Ground, type Stand, startGround } from './world/world.ts'

// node --conditions=source tests/access/judgement.test.ts --declarations=500 --seconds=9000
const declarations = argument('declarations', 14)
const seed = argument('seed', Date.now() % 1_000_000)
const writesEach = argument('writes', 50)
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
  const counts: Record<string, number> = { cases: 0, links: 0 }
  const property = fc.asyncProperty(fc.gen(), async (generate) => {
    const draw = drawFrom(generate)
    const kit = drawKit(draw, { tame: false, writes: true, tenants })
    const stand = await ground.open([kit], { tenants })
    try {
      const rows = drawRows(draw, stand.catalog)
      await stand.load(rows)
      for (let at = 0; at < writesEach; at++) {
        const write = await compareOne({ draw, stand, rows, tenants })
        counts.cases = (counts.cases ?? 0) + 1
        counts[write.is] = (counts[write.is] ?? 0) + 1
        counts.links = (counts.links ?? 0) + Number(write.linked)
      }
    } finally {
      await stand.close()
    }
  })
  await hold(property, { numRuns, seed, timeoutMs })
  context.diagnostic(`${JSON.stringify(counts)}, seed ${seed}`)
  const share = (name: string): number => (counts[name] ?? 0) / (counts.cases ?? 1)
  assert.ok((counts.cases ?? 0) >= 100, 'the run was long enough to mean something')
  assert.ok(share('done') > (tenants ? 0.02 : 0.1), 'many writes are allowed')
  assert.ok(share('forbidden') > 0.1, 'many are not')
  assert.ok(tenants || share('links') > 0.02, 'some set links')
  assert.equal(share('nowhere') > 0.02, tenants, 'some work in no organisation')
}

test(`writes are judged as by the reference (seed ${seed})`, (context) =>
  prove(context, { tenants: false, numRuns: declarations }))

test(`of tenants: writes are judged as by the reference (seed ${seed})`, (context) =>
  prove(context, { tenants: true, numRuns: Math.ceil(declarations / 2) }))

interface Trying {
  readonly draw: Draw
  readonly stand: Stand
  readonly rows: Rows
  readonly tenants: boolean
}

async function compareOne({
  draw,
  stand,
  rows,
  tenants,
}: Trying): Promise<{ is: string; linked: boolean }> {
  const { catalog } = stand
  const world: World = { catalog, rows, asker: drawAsker(draw, tenants) }
  const model = draw.pick(wildModels(catalog).filter(({ exposed }) => exposed))
  const known = rows.get(model.name) ?? []
  const id = draw.chance(60) && known.length > 0 ? String(draw.pick(known).id) : undefined
  const input = drawInput({ draw, world }, model, id === undefined)
  if (Object.keys(input).length === 0) return { is: 'empty', linked: false }
  const write: Write = { model, id, input }
  const expected = judge(world, write)
  const operation = `${model.name}.${id === undefined ? 'create' : 'update'}`
  const answer = await stand.ask(world.asker, operation, {
    input,
    ...(id === undefined ? {} : { id }),
  })
  try {
    const { rows: stored } = await stand.database.query(linkQuery(write))
    compare(expected, answer, world.asker)
    if (expected.is === 'done' && answer.code !== 'conflict')
      compareLinks(expected, { write, stored })
  } catch (error) {
    const what = inspect(
      { write: { id, input }, model, asker: world.asker, answer, expected },
      { depth: 9 },
    )
    throw new Error(`${(error as Error).message}\n${model.name} ${what}`, { cause: error })
  }
  if (answer.status < 400) await stand.load(rows)
  return { is: expected.is, linked: expected.is === 'done' && linkOf(write) !== undefined }
}

function compare(expected: Judgement, answer: Answer, asker: Asker): void {
  const codes = {
    forbidden: asker.id === null ? 'sign_in_required' : 'forbidden',
    nowhere: 'organisation_required',
    unproven: asker.bound ? 'session_required' : 'step_up_required',
    not_found: 'not_found',
    reference_not_found: 'invalid_input',
  }
  if (expected.is !== 'done') {
    assert.equal(answer.code ?? answer.status, codes[expected.is])
    return
  }
  // A unique value that is taken is found out after the rules have allowed the write.
  if (answer.code === 'conflict') return
  assert.ok(answer.status < 400, answer.code ?? '')
  assert.deepEqual(answer.body && plain(answer.body as Row), expected.told && plain(expected.told))
}

/** Without what the clock and the counter decide. */
function plain({ id: _, createdAt: __, updatedAt: ___, version: ____, ...rest }: Row): Row {
  return rest
}

function linkOf({ model, input }: Write) {
  return [...model.relations.values()].find(({ inputName }) =>
    Object.hasOwn(input, inputName ?? ''),
  )
}

/** All links of the first relation that the write sets, or nothing. */
function linkQuery(write: Write): { text: string; values: [] } {
  const { through } = linkOf(write) ?? {}
  if (!through) return { text: 'select 1 where false', values: [] }
  const [kit = '', table = ''] = [
    'wild',
    through.model.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  ]
  const column = (name: string): string => name.replace('Id', '_id')
  const columns = `${column(through.local)}::text, ${column(through.foreign)}::text`
  return { text: `select ${columns} from "${kit}"."${table}"`, values: [] }
}

interface Stored {
  readonly write: Write
  readonly stored: readonly (readonly (string | null)[])[]
}

function compareLinks({ links }: Judgement & { is: 'done' }, { write, stored }: Stored): void {
  const { through } = linkOf(write) ?? {}
  if (!through) return
  const others = (links.get(through.model) ?? []).map((link) => link[through.foreign])
  assert.deepEqual(stored.map(([, other]) => other).sort(), others.sort(), 'the links stored')
}

function drawAsker(draw: Draw, tenants: boolean): Asker {
  const id = draw.chance(15) ? null : draw.pick(userIds)
  const held = new Set(id === null ? [] : draw.some([...roles], 60))
  const placed = tenants ? drawPlace(draw, id) : {}
  return { id, roles: held, now: nowText, ...drawProof(draw), ...placed }
}

interface Drawing {
  readonly draw: Draw
  readonly world: World
}

/** Values that fit, for fields that the asker may write of some record. */
function drawInput({ draw, world }: Drawing, model: Model, whole: boolean): Row {
  const input: Record<string, unknown> = {}
  for (const field of model.fields.values()) {
    const isInput = !field.computed && (field.role === 'declared' || field.role === 'reference')
    if (!isInput || settled(world.asker, field.access.write) === false) continue
    if (!(whole && !field.optional) && !draw.chance(whole ? 40 : 20)) continue
    if (field.optional && draw.chance(15)) input[field.name] = null
    else if (field.name === 'owner')
      input[field.name] = draw.chance(60) ? world.asker.id : draw.pick(userIds)
    else if (field.role === 'reference')
      input[field.name] = someId({ draw, world }, model.relations.get(field.relation ?? '')?.target)
    else input[field.name] = constantOf(draw, field.kind)
  }
  for (const relation of model.relations.values()) {
    const { inputName, target } = relation
    if (inputName === undefined || !draw.chance(50)) continue
    if (!isKnownRelation(world, model, relation)) continue
    const ids = [0, 1, 2].slice(draw.integer(0, 3)).map(() => someId({ draw, world }, target))
    input[inputName] = [...new Set(ids)]
  }
  return input
}

function someId({ draw, world }: Drawing, target = ''): string {
  const known = world.rows.get(target) ?? []
  return known.length > 0 ? String(draw.pick(known).id) : idOf(0, 99)
}
