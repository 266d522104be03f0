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
    ...{ lastTick: null, nextTick: '2026-01-01T01:00:00Z' },
  })
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
