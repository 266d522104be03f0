/** Proves the index of followed reads: whoever a changed row may concern is found by its values. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { Caller } from '../../packages/plinth/src/access/caller.ts'
import type { Model } from '../../packages/plinth/src/catalog/catalog.ts'
import type { ChangedRow, ChangedTable } from '../../packages/plinth/src/database/feed/change.ts'
import type { Call } from '../../packages/plinth/src/engine/call.ts'
import { Readers } from '../../packages/plinth/src/engine/live/interest/readers.ts'
import { describeRead, type LiveRead } from '../../packages/plinth/src/engine/live/read/read.ts'
import { drawAsker } from '../access/random/conditions.ts'
import { type Draw, drawFrom, hold } from '../access/random/draw.ts'
import { drawKit } from '../access/random/generator.ts'
import { drawFilter, drawList } from '../access/random/queries.ts'
import { drawRows, idOf, wildModels } from '../access/random/values.ts'
import type { Asker, World } from '../access/rules.ts'
import { type Ground, type Stand, startGround } from '../access/world/world.ts'
import { argument } from '../armed/arguments.ts'

// node --conditions=source tests/live/interest.test.ts --declarations=100 --seed=7
const declarations = argument('declarations', 5)
const seed = argument('seed', Date.now() % 1_000_000)
const readsEach = 30

let ground: Ground
before(async () => {
  ground = await startGround()
})
after(() => ground?.close())

interface Counts {
  reads: number
  indexed: number
  pairs: number
  told: number
  answered: number
}

test(`a changed row finds every read that it may concern (seed ${seed})`, async (context) => {
  const counts: Counts = { reads: 0, indexed: 0, pairs: 0, told: 0, answered: 0 }
  const property = fc.asyncProperty(fc.gen(), async (generate) => {
    const draw = drawFrom(generate)
    const stand = await ground.open([drawKit(draw, { tame: draw.chance(70) })])
    try {
      const rows = drawRows(draw, stand.catalog)
      await stand.load(rows)
      for (const model of wildModels(stand.catalog).filter(({ exposed }) => exposed)) {
        const members = await drawMembers({ draw, stand, counts }, model, () => ({
          ...{ catalog: stand.catalog, rows, asker: drawAsker(draw) },
        }))
        compare({ draw, members, table: await tableOf(draw, stand, model), counts })
      }
    } finally {
      await stand.close()
    }
  })
  await hold(property, { numRuns: declarations, seed, timeoutMs: 200_000 })
  context.diagnostic(JSON.stringify(counts))
  assert.ok(counts.indexed * 5 > counts.reads, 'many reads demand certain values')
  assert.ok(counts.told * 10 < counts.pairs * 9, 'the index spares work')
  assert.ok(counts.answered > 100, 'rows are in answers')
})

/** A followed read, with what it was told of and what it answers. */
class Member {
  readonly read: LiveRead
  /** Keys of rows that it would answer, were it longer. */
  readonly answers: ReadonlySet<string>
  /** Keys of rows that its last answer held. */
  readonly held: ReadonlySet<string>
  readonly label: string
  told = new Set<string>()

  constructor(parts: Pick<Member, 'read' | 'answers' | 'held' | 'label'>) {
    this.read = parts.read
    this.answers = parts.answers
    this.held = parts.held
    this.label = parts.label
  }

  changed(_name: string, { rows }: ChangedTable): void {
    for (const { key } of rows ?? []) this.told.add(key)
  }
}

interface Making {
  readonly draw: Draw
  readonly stand: Stand
  readonly counts: Counts
}

async function drawMembers(
  { draw, stand, counts }: Making,
  model: Model,
  worldOf: () => World,
): Promise<readonly Member[]> {
  const members: Member[] = []
  for (let at = 0; at < readsEach; at++) {
    const world = worldOf()
    const asking = { draw, world, illegal: 0 }
    const filter = draw.chance(85) ? { filter: valued(draw, model) } : {}
    const query = draw.chance(85) ? filter : drawList(asking, model)
    const full = { filter: drawFilter(asking, model, 2), limit: 200 }
    const asked = draw.chance(15) ? full : { ...query, limit: 200 }
    const { count: _, ...read } = asked as { count?: unknown }
    const described = describe(stand, { asker: world.asker, operation: `${model.name}.list`, read })
    if (described === undefined) continue
    const answer = await stand.ask(world.asker, `${model.name}.list`, { query: read })
    if (answer.status !== 200) continue
    const { data } = answer.body as { readonly data: readonly { readonly id: string }[] }
    const answers = new Set(data.map(({ id }) => id))
    const held = new Set(
      draw.some(
        [0, 1, 2, 3].map((number) => idOf(0, number)),
        20,
      ),
    )
    counts.reads += 1
    if (described.demand && described.demand.of?.size !== 0) counts.indexed += 1
    const label = `${JSON.stringify(read)} as ${JSON.stringify(world.asker)}`
    members.push(new Member({ read: described, answers, held, label }))
  }
  return members
}

