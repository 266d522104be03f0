/** Proves over random declarations that what is written is read back equal, by every way. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Chance, tryRuns } from './chance.ts'
import { drawDeclaration } from './declaration.ts'
import { bodyOf, drawChange, type Kept, partOf } from './rows.ts'
import { fill, keyPath, openWorld, recordOf, recordsOf, type Thing, type World } from './world.ts'

const thingsEach = 12

test('what is written is read back equal, whatever was declared', { timeout: 400_000 }, () =>
  tryRuns(async (chance) => {
    const world = await openWorld(drawDeclaration(chance))
    try {
      await fill(world, chance, thingsEach)
      assert.ok(world.things.length > 0, 'something was written')
      for (const thing of world.things) await readOne(world, thing)
      await readAll(world)
      for (const thing of world.things) await change(world, chance, thing)
      await readAll(world)
      await remove(world)
    } finally {
      await world.close()
    }
  }),
)

async function readOne(world: World, thing: Thing): Promise<void> {
  const byId = recordOf(await world.send('GET', `/api/things/${thing.id}?include=rack,tags,card`))
  check(thing, byId)
  const { rack, tags, card } = byId as unknown as Related
  assert.equal(rack?.id ?? null, thing.rackId)
  assert.deepEqual(tags.map(({ id }) => id).sort(), [...thing.tagIds].sort())
  assert.equal(card, null)
  const path = keyPath(world.declaration, thing.kept)
  if (path !== undefined) check(thing, recordOf(await world.send('GET', path)))
}

interface Related {
  readonly rack: { readonly id: string } | null
  readonly tags: readonly { readonly id: string }[]
  readonly card: object | null
}

/** As rows of a list, of a query in a body, and as included records. */
async function readAll(world: World): Promise<void> {
  const list = recordsOf(await world.send('GET', '/api/things?limit=200'))
  const query = { method: 'QUERY', path: '/api/things', body: '{"limit":200}' } as const
  const queried = recordsOf(await world.send(query.method, query.path, { body: query.body }))
  assert.deepEqual(queried, list)
  const ids = world.things.map(({ id }) => id)
  assert.deepEqual(list.map(({ id }) => id).sort(), [...ids].sort())
  const racks = await included(world, '/api/racks?include[things][limit]=100')
  const tags = await included(world, '/api/tags?include[things][limit]=100')
  for (const thing of world.things) {
    check(
      thing,
      list.find(({ id }) => id === thing.id),
    )
    const inRacks = racks.filter(({ id }) => id === thing.id)
    assert.equal(inRacks.length, thing.rackId === null ? 0 : 1)
    const inTags = tags.filter(({ id }) => id === thing.id)
    assert.equal(inTags.length, thing.tagIds.length)
    for (const record of [...inRacks, ...inTags]) check(thing, record)
  }
}

async function included(world: World, path: string): Promise<readonly { readonly id: string }[]> {
  const outer = recordsOf(await world.send('GET', path)) as unknown as readonly {
    readonly things: readonly { readonly id: string }[]
  }[]
  return outer.flatMap(({ things }) => things)
}

/** A merge patch, or the same as an upsert where the thing has a natural key. */
async function change(world: World, chance: Chance, thing: Thing): Promise<void> {
  const { sent, kept } = drawChange(chance, world.declaration)
  if (sent.size === 0) return
  thing.kept = { ...thing.kept, ...kept }
  const path = keyPath(world.declaration, thing.kept)
  const body = bodyOf(sent)
  const whole = [...world.declaration.fields].every(({ name, optional, usual }) => {
    return optional || usual || sent.has(name)
  })
  const upsert = path !== undefined && whole && chance.happens(50)
  const answer = upsert
    ? await world.send('PUT', path, { body })
    : await world.send('PATCH', `/api/things/${thing.id}`, { body })
  check(thing, recordOf(answer))
}

/** What was deleted is gone from every way of reading. */
async function remove(world: World): Promise<void> {
  const thing = world.things.pop()
  if (!thing) return
  await world.send('DELETE', `/api/things/${thing.id}`, { status: 204 })
  await world.send('GET', `/api/things/${thing.id}`, { status: 404 })
  const path = keyPath(world.declaration, thing.kept)
  if (path !== undefined) await world.send('GET', path, { status: 404 })
  await readAll(world)
}

function check({ id, kept }: Thing, record: object | undefined): void {
  assert.ok(record, `${id} is there`)
  assert.deepEqual(partOf(record, kept) as Kept, kept)
}
