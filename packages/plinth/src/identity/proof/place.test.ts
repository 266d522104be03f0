import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { PlaceOf } from '../../define/app/sign-in.ts'
import { openPeople, password, peopleApp } from './people.ts'

const eves = 'eve@people.example'
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0'

/** Eve, known on one device, in an app that says where addresses are. */
async function open(context: TestContext, place: PlaceOf) {
  const asked: string[] = []
  const signIn = {
    ...peopleApp.signIn,
    place: ((address, more) => {
      asked.push(address)
      return place(address, more)
    }) as PlaceOf,
  }
  const people = await openPeople(undefined, context, { ...peopleApp, signIn })
  const { id } = await people.tested.user({ email: eves, password })
  const enter = async (remoteAddress: string, agent?: string) => {
    const from = agent === undefined ? { remoteAddress } : { remoteAddress, agent }
    return (await people.ask('identity.signIn', { email: eves, password }, from)).status
  }
  const places = async () => {
    const { data } = await people.tested.data.session.find({ sort: ['createdAt'] })
    return data.map((session) => session.place)
  }
  const mailed = async () => {
    const mails = await people.tested.mails()
    return mails.filter(({ subject }) => subject.startsWith('New sign-in')).map(({ text }) => text)
  }
  return { ...people, id, asked, enter, places, mailed }
}

test('where somebody signed in is found out afterwards, and told by the mail', async (context) => {
  const there = { '192.0.2.1': 'Berlin, Germany', '198.51.100.7': ' Lima,\u202e\n Peru ' }
  const { enter, places, mailed, tested } = await open(
    context,
    async (address) => Object.entries(there).find(([known]) => known === address)?.[1],
  )
  assert.equal(await enter('192.0.2.1'), 200)
  assert.deepEqual(await places(), [null], 'nobody has waited for it')
  await tested.drain()
  assert.deepEqual(await places(), ['Berlin, Germany'])
  assert.deepEqual(await mailed(), [], 'the first device is nothing new')
  assert.equal(await enter('198.51.100.7', firefox), 200)
  await tested.drain()
  assert.deepEqual(await places(), ['Berlin, Germany', 'Lima, Peru'])
  const [told = '', ...others] = await mailed()
  assert.match(told, /account: Firefox on Linux, from Lima, Peru \(198\.51\.100\.7\), at 20/)
  assert.deepEqual(others, [])
})

test('a place that fails or cannot be shown is missing alone', async (context) => {
  const answers = ['throw', undefined, 7, '', ' \n ', 'x'.repeat(5_000)]
  let at = 0
  const { enter, places, mailed, tested } = await open(context, (() => {
    const answer = answers[at++]
    if (answer === 'throw') throw new Error('the database of cities is gone')
    return answer
  }) as PlaceOf)
  for (let index = 1; index <= answers.length; index++) {
    tested.clock.advance(60_000)
    assert.equal(await enter(`192.0.2.${index}`), 200)
    await tested.drain()
  }
  assert.deepEqual(await places(), [null, null, null, null, null, 'x'.repeat(100)])
  assert.equal((await mailed()).length, answers.length - 1, 'the mails leave all the same')
  assert.equal(at, answers.length, 'nothing was asked again')
})

test('one that never answers holds up nobody, and is told to stop', async (context) => {
  let stopped = false
  const { enter, places, mailed, tested } = await open(
    context,
    (_, { aborted }) =>
      new Promise(() => aborted.addEventListener('abort', () => (stopped = true), { once: true })),
  )
  assert.equal(await enter('192.0.2.1'), 200)
  await tested.drain()
  assert.deepEqual([stopped, await places()], [true, [null]])
  assert.deepEqual(await mailed(), [])
})

test('addresses of local networks are asked of nobody', async (context) => {
  const { enter, asked, tested } = await open(context, () => 'the moon')
  for (const address of ['127.0.0.1', '::1', '10.1.2.3', '192.168.1.9', 'fd00::7', '']) {
    assert.equal(await enter(address), 200)
    tested.clock.advance(60_000)
  }
  await tested.drain()
  assert.deepEqual(asked, [])
})

test('whoever signed out meanwhile is told of the device all the same', async (context) => {
  const { enter, places, mailed, tested } = await open(context, () => 'Lima')
  await enter('192.0.2.1')
  await enter('192.0.2.2')
  const { data } = await tested.data.session.find()
  for (const { id } of data) await tested.data.session.delete(id)
  await tested.drain()
  assert.deepEqual([await places(), (await mailed()).length], [[], 1])
})
