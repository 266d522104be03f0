import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Database } from '../../database/database.ts'
import { onBothServers } from '../../database/proof/servers.ts'
import type { Expression, Operand } from '../../define/expression.ts'
import { modelOf, openWorld } from '../../query/proof/world.ts'
import { name, raw, sql, statement } from '../../sql/fragment.ts'
import { anonymous, askerOf, type Caller, factsOf } from '../caller.ts'
import { compileRule } from '../compile.ts'
import { conditionText } from '../condition.ts'
import { fill } from '../slot.ts'
import { catalog, type Forest, judge, type Leaf } from './tree.ts'

const ids = Array.from({ length: 6 }, (_, at) => `0000000${at}-0000-7000-8000-000000000000`)
const me: Caller = { is: 'user', id: ids[1] ?? '', roles: new Set(['staff']) }
const callers: readonly Caller[] = [
  anonymous,
  me,
  { is: 'user', id: me.id, roles: new Set(), guest: true },
  { ...me, impersonator: ids[2] },
  { ...me, organisation: { id: ids[3] ?? '', role: 'admin' } },
  { ...me, organisation: { id: ids[4] ?? '', role: 'member' } },
]

const word = fc.constantFrom('a', 'A', 'ab', 'b%', '_', '\\', '')
const size = fc.integer({ min: -2, max: 2 })
const orNull = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null })

const forests: fc.Arbitrary<Forest> = fc.record({
  leaves: fc.tuple(
    ...ids.map(
      (id): fc.Arbitrary<Leaf> =>
        fc.record({
          id: fc.constant(id),
          word: orNull(word),
          size: orNull(size),
          green: orNull(fc.boolean()),
          marks: orNull(fc.uniqueArray(word, { maxLength: 3 })),
          upId: orNull(fc.constantFrom(...ids)),
          organisationId: orNull(fc.constantFrom(...ids)),
          deleted: fc.boolean(),
        }),
    ),
  ),
  bonds: fc.array(fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...ids)), { maxLength: 6 }),
  memberships: fc.array(
    fc.tuple(
      fc.constantFrom(...ids),
      fc.constantFrom(...ids.slice(0, 2)),
      fc.constantFrom('admin', 'member'),
    ),
    { maxLength: 8 },
  ),
})

const path = (field: string, scopes: number): fc.Arbitrary<Operand> =>
  fc
    .tuple(fc.integer({ min: 0, max: scopes }), fc.integer({ min: 0, max: 2 }))
    .map(([scope, hops]) => ({ from: 'row', scope, path: [...Array(hops).fill('up'), field] }))

const value = (of: fc.Arbitrary<unknown>): fc.Arbitrary<Operand> =>
  of.map((each) => ({ from: 'value', value: each }))

function compute(operators: readonly string[], parts: readonly fc.Arbitrary<Operand>[]) {
  return fc
    .tuple(fc.constantFrom(...operators), ...parts)
    .map(([operator, ...operands]) => ({ from: 'compute', operator, operands }) as Operand)
}

function words(scopes: number): fc.Arbitrary<Operand> {
  const field = path('word', scopes)
  const made = compute(['concat', 'coalesce'], [field, fc.oneof(field, value(word))])
  return fc.oneof({ arbitrary: field, weight: 4 }, made, compute(['lower', 'upper'], [field]))
}

function sizes(scopes: number): fc.Arbitrary<Operand> {
  const field = path('size', scopes)
  const operators = ['plus', 'minus', 'times', 'coalesce']
  return fc.oneof(
    { arbitrary: field, weight: 4 },
    compute(operators, [field, fc.oneof(field, value(size))]),
  )
}

function compare(operators: readonly string[], [left, right]: readonly fc.Arbitrary<Operand>[]) {
  return fc
    .tuple(
      fc.constantFrom(...operators),
      left as fc.Arbitrary<Operand>,
      right as fc.Arbitrary<Operand>,
    )
    .map(
      ([operator, one, two]) =>
        ({ type: 'compare', operator, left: one, right: two }) as Expression,
    )
}

function leafRules(scopes: number): fc.Arbitrary<Expression> {
  const order = ['eq', 'ne', 'lt', 'lte', 'gt', 'gte']
  const letters = [...order, 'contains', 'startsWith', 'endsWith']
  const anyWord = words(scopes)
  const anySize = sizes(scopes)
  const id = path('id', scopes)
  const whose = fc.oneof(id, path('upId', scopes))
  const mine: fc.Arbitrary<Operand> = fc.constant({ from: 'me', name: 'id' })
  const ours: fc.Arbitrary<Operand> = fc.constant({ from: 'me', name: 'organisation' })
  const organisation = path('organisationId', scopes)
  return fc.oneof(
    compare(letters, [anyWord, fc.oneof(anyWord, value(word))]),
    compare(order, [anySize, fc.oneof(anySize, value(size))]),
    compare(['eq', 'ne'], [whose, fc.oneof(mine, id)]),
    compare(['eq', 'ne'], [organisation, ours]),
    fc
      .tuple(fc.oneof(organisation, ours), fc.subarray(['admin', 'member']))
      .map(([operand, roles]): Expression => ({ type: 'memberOf', organisation: operand, roles })),
    compare(['has'], [path('marks', scopes), fc.oneof(anyWord, value(word))]),
    fc
      .oneof(anyWord, anySize, whose, ours)
      .map((operand): Expression => ({ type: 'isNull', operand })),
    path('green', scopes).map((operand): Expression => ({ type: 'truth', operand })),
    fc
      .tuple(anyWord, fc.array(fc.oneof(anyWord, value(word)), { maxLength: 3 }))
      .map(([operand, values]): Expression => ({ type: 'oneOf', operand, values })),
    fc.constantFrom<Expression>(
      { type: 'role', role: 'staff' },
      ...(['signedIn', 'guest', 'impersonated'] as const).map((type) => ({ type })),
      { type: 'permission', permission: 'cut' },
    ),
    fc.boolean().map((each): Expression => ({ type: 'constant', value: each })),
  )
}

