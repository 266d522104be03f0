import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpRequest } from '../message.ts'
import { answeringTo } from './hosts.ts'

const trace = { traceId: '0'.repeat(31).concat('1'), parentId: '0'.repeat(15).concat('1') }
const ask = async (host: string, publicUrl?: string): Promise<number> => {
  const handler = answeringTo(() => ({ status: 200, headers: {}, body: '' }), publicUrl)
  const request = { host, path: '/', trace } as never as HttpRequest
  return (await handler(request)).status
}

test('a name that somebody made to resolve to this machine is refused', async () => {
  for (const host of ['evil.example', 'evil.example:3000', 'localhost.evil.example', '1.2.3.4']) {
    assert.equal(await ask(host), 421, host)
  }
  for (const host of [
    'localhost',
    'localhost:3000',
    '127.0.0.1:3000',
    '[::1]:3000',
    'a.localhost',
  ]) {
    assert.equal(await ask(host), 200, host)
  }
  assert.equal(await ask('127.0.0.1.evil.example'), 421)
  assert.equal(await ask('shop.example', 'https://shop.example'), 200)
  assert.equal(await ask('shop.example:8443', 'https://shop.example:8443'), 200)
})
