import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KnownOf, type PasswordRules, passwordProblem } from './rules.ts'

const common = new Set(['iloveyou12345678', 'sunflower'])
const rules: PasswordRules = {
  charactersMin: 15,
  title: 'Garden Store',
  common: { has: (folded) => Promise.resolve(common.has(folded)) },
}

async function codeOf(password: string, known?: KnownOf, other = {}): Promise<string | undefined> {
  return (await passwordProblem({ ...rules, ...other }, password, known))?.code
}

test('C08: only length counts, in characters of Unicode', async () => {
  assert.equal(await codeOf('x!9 -_ü ß ñ 語 k'), undefined)
  assert.equal(await codeOf('               q w e'), undefined, 'spaces are characters')
  assert.equal(await codeOf('fourteen chars'), 'bad_password')
  assert.equal(await codeOf('🌻🐝🌵🍄🐌🦋🌾🍂🌲🐛🌷🐞🌼🍁'), 'bad_password', 'fourteen, not 28')
  assert.equal(await codeOf('🌻🐝🌵🍄🐌🦋🌾🍂🌲🐛🌷🐞🌼🍁🌿'), undefined)
  // A letter with its accent counts once, however the keyboard writes it.
  assert.equal(await codeOf('ça déjà été rêvé'.normalize('NFD')), undefined)
  assert.equal(await codeOf('ç'.normalize('NFD').repeat(14)), 'bad_password')
  const long = Array.from({ length: 64 }, (_, index) => `${index * 7} `).join('')
  assert.equal(await codeOf(long.slice(0, 64)), undefined)
  assert.equal(await codeOf(long.padEnd(256, '.')), undefined)
  assert.equal(await codeOf(long.padEnd(257, '.')), 'bad_password')
})

test('common ones are refused whole, in any capitals, and where they only repeat', async () => {
  assert.equal(await codeOf('ILoveYou12345678'), 'common_password')
  assert.equal(await codeOf('iloveyou１２３４５６７８'), 'common_password', 'wide digits')
  assert.equal(await codeOf('sunflowerSunflower'), 'common_password')
  assert.equal(await codeOf('sunflowersunflowersun'), 'common_password')
  // As a whole, not by a word that stands in it (NIST 800-63B-4).
  assert.equal(await codeOf('a sunflower on my window'), undefined)
})

test('what repeats itself or counts on is refused', async () => {
  for (const password of [
    'aaaaaaaaaaaaaaaa',
    'abcabcabcabcabca',
    '1234567890123456',
    '9876543210987654',
    'abcdefghijklmnop',
    'ponmlkjihgfedcba',
  ]) {
    assert.equal(await codeOf(password), 'guessable_password', password)
  }
  assert.equal(await codeOf('hijklm rstuv 2468 door'), undefined)
})

test('what others know of its owner is refused, unless there is enough beside it', async () => {
  const ann = { email: 'ann.winter@mail.example', name: 'Ann Winter' }
  for (const password of [
    'ann.winter@mail.example',
    'AnnWinterAnnWinter1',
    'winter-ann-winter-1',
    'gardenstore2026!',
    'Garden Store Garden',
    'winter@garden.store',
  ]) {
    assert.equal(await codeOf(password, ann), 'guessable_password', password)
  }
  assert.equal(await codeOf('winter evenings by the lake', ann), undefined)
  assert.equal(await codeOf('gardenstore2026!', ann, { title: 'Plinth' }), undefined)
  assert.equal(await codeOf('ann.winter@mail.example', { email: null, name: null }), undefined)
})

test('an app may ask for less or for more', async () => {
  assert.equal(await codeOf('tulip-4x', {}, { charactersMin: 8 }), undefined)
  assert.equal(await codeOf('tulip-4', {}, { charactersMin: 8 }), 'bad_password')
  assert.equal(await codeOf('a phrase of some words', {}, { charactersMin: 24 }), 'bad_password')
})
