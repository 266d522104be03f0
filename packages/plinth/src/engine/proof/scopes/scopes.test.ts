import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Caller } from '../../../access/caller.ts'
import { scopesOf, wantedBy } from '../../../access/scopes/scopes.ts'
import { Failure } from '../../../base/failure.ts'
import { onBothServers } from '../../../database/proof/servers.ts'
import { bodyOf, failureOf, outcomeOf } from '../desk.ts'
import { openBakery, withScopes } from './bakery.ts'

interface Entries {
  readonly data: readonly { operation: string; actor: string; via: string | null }[]
}

onBothServers('scopes', (server) => {
  test('C28: each operation takes its own scope', async (context) => {
    const { ask, ann, bread, running } = await openBakery(server, context)
    const { catalog } = running
    const all = scopesOf(catalog)
    assert.ok(all.includes('bread.read') && all.includes('bakery.bake') && all.includes('read'))
    for (const operation of catalog.operations.values()) {
      const wanted = wantedBy(operation)
      // A label goes under a fresh proof, which no key can give.
      if (wanted.is === 'nothing' || operation.name === 'label.delete') continue
      const good: readonly string[] = wanted.is === 'scope' ? wanted.anyOf : []
      const others = all.filter((scope) => !good.includes(scope))
      const input = { name: 'x' }
      const rest = { id: bread.id, input, query: {}, idempotencyKey: operation.name }
      const failure = await failureOf(ask(withScopes(ann, others), operation.name, rest))
      const code = wanted.is === 'session' ? 'session_required' : 'insufficient_scope'
      assert.equal(failure.code, code, operation.name)
      for (const scope of good) {
        const code = await outcomeOf(ask(withScopes(ann, [scope]), operation.name, rest))
        assert.notEqual(code, 'insufficient_scope', `${operation.name} by ${scope}`)
        assert.notEqual(code, 'session_required', `${operation.name} by ${scope}`)
      }
    }
  })

  test('C28: what the accounts are is out of reach, whatever the scopes', async (context) => {
    const { ask, ann, running } = await openBakery(server, context)
    const every = withScopes(ann, scopesOf(running.catalog))
    let asked = 0
    for (const operation of running.catalog.operations.values()) {
      const kit = operation.type === 'action' ? operation.kit : operation.model.kit
      if (kit !== 'identity') continue
      if (/^(identity\.me|(user|organisation|membership)\.(list|get))$/.test(operation.name))
        continue
      asked += 1
      const rest = { id: ann.id, input: {}, query: {} }
      const code = await outcomeOf(ask(every, operation.name, rest))
      assert.equal(code, 'session_required', operation.name)
      if (operation.type === 'action') continue
      const step = { operation: operation.name, id: ann.id, input: {} }
      const batch = ask(every, 'batch', { input: { operations: [step] } })
      const inBatch = await outcomeOf(batch)
      assert.ok(['session_required', 'invalid_input'].includes(inBatch), operation.name)
    }
    assert.ok(asked > 25)
    assert.equal(bodyOf(await ask(every, 'user.get', { id: ann.id, query: {} })).id, ann.id)
    // Vouched for by an action that was let through: an account's own operation is no part of it.
    const through = { ...every, via: { ...every.via, scopes: undefined } }
    const rest = { input: { password: 'x', newPassword: 'y' } }
    assert.equal(await outcomeOf(ask(through, 'identity.changePassword', rest)), 'session_required')
  })

  test('a failure names the scope that was wanted (RFC 6750)', async (context) => {
    const { ask, ann } = await openBakery(server, context)
    const failed = await ask(withScopes(ann, ['flour.read']), 'bread.create', {
      input: { name: 'bun' },
    }).catch((error: unknown) => error)
    assert.ok(failed instanceof Failure)
    assert.equal(failed.status, 403)
    assert.match(failed.detail, /bread\.create \(or bread\.write or write\)/)
    const { 'www-authenticate': told } = failed.headers
    assert.equal(told, 'Bearer error="insufficient_scope", scope="bread.create"')
  })

  test('a batch is let through step by step', async (context) => {
    const { ask, ann, tested } = await openBakery(server, context)
    const operations = [
      { operation: 'label.create', input: { word: 'new' } },
      { operation: 'bread.create', input: { name: 'bun' } },
    ]
    const failure = await failureOf(
      ask(withScopes(ann, ['label.write']), 'batch', { input: { operations } }),
    )
    assert.equal(failure.code, 'insufficient_scope')
    assert.match(failure.detail, /^\/operations\/1/)
    assert.equal((await tested.data.label.find({})).data.length, 1, 'nothing of it is done')
  })

  test('what may not be read is not there, however it is asked for', async (context) => {
    const { ask, ann, bread, flour, label } = await openBakery(server, context)
    const key = withScopes(ann, ['bread.read'])
    const read = (query: object) => ask(key, 'bread.list', { query })
    assert.equal(bodyOf(await ask(key, 'bread.get', { id: bread.id, query: {} })).double, 600)
    const unseen = [
      { include: ['flour'] },
      { include: ['labels'] },
      { include: ['owner'] },
      { filter: { flour: { secret: 'mill' } } },
      { filter: { labels: { some: { word: 'fresh' } } } },
      { filter: { owner: { email: ann.email } } },
      { sort: ['flour.secret'] },
    ]
    for (const query of unseen) {
      const hidden = await failureOf(read(query))
      // The answer that a name gets which is nobody's.
      const text = JSON.stringify(query).replaceAll(/flour|labels|owner/g, 'nothing')
      const unknown = await failureOf(read(JSON.parse(text) as object))
      assert.equal(hidden.code, unknown.code, JSON.stringify(query))
      assert.notEqual(hidden.code, 'insufficient_scope')
    }
    const wider = withScopes(ann, ['bread.read', 'flour.read'])
    const query = { include: ['flour'], filter: { flour: { secret: 'mill' } } }
    const body = bodyOf(await ask(wider, 'bread.list', { query }))
    assert.deepEqual((body.data as { flour: object }[]).length, 1)
    // The same question under one text, other scopes: the plan of one is not the other's.
    assert.equal(await outcomeOf(ask(key, 'bread.list', { query })), 'invalid_input')

    const drop = withScopes(ann, ['bread.create'])
    const made = await ask(drop, 'bread.create', { input: { name: 'bun' } })
    assert.equal(made.body, undefined, 'what is handed in is not read back')
    for (const input of [{ flourId: flour.id }, { labelIds: [label.id] }]) {
      const blind = await outcomeOf(
        ask(drop, 'bread.create', { input: { name: `${Object.keys(input)}`, ...input } }),
      )
      assert.equal(blind, 'invalid_input', 'a reference tells nothing of what is hidden')
    }
    const taken = ask(drop, 'bread.upsert', { input: { name: 'loaf', pence: 1 } })
    assert.equal(await outcomeOf(taken), 'insufficient_scope')
  })

  test('an action that is let through has its owner’s rules', async (context) => {
    const { ask, ann, tested } = await openBakery(server, context)
    const key = withScopes(ann, ['bakery.bake'])
    const made = bodyOf(await ask(key, 'bakery.bake', { input: { name: 'bun' } }))
    assert.equal(made.ownerId, ann.id)
    assert.equal(await outcomeOf(ask(key, 'bread.list', { query: {} })), 'insufficient_scope')
    await tested.drain()
    const [sold] = (await tested.data.till.find({})).data
    assert.deepEqual([sold?.pence, sold?.by], [1, 'somebody'])
  })

  test('rules can refuse an agent, and the jobs it starts', async (context) => {
    const { ask, ann, tested } = await openBakery(server, context)
    const agent = withScopes(ann, ['write'], 'agent')
    assert.equal(await outcomeOf(ask(agent, 'bakery.refund')), 'forbidden')
    assert.equal(await outcomeOf(ask(withScopes(ann, ['write']), 'bakery.refund')), 'done')
    const input = { pence: 5 }
    assert.equal(await outcomeOf(ask(agent, 'till.create', { input })), 'forbidden')
    assert.equal(await outcomeOf(ask(withScopes(ann, ['write']), 'till.create', { input })), 'done')
    await ask(agent, 'bakery.bake', { input: { name: 'bun' } })
    await tested.drain()
    assert.equal((await tested.data.till.find({})).data.length, 1, 'the agent’s job wrote nothing')
  })

  test('A08: a key finds no reply and no call of its owner', async (context) => {
    const { ask, ann } = await openBakery(server, context)
    const key = withScopes(ann, ['label.read'])
    const self = { is: 'user', id: ann.id, roles: new Set<string>() } as const
    const input = { name: 'bun' }
    const once = { input, idempotencyKey: 'k-1' }
    assert.equal((await ask(self, 'bread.create', once)).status, 201)
    assert.equal(await outcomeOf(ask(key, 'bread.create', once)), 'insufficient_scope')
    const later = { input: { name: 'late' }, later: true }
    const { laterId = '' } = await ask(self, 'bakery.bake', later)
    assert.equal(await outcomeOf(ask(self, 'operation', { id: laterId })), 'done')
    for (const operation of ['operation', 'cancelOperation']) {
      assert.equal(await outcomeOf(ask(key, operation, { id: laterId })), 'not_found')
    }
    const lent = withScopes(ann, ['bakery.bake'])
    const own = await ask(lent, 'bakery.bake', { input: { name: 'lent' }, later: true })
    assert.equal(await outcomeOf(ask(lent, 'operation', { id: own.laterId ?? '' })), 'done')
    assert.equal(await outcomeOf(ask(key, 'bakery.bake', later)), 'insufficient_scope')
  })

  test('a key is asked for no proof; the audit names it', async (context) => {
    const { ask, ann, label } = await openBakery(server, context)
    const key = withScopes(ann, ['write'])
    const self = { is: 'user', id: ann.id, roles: new Set<string>() } as const
    const gone = (who: typeof key | typeof self) =>
      outcomeOf(ask(who, 'label.delete', { id: label.id }))
    assert.equal(await gone(self), 'step_up_required')
    assert.equal(await gone(key), 'session_required')
    await ask(key, 'bread.create', { input: { name: 'bun', ownerId: ann.id } })
    await ask(key, 'bakery.bake', { input: { name: 'roll' } })
    await ask(self, 'bread.create', { input: { name: 'bap', ownerId: ann.id } })
    const agent = withScopes(ann, ['write'], 'agent')
    await ask(agent, 'bread.create', { input: { name: 'bagel', ownerId: ann.id } })
    const staff = { ...self, impersonator: label.id }
    await ask(staff, 'bread.create', { input: { name: 'pretzel', ownerId: ann.id } })
    const admin = { is: 'user', id: label.id, roles: new Set(['admin']) } as const
    const read = async (query: object, who: Caller = admin) =>
      (bodyOf(await ask(who, 'audit.entries', { input: query })) as unknown as Entries).data
    const actor = `user:${ann.id}`
    const own = await read({ actor, model: 'bread' })
    const ways = [key, agent].map(({ via }) => `${via.sort}:${via.id}`)
    assert.deepEqual(
      own.map(({ operation, actor: by, via }) => [operation, by, via]),
      [
        ['bread.create', actor, `staff:${label.id}`],
        ['bread.create', actor, ways[1]],
        ['bread.create', actor, null],
        ['bakery.bake', actor, ways[0]],
        ['bread.create', actor, ways[0]],
        // Of the scene.
        ...own.slice(5).map(({ operation, via }) => [operation, actor, via]),
      ],
    )
    const byKey = await read({ via: ways[0] })
    assert.deepEqual(
      byKey.map(({ via }) => via),
      [ways[0], ways[0]],
    )
    assert.deepEqual((await read({ via: `staff:${label.id}` })).length, 1)
    assert.deepEqual(await read({ via: 'key:none' }), [])
    assert.deepEqual(await read({ via: ways[0], actor: `user:${label.id}` }), [])
    // Neither by the filter nor by the key itself does anybody read more than they may.
    assert.equal(await outcomeOf(read({ via: ways[0] }, self)), 'forbidden')
    assert.equal(await outcomeOf(read({ via: ways[0] }, key)), 'forbidden')
  })

  test('a service is signed in and nobody: no row is its own', async (context) => {
    const { ask, ann, bread } = await openBakery(server, context)
    const service = (name: string, scopes: readonly string[]) =>
      ({
        is: 'service',
        ...{ id: ann.id, name, roles: new Set<string>() },
        via: { sort: 'service', id: ann.id, scopes: new Set(scopes) },
      }) as const
    const billing = service('billing', [
      'ledger.write',
      'bread.read',
      'bakery.bake',
      'bakery.count',
    ])
    const input = { pence: 7 }
    assert.equal((await ask(billing, 'ledger.create', { input })).status, 201)
    const other = service('mailing', ['ledger.write'])
    assert.equal(await outcomeOf(ask(other, 'ledger.create', { input })), 'forbidden')
    // The id of a service is no user's id, even where they are alike.
    assert.equal(
      await outcomeOf(ask(billing, 'bread.get', { id: bread.id, query: {} })),
      'not_found',
    )
    assert.deepEqual(bodyOf(await ask(billing, 'bakery.count')), { breads: 0 })
    const bake = { input: { name: 'bun' } }
    assert.equal(await outcomeOf(ask(billing, 'bakery.bake', bake)), 'forbidden')
    assert.equal(await outcomeOf(ask(billing, 'identity.signOut')), 'session_required')
  })
})
