import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  commonPasswords,
  commonPasswordsFile,
} from '../../packages/plinth/src/app/passwords/common-list.ts'
import { passwordProblem } from '../../packages/plinth/src/identity/passwords/rules.ts'
import { commonPasswordsPath, knownPasswords } from '../tidy/lists/passwords.ts'
import { root } from '../tidy/tree.ts'

const known = knownPasswords()
const kept = readFileSync(join(root, commonPasswordsPath))

// First of all: nothing has asked yet.
test('asking keeps nothing of the list in memory', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const before = await sweptBytes(collect, { enoughBytes: 0, rounds: 2 })
  const asked = Array.from({ length: 200 }, async (_, index) => {
    return (await commonPasswords.open())(`word ${index}`)
  })
  await Promise.all(asked)
  const most = process.memoryUsage().arrayBuffers - before
  assert.ok(most < 10 * kept.length, `${most} bytes: those who ask at once share it`)
  const enoughBytes = before + kept.length / 2
  const grown = (await sweptBytes(collect, { enoughBytes, rounds: 40 })) - before
  assert.ok(grown < kept.length / 2, `${grown} bytes`)
})

/**
 * Bytes of array buffers after collections: their memory is given back by threads beside this one,
 * some time after the collection that found it. Ends where no more than enough is left.
 */
async function sweptBytes(
  collect: () => void,
  { enoughBytes, rounds }: { readonly enoughBytes: number; readonly rounds: number },
): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds && least >= enoughBytes; round++) {
    collect()
    await sleep(150)
    least = Math.min(least, process.memoryUsage().arrayBuffers)
  }
  return least
}

test('the list of the package is that of its source', () => {
  assert.ok(new Map(known).size >= 100_000)
  const cure = 'run scripts/common-passwords.ts'
  assert.ok(kept.equals(commonPasswordsFile(known)), `the list is another one: ${cure}`)
})

test('common passwords are found at their place, the first, the last and in between', async () => {
  const listed = await commonPasswords.open()
  const some = known.filter((_, index) => index % 997 === 0)
  for (const [password] of [...some, ...known.slice(-1)]) {
    assert.notEqual(listed(password), undefined, password)
  }
  assert.equal(listed('password'), 2, 'the second of all')
  assert.ok((listed('sunflower') ?? 0) > 10)
})

test('others are not: one in two million is taken for one of them', async () => {
  const listed = await commonPasswords.open()
  for (let index = 0; index < 2_000; index++) {
    assert.equal(listed(`a phrase of my own, number ${index}`), undefined)
  }
})

const rules = { charactersMin: 15, title: 'Garden Store', common: commonPasswords }
const ann = { email: 'ann.winter@mail.example', name: 'Ann Winter' }

test('C08: a listed word is refused with all that is easily added to it', async () => {
  for (const bad of lines(guessable)) {
    const problem = await passwordProblem(rules, bad, ann)
    assert.match(problem?.code ?? 'none', /^(?:common|guessable)_password$/, bad)
  }
})

test('C08: phrases of real words are taken, in any language, with and without digits', async () => {
  for (const good of lines(phrases)) {
    assert.equal((await passwordProblem(rules, good, ann))?.code, undefined, good)
  }
})

function lines(text: string): readonly string[] {
  return text.trim().split('\n')
}

const guessable = `
password12345678
Password2026!!!
P@ssw0rd20262027
drowssap12345678
87654321drowssap
sunflower20262027
sunflower83719264
monkey1234567890
m0nk3y1234567890
yeknom1234567890
p455w0rd12345678
qwertyuiop123456
1qaz2wsx3edc4rfv
qwerty!@#$%^&*()
qwertyPassword12
asdfghjkl;123456
iloveyou!!!!!!!!!!
dragon2019dragon
letmeinletmein1
trustno1trustno1
football football
password password 1
princess!1234567
welcome123456789
superman99999999
starwars20202021
liverpoolfc2024!!
michael14021987
changeme!changeme
adminadminadmin1
12345678password
123456789monkey!
xxxxxxxxpassword
password.........
hunter2hunter2hunter2
elephant bicycle
aaaaaaaabbbbbbbb
19901991199219931
0123456789abcdef
ann.winter12345678
annwinter20262026
Winter1990Winter!
gardenstore12345
ann@mail.example1
elpmaxe.liam@retniw
g4rd3nst0r3 2026!
`

const phrases = `
correct horse battery
correct-horse-battery-staple
winter evenings by the lake
a sunflower on my window
the cat sat on the mat
purple monkey dishwasher
my dog is named rex
three blue chairs and a lamp
iloveyou my darling clementine
we moved house in 1987
I ate 12 pies on Tuesday
password of the old lighthouse
gardenstore beats the winter blues
Tr0ub4dor&3 on the roof
mountain river candle
stapler-mango-orbit
lavender moose pickle
wombat cactus violin
blue kettle sings
seven dwarves, one mine
Otters hold hands asleep
coffee at nine with anna
the quick brown fox jumps
please do not read my mail
forty two bananas today
bicycle repair in the rain
grüne äpfel am montag
unten am fluss liegt ein boot
je mange des pommes
ça déjà été rêvé
gato negro en la luna
kyllikki saari järvi
пароль от старого дома
天気がいいから散歩しましょうね今日は
🌻🐝🌵🍄🐌🦋🌾🍂🌲🐛🌷🐞🌼🍁🌿
tulip-4x-gräfin-zebra
k7Qp2vX9mZ4tLw8
8fj2-kd93-lq0x-zm4v
zkqwvjxmbtpfhdr
7391820465173928
`
