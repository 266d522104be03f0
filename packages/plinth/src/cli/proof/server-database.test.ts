import assert from 'node:assert/strict'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { startSystemPostgres } from '../../testing/system-postgres.ts'
import { appFolder, shopApp } from './process.ts'

test('DATABASE_URL: planned, applied, started and followed on a server', async (t) => {
  const server = await startSystemPostgres()
  if (!server) return t.skip('no PostgreSQL is installed')
  t.after(() => server.stop())
  const folder = await appFolder(t, shopApp())
  const { user, host, port, database } = server.address
  const environment = { DATABASE_URL: `postgres://${user}@/${database}?host=${host}&port=${port}` }

  const refused = await folder.run(['start'], { environment })
  assert.equal(refused.code, 1)
  assert.match(refused.told, /plinth migrate plan/)

  const planned = await folder.run(['migrate', 'plan', 'first'], { environment })
  assert.equal(planned.code, 0, planned.told)
  assert.match(planned.data, /^migrations\/\d{14}_first\.sql\n$/)
  assert.equal((await readdir(join(folder.path, 'migrations'))).length, 1)
  const pending = await folder.run(['migrate', 'status'], { environment })
  assert.equal(pending.code, 1)
  assert.match(pending.data, /pending\s+\d{14}_first\.sql/)

  // `start` applies the files by itself where this is not production.
  const served = await folder.serve(['start'], environment)
  assert.equal((await served.ask('/api/products')).status, 200)
  assert.match(served.told(), /Applied \d{14}_first\.sql/)
  await served.end()
  assert.equal((await folder.run(['migrate', 'status'], { environment })).code, 0)
  const again = await folder.run(['migrate', 'apply'], { environment })
  assert.match(again.told, /Nothing to apply/)

  await folder.write('app.ts', shopApp('colour: text({ max: 20, optional: true })'))
  const followed = await folder.serve(['dev'], environment)
  assert.match((await followed.ask('/api/products')).text, /"colour":null/)
  assert.match((await followed.ask('/api/products')).text, /"seen"/, 'development is seeded')
  await followed.end()
  const data = stat(join(folder.path, '.plinth/postgres-18'))
  await assert.rejects(data, { code: 'ENOENT' })
})
