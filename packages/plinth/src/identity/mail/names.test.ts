import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../base/limits.ts'
import { mailedName } from './names.ts'

const told = (name: string): string => mailedName(name, 'nobody')

// As mail programs look for them: a host with a dot, a scheme, an address, a telephone number.
const links = [
  /[^\s.]\.[^\s.]/u,
  /:\S/u,
  /\/\S/u,
  /@\S/u,
  /[\u3002\uff61\uff0e\u2024]\S/u,
  /\d(?:[^\p{L}\d]{0,3}\d){6}/u,
]

const hostile = [
  'https://evil.example/login',
  'HTTP:\\\\evil.example',
  'www.evil.example',
  'evil.example',
  'ｅｖｉｌ．ｅｘａｍｐｌｅ',
  'evil。example',
  'evil｡example',
  'evil․example',
  'evil.\u200bexample',
  'evil\u2060.\u2060example',
  'e\u00advil.exa\u00admple',
  'help@evil.example',
  'mailto:help@evil.example',
  'tel:+4912345678',
  'Call +1 (888) 555-0123 now',
  'Call 1.888.555.01.23 now',
  'localhost:3000/x',
  'ｈｔｔｐｓ：／／ｅｖｉｌ．ｅｘａｍｐｌｅ',
  '//evil.example',
  '[Open](https://evil.example)',
  '<https://evil.example>',
  'evil.example\u2028Bcc: x@evil.example',
  '\u202emoc.live\u202c evil.example',
  '1.2.3.4',
  '0x7f.1',
  'xn--evil-.example',
]

test('a name in a mail is no link, no line of its own, and no number to call', () => {
  for (const name of hostile) {
    const plain = told(name)
    for (const link of links) assert.doesNotMatch(plain, link, name)
    assert.doesNotMatch(plain, /[\p{C}\u2028\u2029<>"“”]/u, name)
    assert.ok(plain.length > 0)
  }
})

test('it holds no letter of its own', () => {
  const long = told(`Your account is locked. ${'Act now. '.repeat(30)}`)
  assert.equal([...long].length, limits.mailNameCharactersMax)
  assert.ok(long.endsWith('…'))
  assert.ok(told('😀'.repeat(200)).isWellFormed() && told('\ud800a').isWellFormed())
})

test('what is a name stays', () => {
  for (const name of [
    'Dr. Who & Sons',
    'Müller GmbH',
    'Acme Inc.',
    'Société Générale',
    'العربية',
    '株式会社 日立',
    'Team 42',
    'O’Neill, Smith & Co. (UK) Ltd.',
  ]) {
    assert.equal(told(name), name)
  }
})

test('a name of nothing has other words', () => {
  for (const name of ['', ' ', '\u200b\u2060', '...', '\u3164']) assert.equal(told(name), 'nobody')
})
