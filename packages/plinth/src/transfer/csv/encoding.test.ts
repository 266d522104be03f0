/** Tests that encodings are told apart and decoded over any piece boundary. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeText, type Encoding, surveyEncoding } from './encoding.ts'
import { memorySource } from './source.ts'

const text = 'Name;Preis\nKäse für Zoë;1,50 €\n'
const mark = '\uFEFF'

function utf16(content: string, bigEndian: boolean): Uint8Array {
  const bytes = Buffer.from(content, 'utf16le')
  return bigEndian ? bytes.swap16() : bytes
}

/** Windows-1252, by hand: the characters of the text that are not the same as in Latin-1. */
function windows(content: string): Uint8Array {
  return Buffer.from(content.replaceAll('€', '\u0080'), 'latin1')
}

const files: readonly [name: string, bytes: Uint8Array, encoding: Encoding, lossy: boolean][] = [
  ['UTF-8', Buffer.from(text), 'utf-8', false],
  ['UTF-8 with a mark', Buffer.from(mark + text), 'utf-8', false],
  ['ASCII', Buffer.from('a;b\n1;2\n'), 'utf-8', false],
  ['UTF-16, little end first', utf16(mark + text, false), 'utf-16le', true],
  ['UTF-16, big end first', utf16(mark + text, true), 'utf-16be', true],
  ['UTF-16 without a mark', utf16(text, false), 'utf-16le', true],
  ['Windows-1252', windows(text), 'windows-1252', false],
  ['empty', new Uint8Array(), 'utf-8', false],
]

for (const [name, bytes, encoding, lossy] of files) {
  test(`${name} is recognised and decoded, in pieces of every size`, async () => {
    for (let piece = 1; piece <= bytes.length + 1; piece += 1) {
      const source = memorySource(name, bytes, piece)
      const survey = await surveyEncoding(source.open())
      assert.equal(survey.encoding, encoding)
      assert.equal(survey.lossy, lossy)
      let read = ''
      for await (const part of decodeText(source.open(), survey.encoding)) read += part
      assert.equal(read, name === 'ASCII' ? 'a;b\n1;2\n' : name === 'empty' ? '' : text)
    }
  })
}

test('a few damaged bytes do not turn a UTF-8 file into Windows-1252', async () => {
  const damaged = Buffer.concat([Buffer.from(text), Buffer.of(0xff), Buffer.from(text)])
  for (const piece of [1, 3, 7, 1_000]) {
    const survey = await surveyEncoding(memorySource('damaged', damaged, piece).open())
    assert.equal(survey.encoding, 'utf-8')
    assert.equal(survey.lossy, true)
    assert.match(survey.because, /^1 places cannot be read as UTF-8, 8 other/)
  }
})
