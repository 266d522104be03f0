/** Owns the proofs of going ahead: what is not waited for is told, and fails, as if it were. */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  anyone,
  app,
  bigint,
  binary,
  boolean,
  choice,
  date,
  decimal,
  duration,
  instant,
  integer,
  json,
  kit,
  money,
  nobody,
  text,
} from '../../../index.ts'
import { testApp } from '../../../testing/test-app.ts'
import { cautionOf } from '../../logic/pace/caution.ts'

const base = kit('base', {
  models: {
    thing: {
      fields: {
        name: text({ unique: true, max: 40 }),
        count: integer({ min: 0, default: 3 }),
        far: bigint({ optional: true }),
        rate: decimal({ scale: 3, optional: true }),
        price: money('GBP', { optional: true }),
        open: boolean({ default: true }),
        size: choice(['small', 'large'], { default: 'small' }),
        day: date({ optional: true }),
        at: instant({ optional: true }),
        lasts: duration({ optional: true }),
        bytes: binary({ optional: true }),
        secret: text({ optional: true }),
      },
      access: { fields: { secret: { read: nobody } } },
      audit: true,
    },
    // Without audit no entry stands between a failure and what comes behind it.
    word: { fields: { word: text({ unique: true }) }, access: {} },
    box: { fields: { left: integer({ min: 0 }), usedAt: instant({ optional: true }) }, access: {} },
    loose: { fields: { label: text(), form: json({ optional: true }) }, access: {}, audit: true },
  },
})

/** How often the logic of each action has run. */
const runs = new Map<string, number>()
const ran = (name: string): void => void runs.set(name, (runs.get(name) ?? 0) + 1)

const all = {
  name: 'Übung "1"\\',
  count: 7,
  far: '9007199254740993',
  rate: '1.5',
  price: { amount: -250, currency: 'GBP' },
  open: false,
  size: 'large',
  day: '0044-03-15',
  at: '2026-11-21T10:20:30.120+02:00',
  lasts: 'PT90M',
  bytes: 'AQID',
  secret: 'nobody reads it',
} as const

const make = base.action('make', {
  input: { name: text(), waits: boolean() },
  output: { told: json(), read: json() },
  allow: anyone,
  async run({ input: { name, waits }, data }) {
    ran('make')
    const { thing } = data.unrestricted
    // Whatever is read before is read; a read behind a write sees it.
    const told = await thing.create({ ...all, name })
    const plain = waits ? undefined : await thing.create({ name: `${name} plain` })
    const read = await thing.get(told.id)
    const plainly = plain && (await thing.get(plain.id))
    const json = (value: unknown): null => JSON.parse(JSON.stringify(value)) as null
    return { told: json([told, plain ?? null]), read: json([read, plainly ?? null]) }
  },
})

const claim = base.action('claim', {
  input: { name: text() },
  allow: anyone,
  failures: { name_taken: { detail: 'Choose another name.' } },
  async run({ input: { name }, data, fail }) {
    ran('claim')
    try {
      await data.unrestricted.thing.create({ name })
    } catch {
      throw fail('name_taken')
    }
  },
})

const takeAll = base.action('takeAll', {
  input: { id: text(), quantity: integer() },
  output: { taken: boolean() },
  allow: anyone,
  async run({ input: { id, quantity }, data }) {
    ran('takeAll')
    const { box } = data.unrestricted
    const taken = await box.takeWithinLimit(id, { from: 'left', quantity })
    await data.unrestricted.loose.create({ label: `taken ${taken}` })
    return { taken }
  },
})

const story = base.action('story', {
  input: { name: text() },
  allow: anyone,
  async run({ input: { name }, data }) {
    const { thing } = data.unrestricted
    const { id } = await thing.create({ name, secret: 'x' })
    await thing.update(id, { count: 9 })
    await thing.create({ name: `${name} too` })
    await thing.delete(id)
  },
})

const inner = base.action('inner', {
  input: { name: text(), waitMs: integer() },
  allow: anyone,
  failures: { spoilt: { detail: 'Spoilt.' } },
  async run({ input: { name, waitMs }, data, fail }) {
    await data.unrestricted.word.create({ word: name })
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    throw fail('spoilt')
  },
})

const outer = base.action('outer', {
  input: { name: text(), kept: text(), waitMs: integer() },
  output: { caught: text() },
  allow: anyone,
  async run({ input: { name, kept, waitMs }, data, call }) {
    ran('outer')
    await data.unrestricted.thing.create({ name: kept })
    const caught = await call(inner, { name, waitMs }).then(
      () => 'nothing',
      (error: unknown) => (error as { code: string }).code,
    )
    return { caught }
  },
})

const many = base.action('many', {
  input: { count: integer(), name: text() },
  allow: anyone,
  async run({ input: { count, name }, data }) {
    let others = false
    setImmediate(() => {
      others = true
    })
    for (let at = 0; at < count; at++) {
      await data.unrestricted.thing.create({ name: `${name} ${at}` })
    }
    assert.ok(others, 'a long loop gives way to others')
  },
})

