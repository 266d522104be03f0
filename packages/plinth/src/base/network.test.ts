import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isInRange, networkOf, rangeOf } from './network.ts'

test('an IPv4 address is its own network', () => {
  assert.equal(networkOf('192.0.2.7'), '192.0.2.7')
})

test('addresses of one /64 are one network, in every spelling', () => {
  const spellings = [
    '2001:db8::1',
    '2001:DB8:0:0::ffff',
    '2001:0db8:0000:0000:1:2:3:4',
    '2001:db8::1%eth0',
    '2001:db8:0:0:1::192.0.2.1',
  ]
  assert.deepEqual([...new Set(spellings.map(networkOf))], ['2001:db8:0:0::/64'])
  assert.notEqual(networkOf('2001:db8:0:1::1'), networkOf('2001:db8::1'))
})

test('IPv4 inside IPv6 counts as the IPv4 address', () => {
  for (const spelling of ['::ffff:192.0.2.7', '::FFFF:c000:207', '0:0:0:0:0:ffff:c000:0207']) {
    assert.equal(networkOf(spelling), '192.0.2.7')
  }
  assert.equal(networkOf('64:ff9b::192.0.2.7'), '192.0.2.7')
  assert.notEqual(networkOf('::ffff:192.0.2.8'), networkOf('::ffff:192.0.2.7'))
})

test('what is no address is its own network', () => {
  for (const text of ['', 'unknown', 'export', '1::2::3', ':::', '1:2:3', '2001:db8::g']) {
    assert.equal(networkOf(text), text)
  }
})

test('an address is inside of a range, or not, in every spelling', () => {
  const inside = (address: string, range: string): boolean | undefined => {
    const read = rangeOf(range)
    return read && isInRange(address, read)
  }
  assert.equal(inside('192.0.2.77', '192.0.2.0/24'), true)
  assert.equal(inside('192.0.3.77', '192.0.2.0/24'), false)
  assert.equal(inside('192.0.2.77', '192.0.2.64/26'), true)
  assert.equal(inside('192.0.2.128', '192.0.2.64/26'), false)
  assert.equal(inside('::ffff:192.0.2.77', '192.0.2.0/24'), true)
  assert.equal(inside('::ffff:c000:24d', '192.0.2.77'), true)
  assert.equal(inside('2001:db8:1::5', '2001:db8::/32'), true)
  assert.equal(inside('2001:db9::5', '2001:db8::/32'), false)
  assert.equal(inside('203.0.113.9', '0.0.0.0/0'), true)
  assert.equal(inside('2001:db8::1', '0.0.0.0/0'), false)
  assert.equal(inside('', '0.0.0.0/0'), false)
  for (const wrong of ['', '192.0.2', '192.0.2.0/33', '192.0.2.0/', '1.2.3.4/08', '256.0.0.1']) {
    assert.equal(rangeOf(wrong), undefined, wrong)
  }
  for (const wrong of ['2001:db8::/129', 'fe80::1%eth0/64', '1.2.3.4/24/8', '01.2.3.4', 'here']) {
    assert.equal(rangeOf(wrong), undefined, wrong)
  }
})
