import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localPlace } from '../base/web/local-place.ts'
import { addressOf, nextOf } from './next.ts'

test('places of this app are led on to', () => {
  for (const place of ['/', '/orders', '/orders?a=1&b=%2F#top', '/a%20b', '/x?next=//evil']) {
    assert.equal(localPlace(place), place)
  }
  assert.equal(localPlace('/a/../b'), '/b', 'as a browser reads it')
  assert.equal(nextOf('done=x&next=%2Forders%3Fa%3D1'), '/orders?a=1')
})

test('C22: nowhere else is led on to, however it is written', () => {
  const elsewhere = [
    ...['', 'orders', '?a', '#a', 'https://evil.example', 'HTTPS:/evil', 'javascript:alert(1)'],
    ...['//evil.example', '///evil', '/\\evil', '\\\\evil', '/\\/evil', '/a\\b', '\\/evil'],
    ...['/\t/evil', '/\n/evil', '\t//evil', ' //evil', '/ /evil', '/\u0000', '/\u007f', '/é'],
    ...['/..//evil', '/.//evil', '/a/..//evil', '/%2e%2e//evil', '/a/../..//evil'],
    ...['data:text/html,x', 'mailto:a@b', '@evil', ':80', `/${'a'.repeat(1_000)}`],
  ]
  for (const place of elsewhere) assert.equal(localPlace(place), undefined, JSON.stringify(place))
  for (const search of [
    'next=%2F%2Fevil',
    'next=%2F%5Cevil',
    'next=%2F%09%2Fevil',
    'next=/ok&next=//evil',
    'next=%',
    'Next=/ok',
    '',
  ]) {
    assert.equal(nextOf(search), undefined, search)
  }
})

test('what stays a path in the eyes of a browser may stay', () => {
  for (const place of ['/%2F%2Fevil.example', '/%5Cevil', '/javascript:alert(1)', '/@evil']) {
    const read = new URL(localPlace(place) ?? assert.fail(place), 'https://shop.example/account')
    assert.equal(read.origin, 'https://shop.example')
  }
})

test('an address is written so that it is read again', () => {
  const place = '/orders?a=1&b=ä'
  assert.equal(nextOf(addressOf('/x', { next: '/a?b=1&c=2' }).slice(3)), '/a?b=1&c=2')
  assert.equal(addressOf('/x', { next: undefined }), '/x')
  assert.equal(nextOf(addressOf('/x', { next: place }).slice(3)), undefined, 'no other letters')
})
