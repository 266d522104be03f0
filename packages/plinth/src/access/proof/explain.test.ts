import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers } from '../../database/proof/servers.ts'
import { ada, ben, catalog, guest, idOf } from '../../query/proof/shop.ts'
import { modelOf, now, openShop } from '../../query/proof/world.ts'
import type { Caller } from '../caller.ts'
import { type ExplainRequest, explainAccess, explanationLines } from '../explain.ts'

onBothServers('An explanation', (server) => {
  test('tells why, with the values seen', async (context) => {
    const { database } = await openShop(server, context)
    const explain = async (
      [name, id]: readonly [string, string],
      caller: Caller,
      verbs: ExplainRequest['verbs'] = ['read'],
    ): Promise<readonly string[]> => {
      const model = modelOf(name)
      const request = { session: database, catalog, model, id, caller, now, verbs }
      return explanationLines(await explainAccess(request))
    }
    assert.deepEqual(await explain(['product', idOf('d', 4)], guest), [
      '✗ read: row.published or me.is("staff")',
      '  ✗ row.published  (row.published = false)',
      '  ✗ me.is("staff")',
      '✗ read cost: me.is("staff")',
      '✗ read rank: row.ownerId = me.id or me.is("staff")',
      `  ✗ row.ownerId = me.id  (row.ownerId = ${idOf('a', 1)}, me.id = null)`,
      '  ✗ me.is("staff")',
    ])
    assert.deepEqual((await explain(['product', idOf('d', 4)], ben)).slice(0, 3), [
      '✓ read: row.published or me.is("staff")',
      '  ✗ row.published  (row.published = false)',
      '  ✓ me.is("staff")',
    ])
    assert.deepEqual((await explain(['product', idOf('d', 1)], ada)).slice(4, 6), [
      '✓ read rank: row.ownerId = me.id or me.is("staff")',
      `  ✓ row.ownerId = me.id  (row.ownerId = ${idOf('a', 1)}, me.id = ${idOf('a', 1)})`,
    ])
    assert.deepEqual(await explain(['category', idOf('c', 2)], guest), [
      '✗ read: not row.hidden',
      '  ✓ row.hidden  (row.hidden = true)',
    ])
    const owner = `row.product.ownerId = ${idOf('a', 1)}`
    assert.equal(
      (await explain(['review', idOf('e', 1)], ada)).at(-1),
      `✓ read secret: row.product.ownerId = me.id  (${owner}, me.id = ${idOf('a', 1)})`,
    )
    assert.deepEqual((await explain(['category', idOf('c', 3)], guest)).slice(0, 2), [
      '✗ the record is deleted: no operation finds it',
      '✓ read: not row.hidden',
    ])
    assert.deepEqual(await explain(['ledger', idOf('8', 1)], ada, ['delete']), ['✗ delete: nobody'])
    assert.deepEqual(await explain(['product', idOf('d', 9)], ada), ['There is no such record.'])
    const unrestricted: Caller = { is: 'unrestricted', reason: 'a proof' }
    const lines = await explain(['product', idOf('d', 4)], unrestricted)
    assert.equal(lines[0], '✓ the caller is unrestricted: no rule is asked')
  })
})
