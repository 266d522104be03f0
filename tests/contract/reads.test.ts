/** Proves over random declarations that filters, sorts and cursors are what plain code says. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json, Operator } from '../../packages/plinth/src/kinds/kind.ts'
import { type Chance, tryRuns } from './chance.ts'
import { drawDeclaration } from './declaration.ts'
import { type Compared, holds, type Key, sorted } from './plain.ts'
import type { DrawnField } from './specimens/specimen.ts'
import { fill, openWorld, recordsOf, type Thing, textOf, type World } from './world.ts'

const thingsEach = 14

/** Runs a body over drawn worlds with things in them. */
function overWorlds(body: (world: World, chance: Chance) => Promise<void>): Promise<void> {
  return tryRuns(async (chance) => {
    const world = await openWorld(drawDeclaration(chance))
    try {
      await fill(world, chance, thingsEach)
      await body(world, chance)
    } finally {
      await world.close()
    }
  })
}

test('every operator finds what a plain comparison finds', { timeout: 400_000 }, () =>
  overWorlds(async (world, chance) => {
    for (const field of world.declaration.fields) {
      for (const operator of [...field.specimen.operators, 'isNull'] as const) {
        await filter(world, chance, { field, operator })
      }
    }
  }),
)

interface Asked {
  readonly field: DrawnField
  readonly operator: Operator
}

async function filter(world: World, chance: Chance, { field, operator }: Asked): Promise<void> {
  const values = world.things.map(({ kept }) => kept[field.name] ?? null)
  const operand = operandFor(
    chance,
    { field, operator },
    values.filter((value) => value !== null),
  )
  if (operand === undefined) return
  const found = world.things.filter(({ kept }) => {
    return holds(field, operator, [kept[field.name] ?? null, operand] satisfies Compared)
  })
  const others = world.things.filter((thing) => !found.includes(thing))
  const names = field.copy === undefined ? [field.name] : [field.name, field.copy]
  for (const name of names) {
    const condition = { [name]: { [operator]: operand } }
    await expectFound(world, condition, found)
    await expectFound(world, { not: condition }, others)
  }
  const search = searchOf(field.name, operator, operand)
  if (search === undefined) return
  const listed = recordsOf(await world.send('GET', `/api/things?limit=200&fields=id&${search}`))
  assert.deepEqual(
    listed.map(({ id }) => id),
    idsOf(found),
    search,
  )
}

/** Something that is likely to be found: a value that is there, or a part of one. */
function operandFor(
  chance: Chance,
  { field, operator }: Asked,
  values: readonly Json[],
): Json | undefined {
  if (operator === 'isNull') return chance.happens(50)
  const known = values.length > 0 && chance.happens(70)
  const value = known ? chance.pick(values) : chance.sample(field.specimen.sample).kept
  if (operator === 'in' || operator === 'notIn') {
    return [value, ...chance.some(values, 20), chance.sample(field.specimen.sample).kept]
  }
  if (operator === 'has') {
    const items = value as readonly Json[]
    return items.length === 0 ? undefined : chance.pick(items)
  }
  const letters = ['contains', 'icontains', 'startsWith', 'endsWith'].includes(operator)
  return letters ? partOfText(chance, String(value), operator) : value
}

function partOfText(chance: Chance, text: string, operator: Operator): string {
  const characters = [...text]
  const from = operator === 'startsWith' ? 0 : chance.integer(0, characters.length)
  const end = operator === 'endsWith' ? characters.length : from + chance.integer(0, 6)
  const part = characters.slice(from, end).join('')
  if (operator !== 'icontains') return part
  return Array.from(part, (each) =>
    each.length === each.toUpperCase().length && each !== 'ı' ? each.toUpperCase() : each,
  ).join('')
}

/** The same condition in an address; undefined where it cannot or need not be written there. */
function searchOf(name: string, operator: Operator, operand: Json): string | undefined {
  const items = operator === 'in' || operator === 'notIn' ? (operand as readonly Json[]) : [operand]
  const texts = items.map(textOf)
  const search = `filter[${name}][${operator}]=${texts.map(encodeURIComponent).join(',')}`
  return search.length > 4_000 || (items.length > 1 && texts.includes('')) ? undefined : search
}

async function expectFound(world: World, filter: object, found: readonly Thing[]): Promise<void> {
  const body = JSON.stringify({ filter, limit: 200, fields: ['id'] })
  const answer = await world.send('QUERY', '/api/things', { body })
  const ids = recordsOf(answer).map(({ id }) => id)
  assert.deepEqual(ids, idsOf(found), body.slice(0, 500))
}

function idsOf(things: readonly Thing[]): string[] {
  return things.map(({ id }) => id).sort()
}

test('every sort is a plain sort, and cursors walk it once each way', { timeout: 400_000 }, () =>
  overWorlds(async (world, chance) => {
    // A sort by texts of thousands of characters has no cursor, and says so.
    const sortable = world.declaration.fields.filter(({ specimen }) => {
      return specimen.compare !== undefined && !['line', 'note', 'trimmed'].includes(specimen.name)
    })
    for (const field of sortable) {
      const second = chance.pick(sortable)
      const keys = [
        { field, descending: chance.happens(50) },
        ...(second === field ? [] : [{ field: second, descending: chance.happens(50) }]),
      ]
      await walk(world, keys, chance.integer(1, 5))
    }
  }),
)

interface Page {
  readonly data: readonly { readonly id: string }[]
  readonly page: { readonly next: string | null; readonly previous: string | null }
}

async function walk(world: World, keys: readonly Key[], limit: number): Promise<void> {
  const expected = sorted(world.things, keys).map(({ id }) => id)
  const sort = keys.map(({ field, descending }) => (descending ? '-' : '') + field.name)
  const read = async (more: object): Promise<Page> => {
    const body = JSON.stringify({ sort, fields: ['id'], limit, ...more })
    return (await world.send('QUERY', '/api/things', { body })).json() as Page
  }
  const whole = await read({ limit: 200 })
  assert.deepEqual(
    whole.data.map(({ id }) => id),
    expected,
    sort.join(),
  )
  let page = await read({})
  const forwards = page.data.map(({ id }) => id)
  while (page.page.next !== null) {
    page = await read({ after: page.page.next })
    forwards.push(...page.data.map(({ id }) => id))
    assert.ok(forwards.length <= expected.length, `${sort}: no row comes twice`)
  }
  assert.deepEqual(forwards, expected, `${sort}: forwards`)
  const backwards = page.data.map(({ id }) => id)
  while (page.page.previous !== null) {
    page = await read({ before: page.page.previous })
    backwards.unshift(...page.data.map(({ id }) => id))
    assert.ok(backwards.length <= expected.length, `${sort}: no row comes twice`)
  }
  assert.deepEqual(backwards, expected, `${sort}: backwards`)
}
