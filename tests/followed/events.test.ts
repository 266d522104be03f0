/** Proves that events are told alike through each door: by rule, in order, from a position on. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Door, doors, type Heard, type Hearing, until } from './hearing.ts'
import { openStreet, type Street } from './street.ts'

const events = ({ told }: Heard) => told.filter(({ kind }) => kind === 'event')
const dataOf = (heard: Heard) => events(heard).map(({ data }) => data.data)
const words = (heard: Heard) => dataOf(heard).map((data) => (data as { word: string }).word)

async function through(
  street: Street,
  event: string,
  hearing: Hearing = {},
): Promise<Readonly<Record<string, Heard>>> {
  const entries = Object.entries(doors).map(async ([name, door]: [string, Door]) => {
    const heard = await door(street, event, hearing)
    await until(`${name} answers`, () => heard.told.length > 0)
    return [name, heard] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

function close(all: Readonly<Record<string, Heard>>): void {
  for (const heard of Object.values(all)) heard.close()
}

/** All doors have heard the same; what that is. */
async function alike(all: Readonly<Record<string, Heard>>, count: number) {
  for (const [name, heard] of Object.entries(all)) {
    await until(`${name}: ${JSON.stringify(heard.told)}`, () => heard.told.length >= count)
  }
  const [first, ...others] = Object.values(all)
  for (const other of others) assert.deepEqual(other.told, first?.told)
  assert.equal(first?.told.length, count)
  return first?.told ?? []
}

test('each door tells the same events, from now on, as they are committed', async (context) => {
  const street = await openStreet(context)
  await street.say('before')
  const all = await through(street, 'street.shouted')
  await street.say('one')
  await street.say('quiet', 1)
  await street.say('two')
  const told = await alike(all, 3)
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ['resumed', 'event', 'event'],
  )
  assert.deepEqual(
    told.slice(1).map(({ data }) => data.data),
    [
      { word: 'one', loud: 9 },
      { word: 'two', loud: 9 },
    ],
  )
  const { id, time, ...rest } = told[1]?.data ?? {}
  assert.deepEqual(rest, {
    ...{ type: 'street.shouted', source: '/street', subject: null },
    data: { word: 'one', loud: 9 },
  })
  close(all)
  await until('nobody follows', () => street.running.live.counts.subscriptions === 0)
})

test('a cursor leads on: nothing is missed or comes twice; 0 is the beginning', async (context) => {
  const street = await openStreet(context)
  for (const word of ['a', 'b', 'c']) await street.say(word)
  const all = await through(street, 'street.shouted', { after: '0' })
  const told = await alike(all, 4)
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ['event', 'event', 'event', 'resumed'],
  )
  close(all)
  const after = told[1]?.cursor
  await street.say('d')
  const again = await through(street, 'street.shouted', { after })
  const rest = await alike(again, 3)
  assert.deepEqual(
    rest.map(({ data }) => (data.data as { word: string } | undefined)?.word),
    ['c', 'd', undefined],
  )
  close(again)
  const lost = await through(street, 'street.shouted', { after: '999999' })
  const [gap, resumed] = await alike(lost, 2)
  assert.deepEqual([gap?.kind, gap?.data, resumed?.kind], ['gap', { reason: 'window' }, 'resumed'])
  close(lost)
})

test('who may hear what: by the data, by who asks, never without a rule', async (context) => {
  const street = await openStreet(context)
  const [ada, bob, staff] = [
    await street.user(),
    await street.user(),
    await street.user({ roles: ['staff'] }),
  ]
  const refusals = async (event: string, hearing: Hearing = {}) => {
    const [first] = await alike(await through(street, event, hearing), 1)
    return [first?.kind, first?.data.code]
  }
  assert.deepEqual(await refusals('street.closed'), ['end', 'sign_in_required'])
  const bobsToken = await street.tokenOf(bob)
  assert.deepEqual(await refusals('street.closed', { token: bobsToken }), ['end', 'forbidden'])
  for (const name of ['sse', 'socket'] as const) {
    const heard = await (doors[name] as Door)(street, 'street.secret')
    await until('an answer', () => heard.told.length > 0)
    assert.equal(heard.told[0]?.data.code, 'not_found', 'what has no rule is followed by nobody')
  }
  const adas = await through(street, 'street.placed', { token: await street.tokenOf(ada) })
  const bobs = await through(street, 'street.placed', { token: bobsToken })
  const all = await through(street, 'street.placed', { token: await street.tokenOf(staff) })
  await street.buy(ada, 5)
  await street.buy(bob, 6)
  await street.buy(ada, 7)
  await alike(all, 4)
  await alike(adas, 3)
  await alike(bobs, 2)
  const totals = (heard: Readonly<Record<string, Heard>>) =>
    dataOf(heard.sse as Heard).map((data) => (data as { total: number }).total)
  assert.deepEqual([totals(adas), totals(bobs), totals(all)], [[5, 7], [6], [5, 6, 7]])
  assert.deepEqual(dataOf(bobs.graphql as Heard)[0], {
    ...{ customer: bob.id, total: 6, state: 'new' },
    place: { street: 'Long "Lane"', floors: [{ number: 1 }, { number: 2 }] },
  })
})

