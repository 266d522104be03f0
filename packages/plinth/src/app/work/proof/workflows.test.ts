import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { anyone, app, kit, text } from '../../../index.ts'
import { testApp } from '../../../testing/test-app.ts'

const desk = kit('desk', {
  models: { mark: { fields: { text: text() }, access: { read: anyone } } },
})
const paid = desk.signal('paid', { reference: text() })

const fulfil = desk.workflow('fulfil', {
  input: { secret: text() },
  status: true,
  async run({ input, step, waitForSignal, fail }) {
    await step(
      'reserve',
      async ({ data }) => (await data.unrestricted.mark.create({ text: input.secret })).id,
      { undo: async ({ data }) => void (await data.unrestricted.mark.create({ text: 'undone' })) },
    )
    const payment = await waitForSignal('payment', paid, { timeout: 'PT30M' })
    if (payment === undefined) throw fail('It was not paid in time.')
    if (payment.reference === 'bug') throw new Error(`no route to 10.0.0.3 for ${input.secret}`)
    return { reference: payment.reference }
  },
})

const quiet = desk.workflow('quiet', { run: async ({ step }) => step('only', async () => 1) })

desk.action('begin', {
  input: { id: text() },
  allow: anyone,
  run: async ({ input, start }) => {
    await start(fulfil, { secret: 'hush' }, { id: input.id })
  },
})
desk.action('whisper', {
  allow: anyone,
  run: async ({ start }) => void (await start(quiet, {}, { id: 'quiet 1' })),
})

const its = await testApp(app({ kits: [desk] }))
after(() => its.close())
const admin = await its.user({ roles: ['admin'] })
const ann = await its.user()
const bob = await its.user()

type As = typeof ann | 'anonymous'

async function ask(
  method: string,
  path: string,
  [as = admin, body]: readonly [As?, unknown?] = [],
) {
  const answer = await its.request(method, path, body === undefined ? { as } : { as, body })
  const json = answer.status === 204 ? undefined : (answer.json() as never)
  return { status: answer.status, json: json as Readonly<Record<string, never>> | undefined }
}

async function begin(id: string, as: As = ann): Promise<void> {
  const { status } = await ask('POST', '/api/desk/begin', [as, { id }])
  assert.equal(status, 204)
  await its.drain()
}

async function idsOf(query: string): Promise<readonly string[]> {
  const { status, json } = await ask('GET', `/api/work/workflows?${query}`)
  assert.equal(status, 200, JSON.stringify(json))
  const data = json?.data as unknown as { id: string }[] | undefined
  return (data ?? []).map(({ id }) => id)
}

test('only staff sees, tells, stops, helps and forks workflows', async () => {
  await begin('rules 1')
  const id = 'rules 1'
  const asked: readonly (readonly [string, string, unknown])[] = [
    ['GET', 'workflows', undefined],
    // Who may not ask is not told what is wrong with the question.
    ['POST', 'workflow-signal', { id: 5, sygnal: true }],
    ['GET', 'workflows?limit=a', undefined],
    ['GET', 'workflow?id=%ff&id=2&sygnal=1', undefined],
    ['GET', 'workflow?id=rules%201', undefined],
    ['POST', 'workflow-signal', { id, signal: 'desk.paid', data: { reference: 'r' } }],
    ['POST', 'workflow-cancel', { id }],
    ['POST', 'workflow-retry', { id }],
    ['POST', 'workflow-fork', { id, from: 'payment' }],
  ]
  for (const [method, path, body] of asked) {
    for (const [as, status] of [
      ['anonymous', 401],
      [ann, 403],
    ] as const) {
      const answer = await ask(method, `/api/work/${path}`, [as, body])
      assert.equal(answer.status, status, path)
      assert.doesNotMatch(JSON.stringify(answer.json), /hush|rules/)
    }
  }
  assert.equal((await its.running.workflows.get(id))?.state, 'waiting')
  const staff = await its.user({ roles: ['admin'] })
  const told = await ask('GET', '/api/work/workflows?limit=a', [staff, undefined])
  assert.equal(told.status, 400, 'who may ask is told')
})

test('workflows are found by name, state, key, parent and time, a page at a time', async () => {
  const from = new Date(its.clock.now() + 1_000).toISOString()
  for (const id of ['find-a1', 'find-a2', 'find-b1']) {
    its.clock.advance(2_000)
    await begin(id)
  }
  await its.running.workflows.signalNamed('find-a1', 'desk.paid', { reference: 'r' })
  await its.drain()
  assert.deepEqual(await idsOf(`after=${from}`), ['find-b1', 'find-a2', 'find-a1'])
  assert.deepEqual(await idsOf('key=find-a'), ['find-a2', 'find-a1'])
  assert.deepEqual(await idsOf('key=find-a&state=waiting'), ['find-a2'])
  assert.deepEqual(await idsOf('key=find-a&state=completed'), ['find-a1'])
  assert.deepEqual(await idsOf('key=find-%25'), [], 'a key is no pattern')
  assert.deepEqual(await idsOf('name=desk.quiet'), [])
  assert.deepEqual(await idsOf('parent=find-a1'), [])
  assert.deepEqual(await idsOf(`name=desk.fulfil&after=${from}&before=${from}`), [])
  const first = await ask('GET', '/api/work/workflows?key=find-&limit=2')
  assert.deepEqual(first.json?.page, { next: 'find-a2' })
  assert.deepEqual(await idsOf('key=find-&limit=2&behind=find-a2'), ['find-a1'])
  const odd = await ask('GET', '/api/work/workflows?state=odd')
  assert.equal(odd.status, 400)
  assert.match(JSON.stringify(odd.json), /Give one of: running, waiting, undoing, parked/)
})

