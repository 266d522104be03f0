import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KnownOf, type PasswordRules, passwordProblem } from './rules.ts'

const places = new Map<string, number>([
  ...[['iloveyou12345678', 9] as const, ['sunflower', 12] as const, ['monkey', 4] as const],
  ['lake', 13] as const,
])
const rules: PasswordRules = {
  charactersMin: 15,
  title: 'Garden Store',
  common: { open: () => Promise.resolve((folded: string) => places.get(folded)) },
}

async function codeOf(password: string, known?: KnownOf, other = {}): Promise<string | undefined> {
  return (await passwordProblem({ ...rules, ...other }, password, known))?.code
}

test('C08: only length counts, in characters of Unicode', async () => {
  assert.equal(await codeOf('x!9 -_ü ß ñ 語 k'), undefined)
  assert.equal(await codeOf('               q w e r m p ü z x'), undefined, 'spaces are characters')
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
  // Not by a word that stands in it, where there is enough beside it (NIST 800-63B-4).
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

test('a common word with what is easily added is refused, however it is written', async () => {
  for (const password of [
    'monkey123456789',
    'Monkey2026!!!!!',
    'yeknom123456789',
    'm0nk3y123456789',
    'y3kn0m20262026!',
    '123456789monkey',
    'monkey monkey 1',
    'monkeyqwertyuiop',
    'qazwsxedcmonkey',
    'sunflower83719264',
    'monkey-sunflower',
    'aaaaaaaaamonkey!',
  ]) {
    assert.equal(await codeOf(password), 'guessable_password', password)
  }
  const known = { email: 'ann@lake.example', name: 'Ann' }
  assert.equal(await codeOf('monkeyAnn@lake.example', known), 'guessable_password')
  assert.equal(await codeOf('monkeyAnn@lake.example'), undefined, 'nobody else is called so')
  assert.equal(await codeOf('a monkey in my room 12'), undefined)
  assert.equal(await codeOf('k7qp2vx9 monkey m4tl'), undefined)
})

test('a refusal says what is wrong, and the longest input is judged in no time', async () => {
  const { detail } = (await passwordProblem(rules, 'monkey123456789')) ?? {}
  assert.match(detail ?? '', /a common word and what people add/)
  const own = (await passwordProblem(rules, 'gardenstore12345')) ?? { detail: '' }
  assert.match(own.detail, /the name of this service/)
  const before = process.cpuUsage()
  for (const unit of ['m0nk3y!', '1!', 'ab1 ', 'monkey']) {
    await codeOf(unit.repeat(60).slice(0, 255).concat('~'))
  }
  assert.ok(process.cpuUsage(before).user < 2_000_000, 'microseconds of the processor')
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
  assert.equal(await codeOf('monkey12', {}, { charactersMin: 8 }), 'guessable_password')
  assert.equal(await codeOf('a phrase of some words', {}, { charactersMin: 24 }), 'bad_password')
})
