/** Proves that the table of OWASP ASVS names tests that are there, and leaves nothing out. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { catalogOf } from '../../packages/plinth/src/app/compose.ts'
import { app, identity } from '../../packages/plinth/src/index.ts'
import { root } from '../tidy/tree.ts'
import { namedTests } from './named-tests.ts'

const table = readFileSync(join(root, 'docs/security/asvs.md'), 'utf8')
const rows = [...table.matchAll(/^\| (\d+\.\d+\.\d+) \| (\d) \| (.*) \|$/gm)].map(
  ([, number = '', level = '', rest = '']) => {
    const [, state = '', how = '', proof = ''] = rest.split(' | ')
    return { number, level, state, how, proof }
  },
)

/** How many requirements each section of ASVS 5.0.0 has. */
const sections: Readonly<Record<string, number>> = {
  ...{ '6.1': 3, '6.2': 12, '6.3': 8, '6.4': 6, '6.5': 8, '6.6': 4, '6.7': 2, '6.8': 4 },
  ...{ '7.1': 3, '7.2': 4, '7.3': 2, '7.4': 5, '7.5': 3, '7.6': 2 },
  ...{ '8.1': 4, '8.2': 4, '8.3': 3, '8.4': 2, '9.1': 3, '9.2': 4 },
  ...{ '10.1': 2, '10.2': 3, '10.3': 5, '10.4': 16, '10.5': 5, '10.6': 2, '10.7': 3 },
}

test('every requirement of V6 to V10 stands in the table once', () => {
  const expected = Object.entries(sections).flatMap(([section, most]) =>
    Array.from({ length: most }, (_, index) => `${section}.${index + 1}`),
  )
  assert.deepEqual(
    rows.map(({ number }) => number),
    expected,
  )
})

test('what is met names a test, or says how without one', () => {
  const states = new Set(['met', 'partly', 'not met', 'n/a'])
  for (const { number, state, how } of rows) {
    assert.ok(states.has(state), `${number}: ${state}`)
    assert.notEqual(how.trim(), '', `${number} says how`)
  }
})

test('what is met has a proof, and the table counts itself', () => {
  const bare = rows.filter(({ state, proof }) => state === 'met' && !proof.includes('“'))
  assert.deepEqual(
    bare.map(({ number }) => number),
    [],
  )
  const count = (state: string): number => rows.filter((row) => row.state === state).length
  const told =
    `Of ${rows.length} requirements ${count('met')} are met, ${count('partly')} are partly met, ` +
    `${count('not met')} are not met, ${count('n/a')} do not apply.`
  assert.ok(table.includes(told), told)
})

test('no account has a hint, a question, or a password that runs out by date', () => {
  const catalog = catalogOf(app({ kits: [identity] }))
  const fields = [...(catalog.models.get('user')?.fields.keys() ?? [])]
  const inputs = [...catalog.operations.values()].flatMap((one) =>
    one.type === 'action' && one.name.startsWith('identity.') ? [...one.input.keys()] : [],
  )
  assert.ok(fields.includes('passwordHash') && inputs.includes('newPassword'))
  const odd = /hint|question|answerTo|expire|password(?:At|Date|Age|Until)|mustChange/i
  const found = new Set([...fields, ...inputs].filter((name) => odd.test(name)))
  assert.deepEqual([...found], ['expiresInDays'], 'that of keys')
})

test('every test that the table names is there', () => {
  const there = new Set(namedTests().map(({ file, name }) => `${file} ${name}`))
  const named = rows.flatMap(({ number, proof }) =>
    [...proof.matchAll(/`([^`]+)` “(.+?)”(?=<br>| \||$|\s*$)/g)].map(([, file, name]) => {
      return { number, named: `${file} ${name}` }
    }),
  )
  assert.ok(named.length > 90, `${named.length} proofs`)
  const missing = named.filter((each) => !there.has(each.named))
  assert.deepEqual(missing, [])
})