test('one is shown with its steps, told, and forked from a step', async () => {
  await begin('show 1')
  const shown = (await ask('GET', '/api/work/workflow?id=show%201')).json
  assert.deepEqual(shown?.input, { secret: 'hush' })
  const steps = shown?.steps as unknown as { name: string; state: string; undo: string | null }[]
  assert.deepEqual(
    steps.map(({ name, state, undo }) => [name, state, undo]),
    [
      ['reserve', 'done', 'none'],
      ['payment', 'open', null],
    ],
  )
  const wrong = { id: 'show 1', signal: 'desk.payed', data: { reference: 'r1' } }
  const unknown = await ask('POST', '/api/work/workflow-signal', [admin, wrong])
  assert.equal(unknown.status, 404)
  assert.match(JSON.stringify(unknown.json), /It has: desk\.paid/)
  const bad = { id: 'show 1', signal: 'desk.paid', data: {} }
  assert.equal((await ask('POST', '/api/work/workflow-signal', [admin, bad])).status, 422)
  const good = { id: 'show 1', signal: 'desk.paid', data: { reference: 'r1' } }
  assert.deepEqual((await ask('POST', '/api/work/workflow-signal', [admin, good])).json, {
    kept: true,
  })
  await its.drain()
  assert.deepEqual((await ask('POST', '/api/work/workflow-signal', [admin, good])).json, {
    kept: false,
  })
  const fork = { id: 'show 1', from: 'payment', as: 'show 2' }
  assert.deepEqual((await ask('POST', '/api/work/workflow-fork', [admin, fork])).json, {
    id: 'show 2',
  })
  assert.equal((await ask('POST', '/api/work/workflow-fork', [admin, fork])).status, 409)
  const nowhere = { ...fork, from: 'pay', as: 'show 3' }
  const absent = await ask('POST', '/api/work/workflow-fork', [admin, nowhere])
  assert.equal(absent.status, 404)
  assert.match(JSON.stringify(absent.json), /It has: reserve, payment/)
  await its.drain()
  assert.equal((await its.running.workflows.get('show 2'))?.state, 'waiting')
  assert.equal((await ask('GET', '/api/work/workflow?id=nobody')).status, 404)
})

test('one is stopped, and what has ended is neither stopped nor helped on', async () => {
  await begin('stop 1')
  const stop = { id: 'stop 1', reason: 'out of stock' }
  assert.deepEqual((await ask('POST', '/api/work/workflow-cancel', [admin, stop])).json, {
    asked: true,
  })
  await its.drain()
  const shown = (await ask('GET', '/api/work/workflow?id=stop%201')).json
  assert.deepEqual([shown?.state, shown?.reason], ['cancelled', 'out of stock'])
  assert.deepEqual((await ask('POST', '/api/work/workflow-cancel', [admin, stop])).json, {
    asked: false,
  })
  const late = await ask('POST', '/api/work/workflow-retry', [admin, { id: 'stop 1' }])
  assert.equal(late.status, 409)
  assert.match(JSON.stringify(late.json), /fork it from a step/)
})

test('whoever started a workflow with a status learns how it stands, and nobody else', async () => {
  await begin('own 1')
  const path = '/api/operations/own%201'
  const { status, json } = await ask('GET', path, [ann])
  assert.equal(status, 200)
  const { createdAt, ...told } = json ?? {}
  assert.ok(createdAt)
  const waiting = { id: 'own 1', operation: 'desk.fulfil', state: 'waiting', endedAt: null }
  assert.deepEqual(told, { ...waiting, progress: { done: 0, note: null } })
  for (const as of [bob, admin, 'anonymous'] as const) {
    assert.equal((await ask('GET', path, [as])).status, 404)
    assert.equal((await ask('DELETE', path, [as])).status, 404)
  }
  const refused = await ask('DELETE', path, [ann])
  assert.equal(refused.status, 403)
  assert.match(JSON.stringify(refused.json), /call the action of the app/)
  await its.running.workflows.signal('own 1', paid, { reference: 'r9' })
  await its.drain()
  const done = (await ask('GET', path, [ann])).json
  assert.deepEqual([done?.state, done?.result], ['done', { reference: 'r9' }])
})

test('a status tells what the code said on purpose, and no error beside', async () => {
  for (const id of ['late', 'bug']) await begin(id)
  await its.running.workflows.signal('bug', paid, { reference: 'bug' })
  await its.drain()
  its.clock.advance(31 * 60_000)
  await its.drain()
  const late = (await ask('GET', '/api/operations/late', [ann])).json?.failure
  const bug = (await ask('GET', '/api/operations/bug', [ann])).json?.failure
  assert.match(JSON.stringify(late), /"detail":"It was not paid in time\."/)
  assert.doesNotMatch(JSON.stringify(bug), /10\.0\.0\.3|hush/)
  assert.match(JSON.stringify(bug), /Whoever runs the app can see why/)
})

test('a workflow without a status, or of nobody who is signed in, has none', async () => {
  await ask('POST', '/api/desk/whisper', [ann])
  await its.drain()
  assert.equal((await ask('GET', '/api/operations/quiet%201', [ann])).status, 404)
  await begin('nobody 1', 'anonymous')
  assert.equal((await ask('GET', '/api/operations/nobody%201', ['anonymous'])).status, 404)
  for (const odd of ['%00', 'x'.repeat(300), '%20']) {
    assert.equal((await ask('GET', `/api/operations/${odd}`, [ann])).status, 404, odd)
  }
})
