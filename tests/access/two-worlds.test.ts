/**
 * Proves non-interference: two databases that differ only in what a caller may not see answer the
 * same requests by the same bytes: status, headers and body.
 *
 * Two exceptions are known and documented. One (security.md A05, A06): a unique value is taken is
 * told by a conflict, whoever holds it. The generated worlds therefore differ in no unique value;
 * the exception has a test of its own in attacks.test.ts, which pins its one generic text. And who
 * deletes a record is told which visible records let go of it, by their new version, also where the
 * reference itself is hidden: `plinth check` advises about such a declaration. In the generated
 * worlds of writes no reference is hidden.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { argument } from '../armed/arguments.ts'
import { type Draw, drawFrom, hold } from './random/draw.ts'
import { drawKit } from './random/generator.ts'
import { askerOf, onlyInOne, twinOf } from './random/mutations.ts'
import type { Asking } from './random/queries.ts'
import { drawRead, drawWrite, type Sent, send } from './random/requests.ts'
import { drawRows, nowText, userIds, wildModels } from './random/values.ts'
import type { World } from './rules.ts'
import { enrol, placeOf, tokenOf } from './world/people.ts'
import { type Ground, type Stand, startGround } from './world/world.ts'

// node --conditions=source tests/access/two-worlds.test.ts --declarations=200 --seconds=9000
const declarations = argument('declarations', 8)
const seed = argument('seed', Date.now() % 1_000_000)
const timeoutMs = argument('seconds', 130) * 1000
const requestsEach = argument('requests', 50)
const rolesOf = [['staff'], ['clerk', 'unheard'], []]

let ground: Ground
before(async () => {
  ground = await startGround()
})
after(() => ground?.close())

interface Counts {
  pairs: number
  differences: number
  codes: Record<number, number>
}

interface Plot {
  readonly tame: boolean
  /** True: models of tenants are among them. */
  readonly tenants?: boolean
  /** Asks for the next request. */
  readonly next: (asking: Asking) => Sent
}

async function prove({ tame, next, tenants = false }: Plot): Promise<Counts> {
  const counts: Counts = { pairs: 0, differences: 0, codes: {} }
  const property = fc.asyncProperty(fc.gen(), async (generate) => {
    const draw = drawFrom(generate)
    const kit = drawKit(draw, { tame, tenants })
    const open = () => ground.open([kit], { tenants })
    const stands = [await open(), await open()] as const
    try {
      for (const stand of stands) await enrol(stand.database, rolesOf, tenants)
      for (let asker = 0; asker < 3; asker++) {
        await compareWorlds({ draw, stands, next, counts, tenants })
      }
    } finally {
      for (const stand of stands) await stand.close()
    }
  })
  const numRuns = tenants ? Math.ceil(declarations / 2) : declarations
  await hold(property, { numRuns, seed, timeoutMs })
  return counts
}

interface Comparing {
  readonly draw: Draw
  readonly stands: readonly [Stand, Stand]
  readonly next: Plot['next']
  readonly counts: Counts
  readonly tenants: boolean
}

async function compareWorlds(comparing: Comparing): Promise<void> {
  const { draw, stands, next, counts, tenants } = comparing
  const [first, second] = stands
  const { catalog } = first
  const user = draw.pick([undefined, 0, 1, 2])
  const badge = tenants && user !== undefined ? draw.integer(0, 4) : 0
  const placed = placeOf(user, badge)
  const asker = askerOf(rolesOf, user, { userIds, now: nowText, placed })
  const world: World = { catalog, rows: drawRows(draw, catalog), asker }
  const twin = twinOf(draw, world, 25)
  counts.differences += twin.differences
  await Promise.all([first.load(world.rows), second.load(twin.rows)])
  const token = user === undefined ? undefined : tokenOf(user, badge)
  const suspects = onlyInOne(world.rows, twin.rows)
  const asking: Asking = { draw, world, illegal: 8, suspects }
  const last = wildModels(catalog)
    .filter(({ exposed }) => exposed)
    .map(({ plural }) => ({ method: 'GET', path: `/api/${plural}?limit=200`, headers: {} }))
  for (let at = 0; at < requestsEach + last.length; at++) {
    const sent = at < requestsEach ? next(asking) : (last[at - requestsEach] as Sent)
    const [one, two] = await Promise.all([send(first, sent, token), send(second, sent, token)])
    counts.pairs += 1
    counts.codes[one.status] = (counts.codes[one.status] ?? 0) + 1
    assert.deepEqual(
      two,
      one,
      `${sent.method} ${sent.path} ${JSON.stringify(sent)} as ${user} ${badge}`,
    )
    assert.notEqual(one.status, 500, `${JSON.stringify(sent)} ${one.text}`)
  }
}

test(`reads tell nothing of what is hidden (seed ${seed})`, async (context) => {
  const counts = await prove({ tame: false, next: drawRead })
  context.diagnostic(JSON.stringify(counts))
  assert.ok(counts.pairs >= 100, 'enough was asked')
  assert.ok(counts.differences > counts.pairs / 50, 'the worlds do differ')
  assert.ok((counts.codes[200] ?? 0) > counts.pairs / 3, 'many answers hold records')
})

test(`writes tell nothing of what is hidden (seed ${seed})`, async (context) => {
  const counts = await prove({
    tame: true,
    next: (asking) => (asking.draw.chance(60) ? drawWrite(asking) : drawRead(asking)),
  })
  context.diagnostic(JSON.stringify(counts))
  const { codes } = counts
  const done = (codes[201] ?? 0) + (codes[204] ?? 0)
  assert.ok(done > counts.pairs / 100, 'some writes are allowed')
  assert.ok((codes[403] ?? 0) + (codes[401] ?? 0) > 0, 'some are not')
  assert.ok((codes[404] ?? 0) > 0, 'some are about hidden records')
})

test(`of tenants: reads tell nothing of what is hidden (seed ${seed})`, async (context) => {
  const counts = await prove({ tame: false, next: drawRead, tenants: true })
  context.diagnostic(JSON.stringify(counts))
  assert.ok(counts.differences > counts.pairs / 50, 'the worlds do differ')
  assert.ok((counts.codes[200] ?? 0) > counts.pairs / 5, 'many answers hold records')
})

test(`of tenants: writes tell nothing of what is hidden (seed ${seed})`, async (context) => {
  const counts = await prove({
    ...{ tame: true, tenants: true },
    next: (asking) => (asking.draw.chance(60) ? drawWrite(asking) : drawRead(asking)),
  })
  context.diagnostic(JSON.stringify(counts))
  const { codes } = counts
  assert.ok((codes[201] ?? 0) + (codes[204] ?? 0) > counts.pairs / 200, 'some writes are allowed')
  assert.ok((codes[404] ?? 0) > 0, 'some are about hidden records')
})
