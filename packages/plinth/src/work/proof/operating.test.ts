import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { operatingOf } from '../../app/work/operate.ts'
import { insertJobs } from '../../effects/jobs/insert.ts'
import { testApp } from '../../testing/test-app.ts'
import { behaviour, deskApp, newJob, said, within } from './desk.ts'

const shop = await testApp(deskApp)
after(() => shop.close())
const { runtime } = shop.running
const admin = await shop.user({ roles: ['admin'] })
const user = await shop.user()
const now = (): string => new Date(runtime.clock.now()).toISOString()
const enqueue = async (text: string): Promise<string> => {
  const made = await insertJobs(runtime.database, [newJob(runtime, { text })], now())
  return made[0]?.id ?? ''
}
const paths = [
  ...['GET jobs', 'GET job?id=X', 'GET queues', 'GET schedules', 'GET events'],
  ...['POST retry', 'POST cancel', 'POST pause', 'POST resume'],
  ...['POST pause-schedule', 'POST resume-schedule', 'POST run-schedule'],
  ...['POST redrive', 'POST clear-dead', 'POST replay'],
]

test('only an admin sees and changes jobs', async () => {
  const id = await enqueue('secret')
  for (const line of paths) {
    const [method = '', path = ''] = line.split(' ')
    const target = `/api/work/${path.replace('X', id)}`
    const body = method === 'GET' ? {} : { body: path.startsWith('p') ? { queue: 'q' } : { id } }
    const queued = path === 'resume' ? { body: { queue: 'q' } } : body
    for (const [as, status] of [
      ['anonymous', 401],
      [user, 403],
    ] as const) {
      const answer = await shop.request(method, target, { as, ...queued })
      assert.equal(answer.status, status, `${line} ${JSON.stringify(answer.json())}`)
      assert.doesNotMatch(JSON.stringify(answer.json()), /secret/)
    }
  }
})

test('an admin looks at jobs, cancels them and runs dead letters anew', async () => {
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await shop.request(method, `/api/work/${path}`, { as: admin, body })
    return { status: answer.status, json: answer.status === 204 ? undefined : answer.json() }
  }
  behaviour.fails.add('dies')
  const dies = await enqueue('dies')
  for (let attempt = 0; attempt < 3; attempt++) {
    await shop.drain()
    shop.clock.advance(3_000)
  }
  const dead = await ask('GET', 'jobs?state=failed')
  assert.equal(dead.status, 200)
  const { data } = dead.json as { data: { id: string; error: string; input: unknown }[] }
  assert.deepEqual(
    data.map(({ id, error, input }) => ({ id, error, input })),
    [{ id: dies, error: 'Error: bad dies', input: { text: 'dies' } }],
  )
  behaviour.fails.clear()
  assert.equal((await ask('POST', 'retry', { id: dies })).status, 204)
  assert.equal(await shop.drain(), 1)
  assert.equal((await ask('POST', 'retry', { id: dies })).status, 409)
  assert.equal((await ask('GET', `job?id=${runtime.newId()}`)).status, 404)
  const gone = await enqueue('gone')
  assert.equal((await ask('POST', 'cancel', { id: gone })).status, 204)
  assert.equal(await shop.drain(), 0)
  assert.equal((await ask('POST', 'pause', { queue: 'default' })).status, 204)
  await enqueue('kept')
  assert.equal(await shop.drain(), 0)
  const queues = (await ask('GET', 'queues')).json as { data: unknown[] }
  const counts = { done: 2, cancelled: 1, ready: 1 }
  assert.deepEqual(queues.data, [{ queue: 'default', paused: true, counts }])
  assert.equal((await ask('POST', 'resume', { queue: 'default' })).status, 204)
  assert.equal(await shop.drain(), 1)
  await within(runtime, async ({ emit }) => emit(said, { text: 'e' }))
  await shop.drain()
  const events = (await ask('GET', 'events?type=desk.said')).json as { data: { data: unknown }[] }
  assert.deepEqual(
    events.data.map((event) => event.data),
    [{ text: 'e' }],
  )
  const { data: schedules } = (await ask('GET', 'schedules')).json as { data: object[] }
  assert.deepEqual(schedules[0], {
    ...{ name: 'desk.skip', cron: '0 * * * *', timeZone: 'UTC', missed: 'skip' },
    ...{ lastTick: null, nextTick: '2026-01-01T01:00:00Z', pausedAt: null },
  })
  const schedule = 'desk.skip'
  assert.equal((await ask('POST', 'pause-schedule', { schedule })).status, 204)
  const { data: paused } = (await ask('GET', 'schedules')).json as { data: { pausedAt: unknown }[] }
  assert.equal(typeof paused[0]?.pausedAt, 'string')
  const { job } = (await ask('POST', 'run-schedule', { schedule })).json as { job: string }
  assert.equal((await ask('GET', `job?id=${job}`)).status, 200)
  assert.equal((await ask('POST', 'resume-schedule', { schedule })).status, 204)
  assert.equal((await ask('POST', 'resume-schedule', { schedule: 'desk.ski' })).status, 404)
  assert.equal(await shop.drain(), 1)
})

