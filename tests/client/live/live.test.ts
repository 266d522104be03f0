import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { LiveList } from 'plinth/client'
import { password, stand } from '../stand.ts'
import { keeping } from './keeping.ts'

const price = { amount: 100, currency: 'GBP' } as const

async function open(context: TestContext) {
  const shop = await stand(context)
  const staff = await shop.tested.user({ email: 'staff@shop.example', password, roles: ['staff'] })
  const admin = await shop.clientOf(staff)
  return { ...shop, staff, admin }
}

interface Shown {
  readonly name: string
  readonly stock: number
}

const text = (seen: LiveList<Shown> | undefined) =>
  seen?.data.map(({ name, stock }) => `${name} ${stock}`).join(', ')

test('a list is followed: what enters, changes, moves and leaves', async (context) => {
  const { client, admin } = await open(context)
  const { told, follower, until, states } = keeping<LiveList<Shown & { readonly id: string }>>()
  const stop = client().data.product.live(
    { filter: { stock: { gt: 0 } }, fields: ['name', 'stock'], sort: ['name'], count: 'exact' },
    follower,
  )
  context.after(stop)
  const now = (list: string) => until(() => text(told.at(-1)) === list, list)
  await now('')
  const b = await admin.data.product.create({ sku: 'B', name: 'B', price, stock: 1 }).orThrow()
  await now('B 1')
  const a = await admin.data.product.create({ sku: 'A', name: 'A', price, stock: 1 }).orThrow()
  await now('A 1, B 1')
  assert.equal(told.at(-1)?.count, 2)
  await admin.data.product.update(a.id, { name: 'C', stock: 2 }).orThrow()
  await now('B 1, C 2')
  await admin.data.product.update(b.id, { published: false }).orThrow()
  await now('C 2')
  await admin.data.product.delete(a.id).orThrow()
  await now('')
  assert.ok(!states.includes('away'))
  stop()
  const after = told.length
  await admin.data.product.update(b.id, { published: true }).orThrow()
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.equal(told.length, after, 'who has stopped is told nothing')
})

test('one record is followed, by its key, before it is there and after', async (context) => {
  const { client, admin } = await open(context)
  const { told, follower, until } = keeping<{ readonly data: readonly Shown[] }>()
  const query = { fields: ['name', 'stock'] } as const
  context.after(client().data.product.liveOne({ sku: 'A/1' }, query, follower))
  await until(() => told.at(-1)?.data.length === 0, 'none')
  const made = await admin.data.product.create({ sku: 'A/1', name: 'A', price }).orThrow()
  await until(() => told.at(-1)?.data[0]?.stock === 0, 'made')
  await admin.data.product.update(made.id, { stock: 5 }).orThrow()
  await until(() => told.at(-1)?.data[0]?.stock === 5, 'changed')
})

test('a lost connection goes on where it was: nothing is missed or told twice', async (context) => {
  const { client, admin } = await open(context)
  let cut: AbortController | undefined
  let down = false
  const cursors: (string | null)[] = []
  const lossy = client({
    async fetch(url, request) {
      const headers = new Headers(request.headers)
      if (headers.get('accept') !== 'text/event-stream') return fetch(url, request)
      if (down) throw new TypeError('down')
      cursors.push(headers.get('last-event-id'))
      cut = new AbortController()
      const signals = [request.signal, cut.signal].filter((one) => one instanceof AbortSignal)
      return fetch(url, { ...request, signal: AbortSignal.any(signals) })
    },
  })
  const { told, follower, until, states } = keeping<LiveList<Shown>>()
  const query = { fields: ['name', 'stock'], sort: ['sku'] } as const
  context.after(lossy.data.product.live(query, follower))
  await until(() => told.length === 1, 'the first result')
  await admin.data.product.create({ sku: 'A', name: 'A', price }).orThrow()
  await until(() => text(told.at(-1)) === 'A 0', 'A')
  down = true
  cut?.abort()
  await until(() => states.at(-1) === 'away', 'away')
  const seen = told.length
  for (const sku of ['B', 'C']) {
    await admin.data.product.create({ sku, name: sku, price }).orThrow()
  }
  down = false
  await until(() => text(told.at(-1)) === 'A 0, B 0, C 0', 'what was missed')
  await until(() => states.at(-1) === 'open', 'open')
  assert.ok(told.length - seen <= 2)
  assert.equal(cursors[0], null)
  assert.match(cursors.at(-1) ?? '', /./, 'the cursor was sent')
  cut?.abort()
  await until(() => cursors.length === 3 && states.at(-1) === 'open', 'resumed')
  assert.ok(told.length - seen <= 2, 'where nothing has changed nothing is told')
})

test('rights come and go, a session ends, and what nobody may read is told so', async (context) => {
  const { client, admin, clientOf, tested } = await open(context)
  await admin.data.product.create({ sku: 'A', name: 'A', price, published: false }).orThrow()
  const user = await tested.user({ email: 'ann@shop.example', password, roles: ['staff'] })
  const ann = await clientOf(user)
  const { told, follower, until, failures } = keeping<LiveList<Shown>>()
  context.after(ann.data.product.live({ fields: ['name', 'stock'] }, follower))
  await until(() => text(told.at(-1)) === 'A 0', 'as staff')
  await ann.auth.signOut().orThrow()
  await until(() => text(told.at(-1)) === '', 'as a guest again, by itself')
  assert.deepEqual(failures, [])

  const other = await clientOf(user)
  const ended = keeping<LiveList<Shown>>()
  context.after(other.data.product.live({ fields: ['name', 'stock'] }, ended.follower))
  await ended.until(() => ended.told.length === 1, 'the result')
  await (await clientOf(user)).auth.signOutEverywhere().orThrow()
  await ended.until(() => ended.failures.length === 1, 'the end')
  assert.equal(ended.failures[0]?.code, 'invalid_credentials')

  const denied = keeping<LiveList<{ readonly word: string }>>()
  context.after(client().data.vault.live({ fields: ['word'] }, denied.follower))
  await denied.until(() => denied.failures.length === 1, 'denied')
  assert.equal(denied.failures[0]?.code, 'sign_in_required')
})
