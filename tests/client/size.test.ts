import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { bundle } from './bundle.ts'

const source = join(import.meta.dirname, '../../packages/plinth/src')
const bytesMax = 12 * 1_024

test('the whole client is at most 12 KB of gzip, and nothing of a server is in it', async () => {
  const { code, modules } = await bundle(join(source, 'client.ts'))
  const bytes = gzipSync(code, { level: 9 }).length
  assert.ok(bytes <= bytesMax, `${bytes} bytes of gzip, at most ${bytesMax}`)
  assert.ok(modules.includes('packages/plinth/src/client/call/send.ts'))
  const foreign = modules.filter((path) => {
    return !/^packages\/plinth\/src\/(client\.ts$|client\/|base\/(ids|time)\.ts$)/.test(path)
  })
  assert.deepEqual(foreign, [])
  assert.doesNotMatch(code, /node:|require\(/)
})

test('its hooks bring React along, and still nothing of a server', async () => {
  const { modules } = await bundle(join(source, 'client-react.ts'))
  const foreign = modules.filter((path) => {
    return !/^(packages\/plinth\/src\/(client|base\/(ids|time))|node_modules\/react\/)/.test(path)
  })
  assert.deepEqual(foreign, [])
})
