import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exposureOf } from './exposure.ts'

const quiet = { production: false, host: '127.0.0.1', trustedProxies: 0 }

test('a development server that others can reach is warned of, with the cure', () => {
  for (const host of ['0.0.0.0', '::', '192.168.7.9', 'shop.example']) {
    const warning = exposureOf({ ...quiet, host }) ?? ''
    assert.match(warning, /development mode and can be reached from elsewhere/)
    assert.ok(warning.includes(`HOST is ${host}`) && warning.includes('NODE_ENV=production'))
  }
  assert.match(exposureOf({ ...quiet, trustedProxies: 1 }) ?? '', /PLINTH_TRUSTED_PROXIES is 1/)
})

test('a server of this machine alone, and one in production, are not', () => {
  for (const host of ['127.0.0.1', 'localhost', '::1']) {
    assert.equal(exposureOf({ ...quiet, host }), undefined)
  }
  assert.equal(exposureOf({ production: true, host: '0.0.0.0', trustedProxies: 1 }), undefined)
})
