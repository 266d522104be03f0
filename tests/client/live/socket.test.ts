/** Proves that all that is followed shares one connection, and what becomes of it when it goes. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { LiveList } from 'plinth/client'
import { password, stand } from '../stand.ts'
import { keeping } from './keeping.ts'
import { layWire } from './wire.ts'

const price = { amount: 100, currency: 'GBP' } as const

interface Shown {
  readonly name: string
}

async function open(context: TestContext, options: { readonly sockets?: boolean } = {}) {
  const shop = await stand(context, options)
  const wire = await layWire(context, shop.url)
  const sockets = () => wire.opened.filter((line) => line.includes('/api/live')).length
  const streams = () => wire.opened.filter((line) => line.includes('/query')).length
  const { product } = shop.tested.data
  const add = (sku: string) => product.create({ sku, name: sku, price, stock: 1 })
  return { ...shop, wire, sockets, streams, product, add }
}

/** Reads that differ: each of one product. */
const reads = (count: number) => Array.from({ length: count }, (_, at) => `P${at}`)

const names = (seen: LiveList<Shown> | undefined) => seen?.data.map(({ name }) => name).join()

test('many reads are one connection; where it was cut all of them go on', async (context) => {
  const { client, wire, sockets, streams, product, add } = await open(context)
  const follows = client({ url: wire.url })
  const kept = reads(12).map((sku) => {
    const one = keeping<LiveList<Shown>>()
    context.after(follows.data.product.live({ filter: { sku }, fields: ['name'] }, one.follower))
    return { ...one, sku }
  })
  const one = keeping<{ readonly data: readonly Shown[] }>()
  context.after(follows.data.product.liveOne({ sku: 'P0' }, {}, one.follower))
  for (const { until, told } of kept) await until(() => told.length === 1, 'the first result')
  const made = await Promise.all(kept.map(({ sku }) => add(sku)))
  for (const { until, told, sku } of kept) await until(() => names(told.at(-1)) === sku, sku)
  await one.until(() => one.told.at(-1)?.data[0]?.name === 'P0', 'the record')
  assert.deepEqual([sockets(), streams()], [1, 0])

  wire.stands = false
  wire.cut()
  for (const { until, states } of kept) await until(() => states.at(-1) === 'away', 'away')
  for (const { id, sku } of made) await product.update(id, { name: `${sku} later` })
  wire.stands = true
  for (const { until, told, sku } of kept) {
    await until(() => names(told.at(-1)) === `${sku} later`, 'what was missed')
  }
  for (const { until, states } of kept) await until(() => states.at(-1) === 'open', 'open')
  const counts = kept.map(({ told }) => told.length)
  wire.cut()
  for (const { until, states } of kept) {
    await until(() => states.filter((state) => state === 'away').length === 2, 'away again')
    await until(() => states.at(-1) === 'open', 'open again')
  }
  assert.deepEqual(
    kept.map(({ told }) => told.length),
    counts,
    'where nothing has changed nothing is told',
  )
  assert.equal(streams(), 0)
})

test('where no socket comes through all is followed by streams', async (context) => {
  const { client, wire, sockets, streams, add } = await open(context, { sockets: false })
  const follows = client({ url: wire.url })
  const first = keeping<LiveList<Shown>>()
  context.after(follows.data.product.live({ fields: ['name'] }, first.follower))
  await first.until(() => first.told.length === 1, 'the first result')
  const second = keeping<LiveList<Shown>>()
  context.after(follows.data.product.live({ filter: { stock: 1 } }, second.follower))
  await second.until(() => second.told.length === 1, 'the other result')
  await add('A')
  await first.until(() => names(first.told.at(-1)) === 'A', 'A')
  await second.until(() => names(second.told.at(-1)) === 'A', 'A')
  assert.deepEqual([sockets(), streams()], [1, 2], 'a socket is tried once, not each time')
  assert.ok(!first.states.includes('away'))
})

test('a hundred share it; more, and reads too long for a frame, have streams', async (context) => {
  const { client, wire, sockets, streams, add } = await open(context)
  const follows = client({ url: wire.url })
  await add('P0')
  const kept = reads(101).map((sku) => {
    const one = keeping<LiveList<Shown>>()
    context.after(follows.data.product.live({ filter: { sku } }, one.follower))
    return one
  })
  for (const { until, told } of kept) await until(() => told.length === 1, 'its result')
  assert.deepEqual([sockets(), streams()], [1, 1])
  const long = keeping<LiveList<Shown>>()
  const filter = { name: { in: Array.from({ length: 50 }, (_, at) => `${at}`.padEnd(190, 'x')) } }
  const words = { or: [filter, filter], sku: 'P0' }
  context.after(follows.data.product.live({ filter: words }, long.follower))
  await long.until(() => long.told.length === 1 || long.failures.length === 1, 'its answer')
  assert.equal(streams(), 2)
})

test('another session is another socket; one that has ended ends all', async (context) => {
  const { wire, sockets, tested, clientOf } = await open(context)
  const user = await tested.user({ email: 'ann@shop.example', password, roles: ['staff'] })
  await tested.data.product.create({ sku: 'A', name: 'A', price, published: false })
  const ann = await clientOf(user, { url: wire.url })
  const kept = [keeping<LiveList<Shown>>(), keeping<LiveList<Shown>>()]
  const queries = [{ fields: ['name'] }, { filter: { stock: 0 } }] as const
  for (const [at, { follower }] of kept.entries()) {
    context.after(ann.data.product.live(queries[at] ?? {}, follower))
  }
  for (const { until, told } of kept) await until(() => names(told.at(-1)) === 'A', 'as staff')
  await ann.auth.signOut().orThrow()
  for (const { until, told } of kept) await until(() => names(told.at(-1)) === '', 'as a guest')
  await ann.auth.signIn({ email: user.email, password }).orThrow()
  for (const { until, told } of kept) await until(() => names(told.at(-1)) === 'A', 'as staff')
  assert.equal(sockets(), 3)
  await (await clientOf(user)).auth.signOutEverywhere().orThrow()
  for (const { until, failures } of kept) {
    await until(() => failures[0]?.code === 'invalid_credentials', 'the end')
  }
})
