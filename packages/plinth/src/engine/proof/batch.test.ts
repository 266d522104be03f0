import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers } from '../../database/proof/servers.ts'
import { bodyOf, failureOf, openDesk, tally } from './desk.ts'

interface Results {
  readonly results: readonly { readonly status: number; readonly id?: string }[]
}

onBothServers('batches', (server) => {
  test('steps refer to records of earlier steps, by id, field and list', async (context) => {
    const { call, tested, ada } = await openDesk(server, context)
    const tag = await tested.data.tag.create({ label: 't' })
    const operations = [
      { operation: 'item.create', as: 'first', input: { sku: 'A', ownerId: ada.id } },
      { operation: 'item.update', id: { $ref: 'first' }, version: 1, input: { count: 7 } },
      {
        operation: 'note.create',
        as: 'note',
        input: { title: 'n', ownerId: ada.id, tagIds: [tag.id], details: { $ref: 'own' } },
      },
      { operation: 'note.delete', id: { $ref: 'note' } },
      { operation: 'item.upsert', input: { sku: 'A', ownerId: ada.id, count: 8 } },
    ]
    const body = bodyOf(await call(ada, 'batch', { input: { operations } })) as unknown as Results
    assert.deepEqual(
      body.results.map(({ status }) => status),
      [201, 200, 201, 204, 200],
    )
    const items = (await tested.data.item.find()).data
    assert.deepEqual(
      items.map(({ count, version }) => [count, version]),
      [[8, 3]],
    )
  })

  test('two steps of one name are refused before the first runs', async (context) => {
    const { call, tested, ada } = await openDesk(server, context)
    const step = (sku: string, as: string) => ({
      ...{ operation: 'item.create', as, input: { sku, ownerId: ada.id } },
    })
    const operations = [step('A', 'one'), step('B', 'two'), step('C', 'one')]
    const { code, problems } = await failureOf(call(ada, 'batch', { input: { operations } }))
    assert.equal(code, 'invalid_input')
    assert.deepEqual(problems, [
      {
        pointer: '/operations/2/as',
        code: 'duplicate_name',
        detail: 'The name "one" is taken by /operations/0: choose another.',
      },
    ])
    assert.equal((await tested.data.item.find()).data.length, 0)
  })

  test('a failure in the middle leaves nothing, and says where', async (context) => {
    const { call, tested, ada } = await openDesk(server, context)
    const input = { sku: 'A', ownerId: ada.id }
    const last = [
      { operation: 'item.create', input },
      { operation: 'item.create', input: { ...input, count: 1.5 } },
      { operation: 'item.update', id: ada.id, input: { count: 1 } },
      { operation: 'room.create', input: { name: 'x' } },
      { operation: 'item.update', id: { $ref: 'nobody' }, input: { count: 1 } },
      { operation: 'note.create', input: { title: 'a', ownerId: { $ref: 'nobody' } } },
    ]
    const expected = [
      ['conflict', '/operations/1/input/sku'],
      ['invalid_input', '/operations/1/input/count'],
      ['not_found', undefined],
      ['forbidden', undefined],
      ['invalid_input', '/operations/1/id'],
      ['invalid_input', '/operations/1/input/ownerId'],
    ]
    const found = []
    for (const step of last) {
      const operations = [{ operation: 'item.create', input }, step]
      const failure = await failureOf(call(ada, 'batch', { input: { operations } }))
      assert.match(failure.detail, /\/operations\/1/)
      found.push([failure.code, failure.problems[0]?.pointer])
    }
    assert.deepEqual(found, expected)
    assert.deepEqual((await tested.data.item.find()).data, [])
  })

  test('its form is checked as a whole before anything runs', async (context) => {
    const { call, tested, ada } = await openDesk(server, context)
    const input = { sku: 'A', ownerId: ada.id }
    const first = { operation: 'item.create', input }
    const wrong: readonly (readonly [unknown, readonly string[]])[] = [
      [undefined, ['/operations']],
      [{ operations: [] }, ['/operations']],
      [{ operations: Array.from({ length: 101 }, () => first) }, ['/operations']],
      [{ operations: [first, 7] }, ['/operations/1']],
      [{ operations: [first, { operation: 'item.list' }] }, ['/operations/1/operation']],
      [{ operations: [first, { operation: 'identity.signOut' }] }, ['/operations/1/operation']],
      [{ operations: [first, { operation: 'item.update', input: {} }] }, ['/operations/1/id']],
      [{ operations: [first, { operation: 'item.delete', id: 7 }] }, ['/operations/1/id']],
      [
        { operations: [{ ...first, id: ada.id, version: 1 }] },
        ['/operations/0/id', '/operations/0/version'],
      ],
      [
        {
          operations: [
            { ...first, as: 1, extra: 2 },
            { operation: 'item.upsert', version: '1' },
          ],
        },
        ['/operations/0/extra', '/operations/0/as', '/operations/1/version'],
      ],
    ]
    for (const [given, pointers] of wrong) {
      const failure = await failureOf(call(ada, 'batch', { input: given }))
      assert.equal(failure.code, 'invalid_input')
      assert.deepEqual(
        failure.problems.map(({ pointer }) => pointer),
        pointers,
      )
    }
    assert.deepEqual((await tested.data.item.find()).data, [])
    const many = {
      operations: Array.from({ length: 100 }, (_, n) => ({
        ...first,
        input: { ...input, sku: `s${n}` },
      })),
    }
    assert.equal(
      (bodyOf(await call(ada, 'batch', { input: many })) as unknown as Results).results.length,
      100,
    )
  })

  test('batches that meet on the same records are run again until they fit', async (context) => {
    const { call, tested, ada } = await openDesk(server, context)
    const [one, two] = await Promise.all(
      ['A', 'B'].map((name) => tested.data.counter.create({ name })),
    )
    assert.ok(one && two)
    const outcomes = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const ids = index % 2 === 0 ? [one.id, two.id] : [two.id, one.id]
        const operations = ids.map((id) => ({
          operation: 'counter.update',
          id,
          input: { value: index },
        }))
        const run = call(ada, 'batch', { input: { operations } })
        return run.then(
          () => 'done',
          (reason: { code: string }) => reason.code,
        )
      }),
    )
    const { done = 0, overloaded = 0 } = tally(outcomes)
    assert.equal(done + overloaded, 12, JSON.stringify(tally(outcomes)))
    const { data } = await tested.data.counter.find()
    assert.deepEqual(
      data.map(({ version }) => version),
      [done + 1, done + 1],
    )
    assert.equal(new Set(data.map(({ value }) => value)).size, 1)
    // Without another run only the first of each meeting would be done.
    assert.ok(done >= 3, `${done} of 12 were done`)
  })
})