test('a role that is lost ends it at once, and so does a session', async (context) => {
  const street = await openStreet(context)
  const staff = await street.user({ roles: ['staff'] })
  const token = await street.tokenOf(staff)
  const all = await through(street, 'street.closed', { token })
  const { database } = street.running.runtime
  const taken = 'update identity."user" set roles = \'{}\''
  await database.query({ text: taken, values: [] })
  const told = await alike(all, 2)
  assert.deepEqual([told[1]?.kind, told[1]?.data.code], ['end', 'forbidden'])
  const ada = await street.user()
  const adas = await through(street, 'street.placed', { token: await street.tokenOf(ada) })
  await database.query({ text: 'delete from identity.session', values: [] })
  const [, end] = await alike(adas, 2)
  assert.deepEqual([end?.kind, end?.data.code], ['end', 'invalid_credentials'])
  await street.buy(ada, 1)
  await sleep(50)
  await alike(adas, 2)
  assert.equal(street.running.live.counts.subscriptions, 0)
})

test('what retention has dropped is told as a gap', async (context) => {
  const street = await openStreet(context)
  for (const word of ['a', 'b', 'c']) await street.say(word)
  const { database } = street.running.runtime
  const text = `with gone as (delete from plinth.event
      where type = 'street.shouted' and data like '%"b"%' or data like '%"a"%'
      returning type, position, time)
    insert into plinth.event_forgotten (type, position, time)
    select type, max(position), max(time) from gone where type = 'street.shouted' group by type`
  await database.query({ text, values: [] })
  const all = await through(street, 'street.shouted', { after: '0' })
  const told = await alike(all, 3)
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ['gap', 'event', 'resumed'],
  )
  assert.equal(told[0]?.data.reason, 'retention')
  assert.deepEqual(words(all.sse as Heard), ['c'])
  close(all)
})

test('another node hears what this one records, in the order of the log', async (context) => {
  const street = await openStreet(context)
  const other = await street.anotherNode()
  try {
    const here = await (doors.sse as Door)(street, 'street.shouted')
    const there = await (doors.sse as Door)(other, 'street.shouted')
    await until('both stand', () => here.told.length > 0 && there.told.length > 0)
    const said = Array.from({ length: 20 }, (_, at) => `w${at}`)
    await Promise.all(said.map((word) => street.call(street.sayAction, { word, loud: 9 })))
    await street.drain()
    const all = (heard: Heard) => events(heard).length === said.length
    await until(`all: ${there.told.length}, ${here.told.length}`, () => all(there) && all(here))
    assert.deepEqual(words(there), words(here))
    assert.deepEqual([...words(there)].sort(), said.toSorted())
    for (const heard of [here, there]) heard.close()
  } finally {
    await other.close()
  }
})

test('a bad address, a bad method, an odd parameter are told so', async (context) => {
  const { url } = await openStreet(context)
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { headers: { accept: 'text/event-stream' }, ...init })
  assert.equal((await ask('/api/events/street.secret')).status, 404)
  assert.equal((await ask('/api/events/street.no')).status, 404)
  assert.equal((await ask('/api/events/street.shouted', { method: 'POST' })).status, 405)
  assert.equal((await ask('/api/events/street.shouted', { headers: {} })).status, 406)
  assert.equal((await ask('/api/events/street.shouted?x=1')).status, 400)
  const from = await ask('/api/events/street.shouted?after=0')
  assert.equal(from.status, 200)
  await from.body?.cancel()
})