function rules(depth: number, scopes = 0): fc.Arbitrary<Expression> {
  const leaf = leafRules(scopes)
  if (depth === 0) return leaf
  const deeper = rules(depth - 1, scopes)
  const joined = fc
    .tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(deeper, { maxLength: 3 }))
    .map(([type, terms]): Expression => ({ type, terms }))
  const negated = deeper.map((term): Expression => ({ type: 'not', term }))
  const quantified = fc
    .tuple(
      fc.constantFrom('some' as const, 'every' as const, 'none' as const),
      fc.constantFrom('below', 'friends'),
      path('x', scopes),
      rules(depth - 1, scopes + 1),
    )
    .map(([quantifier, relation, at, where]): Expression => {
      const row = at as Operand & { from: 'row' }
      const of = { ...row, path: [...row.path.slice(0, -1), relation] }
      return { type: 'quantifier', quantifier, of, scope: scopes + 1, where }
    })
  return fc.oneof(leaf, joined, negated, { arbitrary: quantified, weight: 2 })
}

onBothServers('Rules', (server) => {
  test('mean in SQL what they mean on plain data', { timeout: 400_000 }, async (context) => {
    const { database } = await openWorld(server, context, { of: catalog, rows: '' })
    const property = fc.asyncProperty(
      forests,
      fc.array(rules(3), { minLength: 16, maxLength: 16 }),
      async (forest, all) => {
        await plant(database, forest)
        for (const caller of callers) await agree(database, { forest, all, caller })
      },
    )
    await fc.assert(property, { numRuns: 30, interruptAfterTimeLimit: 30_000 })
  })
})

interface Case {
  readonly forest: Forest
  readonly all: readonly Expression[]
  readonly caller: Caller
}

async function agree(database: Database, { forest, all, caller }: Case): Promise<void> {
  const { askedByRules } = catalog
  const asked = { ...askedByRules, roles: new Set(['staff']), permissions: new Set(['cut']) }
  const staff = { ...catalog, askedByRules: asked }
  const facts = factsOf(caller, staff)
  const row = { model: modelOf('leaf', catalog), alias: 't' }
  const decide = judge(forest, caller)
  const conditions = all.map((rule) => conditionText(compileRule({ catalog, facts, row, rule })))
  const list = conditions.map((condition) => sql`, (${condition}) is true`)
  const columns = list.reduce((one, two) => sql`${one}${two}`, raw(''))
  const from = sql`${name('forest', 'leaf')} as ${name('t')}`
  const { text, values } = statement(sql`select "t".id${columns} from ${from}`)
  const filled = fill(values, { ...askerOf(caller), now: '2026-01-01T00:00:00Z', values: [] })
  const { rows } = await database.query({ text, values: filled })
  for (const [id, ...outcomes] of rows) {
    const leaf = forest.leaves.find((each) => each.id === id) as Leaf
    const expected = all.map((rule) => (decide(rule, leaf) ? 't' : 'f'))
    const wrong = all.filter((_, at) => outcomes[at] !== expected[at])
    assert.deepEqual(wrong, [], `${caller.is} on ${JSON.stringify(leaf)}: ${text}`)
  }
}

async function plant(database: Database, { leaves, bonds, memberships }: Forest): Promise<void> {
  const text = (value: string | null) => (value === null ? 'null' : `'${value}'`)
  const marks = (value: Leaf['marks']) =>
    value === null ? 'null' : `array[${value.map(text).join(', ')}]::text[]`
  const stamp = 'now(), now(), 1'
  const rows = leaves.map((leaf) => {
    const cells = [
      text(leaf.word),
      String(leaf.size),
      String(leaf.green),
      marks(leaf.marks),
      text(leaf.upId),
      text(leaf.organisationId),
    ]
    return `('${leaf.id}', ${stamp}, ${cells.join(', ')}, ${leaf.deleted ? 'now()' : 'null'})`
  })
  const pairs = bonds.map(([one, two]) => `(gen_random_uuid(), ${stamp}, '${one}', '${two}')`)
  const base = 'id, created_at, updated_at, version'
  const members = memberships.map(
    (each) => `(gen_random_uuid(), ${stamp}, ${each.map(text).join(', ')})`,
  )
  await database.dedicated((session) =>
    session.script(
      [
        'set standard_conforming_strings = on;',
        'truncate forest.leaf, forest.bond, forest.membership;',
        'set session_replication_role = replica;',
        `insert into forest.leaf (${base}, word, size, green, marks, up_id, organisation_id,
           deleted_at)
           values ${rows.join(', ')};`,
        pairs.length > 0
          ? `insert into forest.bond (${base}, one_id, two_id) values ${pairs.join(', ')};`
          : '',
        members.length > 0
          ? `insert into forest.membership (${base}, organisation_id, user_id, role)
               values ${members.join(', ')};`
          : '',
      ].join('\n'),
    ),
  )
}
