import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearAway } from '../../app/housekeeping.ts'
import { onBothServers, say } from '../../database/proof/servers.ts'
import { bodyOf, type Desk, failureOf, openDesk, outcomeOf, tally } from './desk.ts'

const hourMs = 3_600_000

async function stored(desk: Desk): Promise<number> {
  const database = await desk.raw()
  const { rows } = await database.query(say('select count(*) from plinth.idempotency'))
  return Number(rows[0]?.[0])
}

onBothServers('calls with an Idempotency-Key', (server) => {
  test('a repeat gets the reply of the first, byte for byte', async (context) => {
    const { tested, ada } = await openDesk(server, context)
    const send = (method: string, path: string, body?: object) =>
      tested.request(method, path, { as: ada, body, headers: { 'idempotency-key': `"${path}"` } })
    const first = await send('POST', '/api/items', { sku: 'A', ownerId: ada.id })
    assert.equal(first.status, 201)
    const { id } = first.json() as { id: string }
    const calls = [
      ['POST', '/api/items', { sku: 'A', ownerId: ada.id }],
      ['PATCH', `/api/items/${id}`, { count: 7 }],
      ['PUT', '/api/items/sku=B', { ownerId: ada.id }],
      [
        'POST',
        '/api/batch',
        { operations: [{ operation: 'item.create', input: { sku: 'C', ownerId: ada.id } }] },
      ],
    ] as const
    for (const [method, path, body] of calls) {
      const one = path === '/api/items' ? first : await send(method, path, body)
      await tested.data.item.update(id, { count: 1 })
      const two = await send(method, path, body)
      assert.equal(two.headers['idempotency-replayed'], 'true')
      const kept = ['etag', 'location', 'content-type'].map((name) => [
        one.headers[name],
        two.headers[name],
      ])
      for (const [before, after] of kept) assert.equal(after, before)
      assert.deepEqual([two.status, two.text], [one.status, one.text])
    }
    const gone = await tested.request('DELETE', `/api/items/${id}`, {
      as: ada,
      headers: { 'idempotency-key': '"d"' },
    })
    const again = await tested.request('DELETE', `/api/items/${id}`, {
      as: ada,
      headers: { 'idempotency-key': '"d"' },
    })
    assert.deepEqual([gone.status, again.status], [204, 204])
  })

  test('a key stands for one call of one caller (A08)', async (context) => {
    const { call, ada, ben, tested } = await openDesk(server, context)
    const make = (who: typeof ada, input: object, rest: object = {}) =>
      call(who, 'item.create', { input, idempotencyKey: 'k', ...rest })
    const input = { sku: 'A', ownerId: ada.id }
    const first = await make(ada, input)
    assert.equal(await outcomeOf(make(ada, { ...input, sku: 'B' })), 'key_reused')
    assert.equal(await outcomeOf(make(ada, input, { operation: 'item.upsert' })), 'key_reused')
    const other = await make(ben, { sku: 'C', ownerId: ben.id })
    assert.equal(other.replayed, undefined)
    assert.notEqual(other.id, first.id)
    assert.equal(await outcomeOf(make(ben, input)), 'key_reused')
    assert.equal((await tested.data.item.find()).data.length, 2)
    const anonymous = (remoteAddress: string) =>
      outcomeOf(call(undefined, 'item.create', { input, idempotencyKey: 'k', remoteAddress }))
    assert.equal(await anonymous('192.0.2.1'), 'sign_in_required')
  })

  test('of equal calls at once one has an effect', async (context) => {
    const { call, ada, tested } = await openDesk(server, context)
    const steps = [{ operation: 'counter.create', input: { name: 'b' } }]
    const calls = {
      'counter.create': { name: 'a' },
      batch: { operations: steps },
    }
    for (const [operation, input] of Object.entries(calls)) {
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, () =>
          call(ada, operation, { input, idempotencyKey: operation }).then(
            ({ replayed, body }) => (replayed ? `replayed ${body}` : `done ${body}`),
            (reason: { code: string }) => reason.code,
          ),
        ),
      )
      const done = outcomes.filter((each) => each.startsWith('done'))
      assert.equal(done.length, 1, JSON.stringify(tally(outcomes)))
      const allowed = new Set([done[0], done[0]?.replace('done', 'replayed'), 'in_progress'])
      assert.deepEqual(
        outcomes.filter((each) => !allowed.has(each)),
        [],
      )
    }
    assert.equal((await tested.data.counter.find()).data.length, 2)
  })

  test('a failure stores nothing, and its key can be used again', async (context) => {
    const desk = await openDesk(server, context)
    const { call, ada, tested } = desk
    const { id } = await tested.data.item.create({ sku: 'A', ownerId: ada.id })
    const make = () =>
      call(ada, 'item.create', { input: { sku: 'A', ownerId: ada.id }, idempotencyKey: 'k' })
    assert.equal(await outcomeOf(make()), 'conflict')
    assert.equal(await stored(desk), 0)
    await tested.data.item.delete(id)
    assert.equal((await make()).status, 201)
    assert.equal(await stored(desk), 1)
  })

  test('replies are forgotten a day later, not before', async (context) => {
    const { call, ada, tested, running } = await openDesk(server, context)
    const make = () => call(ada, 'counter.create', { input: { name: 'a' }, idempotencyKey: 'k' })
    await make()
    tested.clock.advance(23 * hourMs)
    await clearAway(running.runtime)
    assert.equal((await make()).replayed, true)
    tested.clock.advance(2 * hourMs)
    await clearAway(running.runtime)
    assert.equal(await outcomeOf(make()), 'conflict')
  })

  test('a sign-in is never stored', async (context) => {
    const desk = await openDesk(server, context)
    const password = 'correct horse battery'
    const { email } = await desk.tested.user({ email: 'eve@desk.example', password })
    const input = { email, password }
    const reply = await desk.call(undefined, 'identity.signIn', { input, idempotencyKey: 'k' })
    assert.equal(reply.status, 200)
    assert.equal(await stored(desk), 0)
  })

  test('a connection cut at COMMIT leaves a doubt that the same key resolves', async (context) => {
    const desk = await openDesk(server, context)
    const { call, ada, tested } = desk
    const cutter = await desk.raw()
    const trap = `
      create function desk.cut() returns trigger language plpgsql as $$
      begin
        perform pg_terminate_backend(pg_backend_pid());
        return new;
      end $$;
      create constraint trigger cut after insert on desk.counter
        deferrable initially deferred for each row execute function desk.cut()`
    await cutter.dedicated((session) => session.script(trap))
    const make = () => call(ada, 'counter.create', { input: { name: 'a' }, idempotencyKey: 'k' })
    const cut = await failureOf(make())
    assert.equal(cut.code, 'unavailable')
    assert.match(cut.detail, /same Idempotency-Key/)
    await cutter.dedicated((session) => session.script('drop trigger cut on desk.counter'))
    assert.equal(bodyOf(await make()).name, 'a')
    assert.equal((await make()).replayed, true)
    assert.equal((await tested.data.counter.find()).data.length, 1)
  })
})
