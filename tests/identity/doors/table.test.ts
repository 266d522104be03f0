/** Proves that the table of attacks by doors is whole, and that each test it names is there. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { root } from '../../tidy/tree.ts'
import { attackControls } from '../controls.ts'
import { attacksOf, namedTests } from '../named-tests.ts'
import { type DoorName, doors, table } from './table.ts'

const groups = { C: 28, E: 4, F: 6 } as const
const attacks = Object.entries(groups).flatMap(([group, most]) =>
  Array.from({ length: most }, (_, index) => `${group}${String(index + 1).padStart(2, '0')}`),
)
const cells = Object.entries(table).flatMap(([attack, row]) =>
  doors.map((door) => ({ attack, door, cell: row[door] })),
)
const isFile = (cell: string): boolean => cell.endsWith('.test.ts')

/** What a file calls a door that it goes through, where it goes through several. */
const words: Partial<Record<DoorName, RegExp>> = {
  REST: /\brest\b|REST/,
  GraphQL: /graphql/i,
  client: /\bclient\b/,
  SSE: /\bevents\b/,
  WebSocket: /\bsockets?\b|openSocket/,
  pages: /[Vv]isitor/,
}

test('every attack of groups C, E and F stands in the table, at every door', () => {
  assert.deepEqual(Object.keys(table), attacks)
  for (const { attack, door, cell } of cells) {
    assert.ok(cell.length > 5, `${attack} at ${door}`)
    assert.ok(isFile(cell) || /^[A-Z].*\.$/.test(cell), `${attack} at ${door}: ${cell}`)
  }
  for (const [attack, row] of Object.entries(table)) {
    assert.ok(Object.values(row).some(isFile), `${attack} is proven at a door`)
  }
})

test('every test that the table names is there, and goes through that door', () => {
  const named = new Map<string, Set<string>>()
  for (const each of namedTests()) {
    const known = named.get(each.file) ?? new Set()
    for (const attack of attacksOf(each)) known.add(attack)
    named.set(each.file, known)
  }
  for (const { attack, door, cell } of cells.filter((each) => isFile(each.cell))) {
    assert.ok(named.get(cell)?.has(attack), `${attack} at ${door}: ${cell}`)
    if (!cell.includes('/doors')) continue
    const text = readFileSync(join(root, cell), 'utf8')
    assert.match(text, words[door] ?? /direct/, `${attack} at ${door}: ${cell}`)
  }
})

test('what goes through several doors fails at each of them without its control', () => {
  const files = new Set(
    cells.filter(({ cell }) => cell.includes('/doors/')).map(({ cell }) => cell),
  )
  for (const { attack, cell } of cells) {
    if (!files.has(cell)) continue
    const control = attackControls.find(({ attacks: against, proof }) => {
      return against.includes(attack) && proof.file === cell && proof.every
    })
    assert.ok(control, `${attack}: a control that ${cell} misses`)
  }
})
