import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { checksumOf, hasChecksum } from './checksum.ts'

test('a checksum is the CRC-32 in base 62, and tells every single typo', () => {
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  for (const text of ['', 'plk_', 'plk_AbC-_9', 'ü'.repeat(50)]) {
    const number = [...checksumOf(text)].reduce((sum, one) => sum * 62 + alphabet.indexOf(one), 0)
    assert.equal(number, crc32(text))
    assert.equal(checksumOf(text).length, 6)
  }
  const body = 'plk_Zm9vYmFyYmF6cXV4'
  const whole = `${body}${checksumOf(body)}`
  assert.ok(hasChecksum(whole))
  for (let at = 0; at < whole.length; at++) {
    const typo = `${whole.slice(0, at)}${whole[at] === 'x' ? 'y' : 'x'}${whole.slice(at + 1)}`
    assert.equal(hasChecksum(typo), false, typo)
  }
  assert.equal(hasChecksum(''), false)
})
