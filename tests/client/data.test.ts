import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import type { TestUser } from '../../packages/plinth/src/testing/test-app.ts'
import { password, stand } from './stand.ts'

describe('the data of a client', () => {
  let shop: Awaited<ReturnType<typeof stand>>
  let staff: TestUser
  let admin: Awaited<ReturnType<typeof shop.clientOf>>
  let guest: ReturnType<typeof shop.client>
  let lamp: string
  const ends: (() => unknown)[] = []

  before(async () => {
    shop = await stand({ after: (end: () => unknown) => ends.push(end) } as never as TestContext)
    staff = await shop.tested.user({ email: 'staff@shop.example', password, roles: ['staff'] })
    admin = await shop.clientOf(staff)
    guest = shop.client()
    const lights = await admin.data.category.create({ name: 'Lights & lamps' }).orThrow()
    const price = { amount: 1_250, currency: 'GBP' } as const
    for (const [sku, stock, published] of rows) {
      const values = { sku, name: `Lamp ${sku}`, price, stock, published, categoryId: lights.id }
      const { id } = await admin.data.product.create(values).orThrow()
      lamp ??= id
    }
  })

  after(async () => {
    for (const end of ends) await end()
  })

  test('fields and includes are all that comes, in the form of the wire', async () => {
    const page = await guest.data.product
      .find({
        filter: { stock: { gte: 5 }, category: { name: 'Lights & lamps' } },
        fields: ['sku', 'price', 'views', 'weight', 'from'],
        include: { category: { fields: ['name'] } },
        sort: ['-stock'],
        limit: 1,
        count: 'exact',
      })
      .orThrow()
    assert.equal(page.count, 2)
    const [first] = page.data
    assert.deepEqual(
      { ...first, id: '', category: first?.category?.name },
      {
        ...{ id: '', sku: 'A/1', views: '0', weight: null, from: null },
        price: { amount: 1_250, currency: 'GBP' },
        category: 'Lights & lamps',
      },
    )
  })

  test('one record is read by id, by key, and with what belongs to it', async () => {
    const byId = await guest.data.product.get(lamp, { fields: ['name'] }).orThrow()
    assert.deepEqual(byId, { id: lamp, name: 'Lamp A/1' })
    const products = {
      filter: {
        weight: { isNull: true },
        or: [{ sku: { in: ['A/1', 'A,2'] } }, { name: 'x' }],
      },
      sort: ['-sku'],
      limit: 1,
    } as const
    const found = await guest.data.product
      .get(
        { sku: 'A/1' },
        { fields: ['sku'], include: { tags: true, category: { include: { products } } } },
      )
      .orThrow()
    assert.deepEqual(
      [found.sku, found.tags, found.category?.products.map(({ sku }) => sku)],
      ['A/1', [], ['A/1']],
      'a comma inside a value parts nothing; what is not published is not included',
    )
    assert.deepEqual(found.category?.$more, ['products'])
  })

  test('pages and records are walked to the last, forwards and back', async () => {
    const seen: string[] = []
    for await (const { sku } of admin.data.product.each({ sort: ['sku'], limit: 2 })) seen.push(sku)
    assert.deepEqual(seen, ['A,2', 'A/1', 'B'])
    const sizes: number[] = []
    for await (const { data } of guest.data.product.pages({ sort: ['sku'], limit: 1 })) {
      sizes.push(data.length)
    }
    assert.deepEqual(sizes, [1, 1])
    const last = await admin.data.product.find({ sort: ['sku'], limit: 2 }).orThrow()
    const next = await admin.data.product
      .find({ sort: ['sku'], limit: 2, after: last.page.next ?? '' })
      .orThrow()
    const back: string[] = []
    const before = next.page.previous ?? ''
    for await (const page of admin.data.product.pages({ sort: ['sku'], limit: 1, before })) {
      back.push(...page.data.map(({ sku }) => sku))
    }
    assert.deepEqual(back, ['A/1', 'A,2'])
    assert.deepEqual(await guest.data.product.count().orThrow(), { count: 2, exact: true })
    const counted = await guest.data.product.count({ filter: { stock: 5 } }).orThrow()
    assert.equal(counted.count, 1)
  })

  test('a walk ends with the failure of its page', async () => {
    const broken = shop.client({ triesMax: 1, headers: { authorization: 'Bearer pls_wrong' } })
    await assert.rejects(async () => {
      for await (const _ of broken.data.product.each()) assert.fail('nothing comes')
    }, /CallError/)
  })

  test('writes: versions, keys, and only making', async () => {
    const made = await admin.data.tag.create({ name: 'red' }).orThrow()
    assert.equal(made.version, 1)
    const values = { name: 'Tagged', price: { amount: 1, currency: 'GBP' } } as const
    const tagged = await admin.data.product
      .upsert({ sku: 'T=1,é' }, { ...values, tagIds: [made.id] })
      .orThrow()
    const again = await admin.data.product.upsert({ sku: 'T=1,é' }, { ...values, stock: 3 })
    assert.deepEqual(again.ok && [again.value.id, again.value.version], [tagged.id, 2])
    const only = await admin.data.product.upsert({ sku: 'T=1,é' }, values, { onlyCreate: true })
    assert.equal(!only.ok && only.failure.code, 'version_mismatch')
    const stale = await admin.data.product.update(tagged.id, { stock: 4 }, { version: 1 })
    assert.equal(!stale.ok && stale.failure.status, 412)
    const fresh = await admin.data.product.update(
      tagged.id,
      { stock: 4, from: null },
      { version: 2 },
    )
    assert.equal(fresh.ok && fresh.value.stock, 4)
    const gone = await admin.data.product.delete(tagged.id, { version: 3 })
    assert.deepEqual(gone, { ok: true, value: undefined })
    const none = await admin.data.product.get(tagged.id)
    assert.equal(!none.ok && none.failure.code, 'not_found')
  })

  test('a failure is a value with every problem by its place', async () => {
    const wrong = await admin.data.product.create({
      ...{ sku: 'x'.repeat(41), name: 'x' },
      price: { amount: 1.5, currency: 'GBP' },
    })
    assert.ok(!wrong.ok)
    const { code, problems, status, traceId, retryable, detail } = wrong.failure
    assert.deepEqual([code, status, retryable], ['invalid_input', 422, false])
    assert.deepEqual(problems.map(({ pointer }) => pointer).sort(), ['/price', '/sku'])
    assert.match(traceId ?? '', /^[0-9a-f]{32}$/)
    assert.match(detail, /\/sku|\/price/)
    const denied = await guest.data.product.create({
      ...{ sku: 'x', name: 'x', price: { amount: 1, currency: 'GBP' } },
    })
    assert.equal(!denied.ok && denied.failure.code, 'sign_in_required')
    await assert.rejects(guest.data.product.get(staff.id).orThrow(), {
      ...{ name: 'CallError', code: 'not_found' },
    })
  })

  test('a batch happens as a whole, and its steps know each other', async () => {
    const [order, line] = await admin
      .batch((steps) => {
        const made = steps.order.create({ number: 'N-1', ownerId: staff.id })
        const first = steps.line.create({ orderId: made.id, productId: lamp, quantity: 2 })
        return [made, first, steps.line.delete(first.id), steps.order.delete(made.id)] as const
      })
      .orThrow()
    assert.equal(line.orderId, order.id)
    const broken = await admin.batch(({ tag }) => [
      tag.create({ name: 'green' }),
      tag.create({ name: 'x'.repeat(41) }),
    ])
    assert.ok(!broken.ok)
    assert.deepEqual(
      broken.failure.problems.map(({ pointer }) => pointer),
      ['/operations/1/input/name'],
    )
    assert.equal((await guest.data.tag.count({ filter: { name: 'green' } }).orThrow()).count, 0)
  })

  test('a plural that English does not form is told to the client', async () => {
    const plain = await guest.data.person.find()
    assert.equal(!plain.ok && plain.failure.code, 'not_found')
    const told = shop.client({ plurals: { person: 'people' } })
    assert.deepEqual((await told.data.person.find().orThrow()).data, [])
  })
})

const rows = [
  ['A/1', 9, true],
  ['A,2', 5, true],
  ['B', 1, false],
] as const