const mixed = base.action('mixed', {
  input: { label: text() },
  output: { form: json() },
  allow: anyone,
  async run({ input: { label }, data }) {
    const { form } = await data.unrestricted.loose.create({ label, form: { b: 1, a: 2 } })
    return { form }
  },
})

const its = await testApp(app({ title: 'Ahead', kits: [base] }))
after(() => its.close())

async function entriesOf(record: string): Promise<readonly (string | null)[][]> {
  const { rows } = await its.running.runtime.database.query({
    text: `select verb, was::text, becomes::text, hidden::text, operation, model, actor
      from plinth.audit where record = $1 order by position`,
    values: [record],
  })
  return rows as (string | null)[][]
}

async function idOf(name: string): Promise<string> {
  const { data } = await its.data.thing.find({ filter: { name: { eq: name } } })
  return data[0]?.id ?? ''
}

test('what is told of a record before it is stored is what is stored', async () => {
  const { told, read } = await its.call(make, { name: 'all', waits: false })
  assert.deepEqual(told, read)
  const [one] = told as readonly Record<string, unknown>[]
  assert.equal(one?.at, '2026-11-21T08:20:30.12Z')
  assert.equal(one?.rate, '1.500')
  assert.equal(one?.lasts, 'PT1H30M')
  assert.equal(runs.get('make'), 1)
})

test('its entry in the audit is the one that PostgreSQL writes', async () => {
  // What stands outside of logic waits for every answer.
  const waited = await its.data.thing.create({ ...all, name: 'waited' })
  await its.call(make, { name: 'went ahead', waits: true })
  const ahead = await entriesOf(await idOf('went ahead'))
  const [[verb, was, becomes, hidden]] = (await entriesOf(waited.id)) as [(string | null)[]]
  assert.deepEqual(ahead[0]?.slice(0, 4), [
    verb,
    was,
    becomes?.replace('waited', 'went ahead'),
    hidden,
  ])
  assert.equal(hidden, '{secret}')
  assert.deepEqual(ahead[0]?.slice(4, 6), ['base.make', 'thing'])
})

test('entries stand in the order in which things were done', async () => {
  await its.call(story, { name: 'story' })
  const { rows } = await its.running.runtime.database.query({
    text: `select verb from plinth.audit where operation = 'base.story' order by position`,
    values: [],
  })
  assert.deepEqual(
    rows.map(([verb]) => verb),
    ['create', 'update', 'create', 'delete'],
  )
})

test('a failure is thrown where it is awaited, and can be caught there', async () => {
  await its.data.thing.create({ name: 'taken' })
  runs.clear()
  await assert.rejects(its.call(claim, { name: 'taken' }), { code: 'name_taken' })
  // Once ahead, and once by waiting; from then on, for a while, only by waiting.
  assert.equal(runs.get('claim'), 2)
  await its.call(claim, { name: 'free' })
  assert.equal(runs.get('claim'), 3)
  assert.notEqual(await idOf('free'), '')
})

test('a take that is stopped answers false, and one of nothing is not found', async () => {
  const { id } = await its.data.box.create({ left: 2 })
  runs.clear()
  assert.deepEqual(await its.call(takeAll, { id, quantity: 2 }), { taken: true })
  assert.equal(runs.get('takeAll'), 1)
  assert.deepEqual(await its.call(takeAll, { id, quantity: 1 }), { taken: false })
  assert.equal(runs.get('takeAll'), 3)
  assert.equal((await its.data.box.get(id)).left, 0)
  cautionOf(its.running.runtime.database).forget()
  const absent = '01234567-89ab-7cde-8f01-23456789abcd'
  await assert.rejects(its.call(takeAll, { id: absent, quantity: 1 }), { code: 'not_found' })
  const { data } = await its.data.loose.find({})
  assert.deepEqual(data.map(({ label }) => label).sort(), ['taken false', 'taken true'])
})

test('what a called action had foreseen in vain fails there, and the caller goes on', async () => {
  await its.data.word.create({ word: 'there' })
  for (const waitMs of [0, 1, 60]) {
    cautionOf(its.running.runtime.database).forget()
    runs.clear()
    const answer = await its.call(outer, { name: 'there', kept: `kept ${waitMs}`, waitMs })
    assert.deepEqual(answer, { caught: 'conflict' }, `after ${waitMs} ms`)
    assert.equal(runs.get('outer'), 2)
    assert.notEqual(await idOf(`kept ${waitMs}`), '')
  }
  const answer = await its.call(outer, { name: 'new', kept: 'kept too', waitMs: 1 })
  assert.deepEqual(answer, { caught: 'spoilt' })
  const { data } = await its.data.word.find({})
  assert.deepEqual(
    data.map(({ word }) => word),
    ['there'],
  )
})

test('of many, only some are under way at once, and all are stored', async () => {
  await its.call(many, { count: 100, name: 'many' })
  const { data } = await its.data.thing.find({
    filter: { name: { startsWith: 'many ' } },
    limit: 100,
  })
  assert.equal(data.length, 100)
  await assert.rejects(its.call(many, { count: 100, name: 'many' }), { code: 'conflict' })
})

test('what only PostgreSQL knows is waited for', async () => {
  const { form } = await its.call(mixed, { label: 'json' })
  assert.deepEqual(form, { a: 2, b: 1 })
})