/** Filters that the index can use, in every form. */
function valued(draw: Draw, model: Model): object {
  const has = (name: string): boolean => model.fields.has(name)
  const size = (): object => ({ size: draw.integer(-2, 3) })
  const name = (): object => ({ name: draw.pick(['a', 'A', 'ab', '', 'é']) })
  const several = (): object => ({ size: { in: [draw.integer(-2, 3), draw.integer(-2, 3)] } })
  const id = (): object => ({ id: idOf(draw.integer(0, 2), draw.integer(0, 5)).toUpperCase() })
  const one = (): object => draw.pick([size, name, several, id])()
  if (!has('size') || !has('name')) return id()
  const two = [one(), one()]
  return draw.pick([one(), { and: two }, { or: two }, { and: [one(), { or: two }] }])
}

interface Following {
  readonly asker: Asker
  readonly operation: string
  readonly read: object
}

function describe(stand: Stand, { asker, operation, read }: Following): LiveRead | undefined {
  const proof = { assurance: asker.assurance, agoMs: asker.provedMinutesAgo * 60_000 }
  const caller: Caller =
    asker.id === null
      ? { is: 'anonymous' }
      : { is: 'user', id: asker.id, roles: asker.roles, proof }
  const call: Call = { operation, as: { caller }, remoteAddress: '', traceId: '', query: read }
  try {
    return describeRead(stand.runtime, caller, call)
  } catch {
    // What may not be asked is not followed either.
    return undefined
  }
}

/** All rows of a model as the feed tells them; a cell now and then is left out. */
async function tableOf(draw: Draw, stand: Stand, model: Model): Promise<Table> {
  const columns = [...model.fields.values()].filter(({ computed }) => !computed)
  const names = columns.map(({ column }) => `"${column}"`).join(', ')
  const text = `select ${names} from "${model.schema}"."${model.table}"`
  const found = await stand.database.query({ text, values: [] })
  const at = columns.findIndex(({ role }) => role === 'id')
  const rows = found.rows.map((cells): ChangedRow => {
    const values = cells.map((cell) => (draw.chance(4) ? undefined : cell))
    return { key: cells[at] ?? '', values: draw.chance(10) ? undefined : values }
  })
  const whole = new Map(found.rows.map((cells) => [cells[at] ?? '', cells]))
  return { columns: new Map(columns.map(({ column }, place) => [column, place])), rows, whole }
}

interface Table {
  readonly columns: ReadonlyMap<string, number>
  readonly rows: readonly ChangedRow[]
  /** The same rows by their keys, with every cell. */
  readonly whole: ReadonlyMap<string, readonly (string | null)[]>
}

interface Comparing {
  readonly draw: Draw
  readonly members: readonly Member[]
  readonly table: Table
  readonly counts: Counts
}

function compare({ draw, members, table, counts }: Comparing): void {
  const readers = new Readers<Member>('wild')
  const none: ReadonlySet<string> = new Set()
  const gone = draw.some(members, 15)
  for (const member of members) {
    readers.add(member, member.read)
    readers.holds(member, none, member.held)
  }
  for (const member of gone) readers.remove(member, member.held)
  const asking = new Set(draw.some(members, 5))
  readers.tell(table, asking)
  for (const member of members) {
    const { read, told, answers, held, label } = member
    for (const row of table.rows) {
      const { key, values } = row
      counts.pairs += 1
      if (told.has(key)) counts.told += 1
      if (answers.has(key)) counts.answered += 1
      const whole = values && table.whole.get(key)
      const matters =
        read.concerns === undefined ||
        held.has(key) ||
        asking.has(member) ||
        (whole !== undefined && (answers.has(key) || read.concerns(table, whole)))
      const wanted = !gone.includes(member) && matters
      if (wanted) assert.ok(told.has(key), `${key} was not told to ${label}`)
      if (gone.includes(member)) assert.equal(told.size, 0, 'who has gone is told nothing')
    }
  }
}
