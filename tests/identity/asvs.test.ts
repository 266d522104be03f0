/** Proves that the table of OWASP ASVS names tests that are there, and leaves nothing out. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { catalogOf } from '../../packages/plinth/src/app/compose.ts'
import { app, identity } from '../../packages/plinth/src/index.ts'
import { testApp } from '../../packages/plinth/src/testing/test-app.ts'
import { givenServer } from '../armed/given-server.ts'
import { root } from '../tidy/tree.ts'
import { namedTests } from './named-tests.ts'

const table = readFileSync(join(root, 'docs/security/asvs.md'), 'utf8')
const rows = [...table.matchAll(/^\| (\d+\.\d+\.\d+) \| (\d) \| (.*) \|$/gm)].map(
  ([, number = '', level = '', rest = '']) => {
    const [, state = '', how = '', proof = ''] = rest.split(' | ')
    return { number, level, state, how, proof }
  },
)

/** The levels of the requirements of each section of ASVS 5.0.0, in their order. */
const sections: Readonly<Record<string, string>> = {
  ...{ '6.1': '122', '6.2': '111111112222', '6.3': '11223333', '6.4': '112233' },
  ...{ '6.5': '22222333', '6.6': '2223', '6.7': '33', '6.8': '2222' },
  ...{ '7.1': '222', '7.2': '1111', '7.3': '22', '7.4': '11222', '7.5': '223', '7.6': '22' },
  ...{ '8.1': '1233', '8.2': '1123', '8.3': '133', '8.4': '23', '9.1': '111', '9.2': '1222' },
  ...{ '10.1': '22', '10.2': '223', '10.3': '22223', '10.4': '1111122222233333' },
  ...{ '10.5': '22222', '10.6': '22', '10.7': '222' },
}

test('every requirement of V6 to V10 stands in the table once', () => {
  const expected = Object.entries(sections).flatMap(([section, levels]) =>
    [...levels].map((level, index) => `${section}.${index + 1} of level ${level}`),
  )
  assert.deepEqual(
    rows.map(({ number, level }) => `${number} of level ${level}`),
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

test('a new database holds no account that nobody made', async (context) => {
  const site = app({ kits: [identity], accounts: { guests: true } })
  const server = givenServer()
  const tested = await testApp(site, server === undefined ? {} : { server })
  context.after(() => tested.close())
  const { records } = tested.running.users
  for (const model of ['user', 'session', 'apiKey', 'agentToken', 'serviceIdentity']) {
    assert.deepEqual(await records.find(model, {}), [], model)
  }
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
