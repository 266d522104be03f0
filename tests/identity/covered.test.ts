/** Proves that each attack of groups C, E and F has a test, and a control to take away. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pathOf } from '../armed/control.ts'
import { edited } from '../armed/plant.ts'
import { root } from '../tidy/tree.ts'
import { attackControls } from './controls.ts'
import { attacksOf, namedTests } from './named-tests.ts'

const groups = { C: 28, E: 4, F: 6 } as const

/** The attacks of the groups: C01 to F06. */
const attacks = Object.entries(groups).flatMap(([group, most]) =>
  Array.from({ length: most }, (_, index) => `${group}${String(index + 1).padStart(2, '0')}`),
)

test('every attack of groups C, E and F is a test by its id', (context) => {
  const tests = namedTests()
  assert.ok(tests.length > 1_000, `${tests.length} tests were found`)
  const byAttack = Map.groupBy(
    tests.flatMap((each) => attacksOf(each).map((attack) => ({ attack, ...each }))),
    ({ attack }) => attack,
  )
  for (const attack of attacks) {
    const named = byAttack.get(attack) ?? []
    context.diagnostic(`${attack}: ${named.length}`)
    for (const { file, name } of named) context.diagnostic(`  ${file}: ${name}`)
  }
  const missing = attacks.filter((attack) => !byAttack.has(attack))
  assert.deepEqual(missing, [], 'no test is named by them')
})

test('every attack of groups C, E and F has a control that is taken away', () => {
  const held = new Set(attackControls.flatMap((control) => control.attacks))
  assert.deepEqual(
    attacks.filter((attack) => !held.has(attack)),
    [],
  )
  const names = attackControls.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length, 'each by its own name')
})

test('every control stands where its list says', () => {
  for (const { edits } of attackControls) {
    for (const edit of edits) {
      const path = pathOf(root, edit)
      const text = readFileSync(path, 'utf8')
      assert.notEqual(edited(text, [{ ...edit, path }]), text)
    }
  }
})
