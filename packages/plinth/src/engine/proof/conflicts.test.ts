import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex, randomBytes } from '../../base/ids.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import { callBy, type Desk, failureOf, openDesk, outcomeOf } from './desk.ts'
import { holdRow } from './held-row.ts'

const unrestricted = { caller: { is: 'unrestricted', reason: 'test' } } as const

/** Words of PostgreSQL and of our tables that nobody outside may read. */
const inner = /desk\.|item__|note__|room__|duplicate|violates|constraint|index "|owner_id|Key \(/

async function wire(desk: Desk, ...asked: readonly [string, string, object?]): Promise<string> {
  const [method, path, body] = asked
  const { status, text } = await desk.tested.request(method, path, { as: desk.ada, body })
  assert.doesNotMatch(text, inner)
  return `${status} ${text.replace(/"(?:traceId|instance)":"[^"]*"/g, '')}`
}

onBothServers('refusals of the database', (server) => {
  test('a taken value is named by the fields that the caller gave', async (context) => {
    const desk = await openDesk(server, context)
    const { call, tested, ada, ben } = desk
    await tested.data.item.create({ sku: 'A', ownerId: ben.id, shelf: 's', place: 1, secret: 'x' })
    const make = async (input: object) => {
      const failure = await failureOf(
        call(ada, 'item.create', { input: { ownerId: ada.id, ...input } }),
      )
      assert.equal(failure.code, 'conflict')
      return failure.problems.map(({ pointer, code }) => `${pointer} ${code}`)
    }
    assert.deepEqual(await make({ sku: 'A' }), ['/sku taken'])
    assert.deepEqual(await make({ sku: 'B', shelf: 's', place: 1 }), [
      '/shelf taken',
      '/place taken',
    ])
    assert.deepEqual(await make({ sku: 'B', secret: 'x' }), ['/secret taken'])
    const mine = await tested.data.item.create({ sku: 'C', ownerId: ada.id, shelf: 's', place: 2 })
    const moved = await failureOf(call(ada, 'item.update', { id: mine.id, input: { place: 1 } }))
    assert.deepEqual(
      moved.problems.map(({ pointer }) => pointer),
      ['/place'],
    )
    assert.match(
      await wire(desk, 'POST', '/api/items', { sku: 'A', ownerId: ada.id }),
      /^409 .*taken/,
    )
  })

  test('a hidden holder of a value and a visible one answer alike', async (context) => {
    const desk = await openDesk(server, context)
    const { tested, ada, ben } = desk
    await tested.data.item.create({ sku: 'X', ownerId: ben.id })
    const hidden = await wire(desk, 'POST', '/api/items', { sku: 'X', ownerId: ada.id })
    await tested.data.item.create({ sku: 'Y', ownerId: ada.id })
    const shown = await wire(desk, 'POST', '/api/items', { sku: 'Y', ownerId: ada.id })
    assert.equal(hidden, shown)
  })

  test('an upsert tells nothing of hidden keys to who cannot create (A05)', async (context) => {
    const desk = await openDesk(server, context)
    const { call, tested, ada, ben, running } = desk
    const badge = await tested.data.badge.create({ code: 'A', ownerId: ben.id })
    assert.equal(
      await outcomeOf(call(undefined, 'badge.upsert', { input: {} })),
      'sign_in_required',
    )
    const rest = [{}, { onlyCreate: true }, { version: 1 }, { version: 'any' }] as const
    for (const who of [undefined, ada]) {
      for (const conditions of rest) {
        for (const input of [{}, { ownerId: ada.id }, { ownerId: ben.id }, { ownerId: null }]) {
          const ask = (code: string) => {
            const whole = { operation: 'badge.upsert', input: { code, ...input }, ...conditions }
            return failureOf(running.invoke(callBy(who, whole)))
          }
          const [there, missing] = [await ask('A'), await ask('B')]
          assert.deepEqual(there, missing)
        }
      }
    }
    const item = await tested.data.item.create({ sku: 'A', ownerId: ben.id })
    const input = { sku: 'A', ownerId: ada.id, count: 9 }
    const upserted = await failureOf(call(ada, 'item.upsert', { input }))
    assert.deepEqual(upserted, await failureOf(call(ada, 'item.create', { input })))
    assert.equal((await tested.data.badge.get(badge.id)).version, 1)
    assert.equal((await tested.data.item.get(item.id)).version, 1)
  })

  test('conditions of an upsert are met or refused', async (context) => {
    const { call, ada } = await openDesk(server, context)
    const put = (rest: object) =>
      call(ada, 'item.upsert', { input: { sku: 'A', ownerId: ada.id }, ...rest }).then(
        ({ status }) => status,
        (reason: { code: string }) => reason.code,
      )
    assert.equal(await put({ version: 1 }), 'version_mismatch', 'nothing is there to be changed')
    assert.equal(await put({ version: 'any' }), 'version_mismatch')
    assert.equal(await put({ onlyCreate: true }), 201)
    assert.equal(await put({ onlyCreate: true }), 'version_mismatch')
    assert.equal(await put({ version: 1 }), 200)
    assert.equal(await put({ version: 1 }), 'version_mismatch')
    assert.equal(await put({ version: 'any' }), 200)
  })

  test('a check is named by its key, unless it speaks of what is hidden', async (context) => {
    const desk = await openDesk(server, context)
    const { call, ada, staff, tested } = desk
    const input = { title: 'a', ownerId: ada.id, body: '', score: 101 }
    const broken = await failureOf(call(ada, 'note.create', { input }))
    assert.deepEqual(broken.problems, [
      {
        pointer: '',
        code: 'check_failed',
        detail: 'The values together break a check: "scoreFitsLimit" must hold.',
      },
    ])
    const note = await tested.data.note.create({ title: 'a', ownerId: ada.id, secret: 's' })
    const change = async (who: typeof ada) =>
      (await failureOf(call(who, 'note.update', { id: note.id, input: { title: 's' } }))).detail
    assert.doesNotMatch(await change(ada), /secret/)
    assert.match(await change(staff), /secretIsNotTitle/)
    assert.match(await wire(desk, 'PATCH', `/api/notes/${note.id}`, { title: 's' }), /^422/)
  })

  test('what is referred to stays; what no index can hold is refused', async (context) => {
    const desk = await openDesk(server, context)
    const { call, tested, ada, staff } = desk
    await tested.data.badge.create({ code: 'A', ownerId: ada.id })
    const remove = tested.running.invoke(
      callBy(undefined, {
        operation: 'user.delete',
        id: ada.id,
        as: unrestricted,
      }),
    )
    const kept = await failureOf(remove)
    assert.equal(kept.code, 'still_referenced')
    assert.doesNotMatch(kept.detail, inner)
    const name = hex(randomBytes(4_000))
    const long = await failureOf(call(staff, 'room.create', { input: { name } }))
    assert.equal(long.code, 'invalid_input')
    assert.deepEqual(
      long.problems.map(({ code }) => code),
      ['too_long'],
    )
    const score = 2_147_483_647
    const wide = { title: 'a', ownerId: staff.id, body: '', limit: score, score }
    const high = await failureOf(call(staff, 'note.create', { input: wide }))
    assert.deepEqual(
      high.problems.map(({ code }) => code),
      ['out_of_range'],
    )
  })

  test('a reference that vanishes meanwhile is answered like a missing one', async (context) => {
    const desk = await openDesk(server, context)
    const owner = await desk.tested.user()
    const make = (ownerId: string) => {
      const input = { code: 'Z', ownerId }
      const call = callBy(undefined, { operation: 'badge.create', input, as: unrestricted })
      return failureOf(desk.running.invoke(call))
    }
    const missing = await make('01900000-0000-7000-8000-00000000dead')
    const held = await holdRow(desk, 'identity."user"', owner.id)
    const late = make(owner.id)
    await held.awaited()
    await held.change('delete from identity."user" where id = $1')
    assert.deepEqual(await late, missing)
  })
})