test('what cannot be meant is refused by name: no empty list, no 500', async () => {
  const problem = async (method: string, path: string, body?: object) => {
    const answer = await shop.request(method, `/api/work/${path}`, { as: admin, body })
    const { errors } = answer.json() as { errors?: { pointer: string; code: string }[] }
    return [answer.status, errors?.[0]?.pointer, errors?.[0]?.code]
  }
  assert.deepEqual(await problem('GET', 'jobs?state=bad'), [400, 'state', 'not_in_choices'])
  const rewinding = { subscription: 'desk.read', to: 'yesterday' }
  assert.deepEqual(await problem('POST', 'rewind', rewinding), [422, '/to', 'bad_format'])
  const replaying = { handler: 'desk.said', from: 'once' }
  assert.deepEqual(await problem('POST', 'replay', replaying), [422, '/from', 'bad_format'])
  const much = await problem('POST', 'redrive', { limit: 1_001 })
  assert.deepEqual(much, [422, '/limit', 'out_of_range'])
})

test('an admin runs many dead letters anew, forgets them, and replays a handler', async () => {
  const ask = async (path: string, body: object): Promise<unknown> =>
    (await shop.request('POST', `/api/work/${path}`, { as: admin, body })).json()
  for (const text of ['m1', 'm2', 'm3']) behaviour.fails.add(text)
  for (const text of ['m1', 'm2', 'm3']) await enqueue(text)
  for (let attempt = 0; attempt < 3; attempt++) {
    await shop.drain()
    shop.clock.advance(3_000)
  }
  behaviour.fails.clear()
  assert.deepEqual(await ask('redrive', { name: 'desk.other' }), { count: 0 })
  assert.deepEqual(await ask('redrive', { name: 'desk.write', limit: 1 }), { count: 1 })
  assert.equal(await shop.drain(), 1)
  assert.deepEqual(await ask('clear-dead', { queue: 'default' }), { count: 2 })
  assert.deepEqual(await ask('redrive', {}), { count: 0 })
  await within(runtime, async ({ emit }) => emit(said, { text: 'again' }))
  await shop.drain()
  const from = '2020-01-01T00:00:00Z'
  const { count } = (await ask('replay', { handler: 'desk.said', from })) as { count: number }
  assert.ok(count >= 1)
  assert.equal(await shop.drain(), count)
})

test('of dead letters with one word the first runs anew, and the others wait', async () => {
  const word = { dedupe: 'one word' }
  const [first, second] = [0, 1].map(() => ({ ...newJob(runtime, { text: 'w' }), ...word }))
  assert.ok(first && second)
  for (const job of [first, second]) {
    await insertJobs(runtime.database, [job], now())
    await runtime.database.query({
      text: `update plinth.job set state = 'failed', finished_at = now() where id = $1::uuid`,
      values: [job.id],
    })
  }
  const redrive = () => operatingOf(runtime).redrive({ name: 'desk.write', limit: 10 })
  assert.equal(await redrive(), 1)
  await shop.drain()
  assert.equal(await redrive(), 1)
  await shop.drain()
})
