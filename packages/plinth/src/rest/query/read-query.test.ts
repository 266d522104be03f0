import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { FilterValue } from './filter-tree.ts'
import { type ReadQuery, readQuery } from './read-query.ts'

/** The query as plain data, so that prototypes do not count in comparisons. */
function read(search: string): unknown {
  return JSON.parse(JSON.stringify(readQuery(search, 'list') ?? null))
}

function problemsOf(search: string, form: 'list' | 'record' = 'list'): readonly string[] {
  try {
    readQuery(search, form)
  } catch (error) {
    assert.ok(error instanceof Failure)
    assert.equal(error.code, 'malformed_query')
    return error.problems.map(({ pointer, code }) => `${pointer} ${code}`)
  }
  return []
}

test('every parameter becomes its part of the tree', () => {
  assert.equal(readQuery('', 'list'), undefined)
  assert.deepEqual(read('filter[price][lte]=1000&filter[name]=x'), {
    filter: { price: { lte: '1000' }, name: 'x' },
  })
  assert.deepEqual(read('filter[category.name][icontains]=a+b%26'), {
    filter: { category: { name: { icontains: 'a b&' } } },
  })
  assert.deepEqual(read('filter[or][1][price]=2&filter[or][0][price][lte]=1'), {
    filter: { or: [{ price: { lte: '1' } }, { price: '2' }] },
  })
  assert.deepEqual(read('filter[lines][some][quantity][gt]=3&filter[not][name]='), {
    filter: { lines: { some: { quantity: { gt: '3' } } }, not: { name: '' } },
  })
  assert.deepEqual(read('filter[state][in]=a,b%2Cc&filter[not][in]=a,b'), {
    filter: { state: { in: ['a', 'b,c'] }, not: { in: 'a,b' } },
  })
  assert.deepEqual(read('sort=-createdAt,name&limit=5&after=x&count=exact'), {
    sort: ['-createdAt', 'name'],
    limit: '5',
    after: 'x',
    count: 'exact',
  })
})

test('included records have their own part', () => {
  assert.deepEqual(read('include=category,lines.product'), {
    include: { category: true, lines: { include: { product: true } } },
  })
  assert.deepEqual(read('fields=name,category.name,category.id'), {
    fields: ['name'],
    include: { category: { fields: ['name', 'id'] } },
  })
  assert.deepEqual(
    read('include[lines][limit]=5&include[lines][sort]=-at&include[lines.product][fields]=a,b'),
    {
      include: {
        lines: { limit: '5', sort: ['-at'], include: { product: { fields: ['a', 'b'] } } },
      },
    },
  )
  assert.deepEqual(read('include[lines][filter][quantity][gt]=3&include[lines][include]=product'), {
    include: { lines: { filter: { quantity: { gt: '3' } }, include: { product: true } } },
  })
})

test('objects have no prototype (B12)', () => {
  const query = readQuery('filter[a][b]=1&include=c', 'list')
  for (const object of [query, query?.filter, query?.include]) {
    assert.equal(Object.getPrototypeOf(object), null)
  }
})

const refused: Readonly<Record<string, string>> = {
  'colour=red': 'colour unknown_parameter',
  'include=a&include=b': 'include duplicate_parameter',
  'limit=1&limit=2': 'limit duplicate_parameter',
  'filter[a]=1&filter[a][lte]=2': 'filter[a][lte] duplicate_parameter',
  'filter[a.b]=1&filter[a][b]=2': 'filter[a][b] duplicate_parameter',
  'fields=c.a&include[c][fields]=b': 'include[c][fields] duplicate_parameter',
  'filter=1': 'filter bad_brackets',
  'filter[a=1': 'filter[a bad_brackets',
  'filter[a]]=1': 'filter[a]] bad_brackets',
  'filter[]=1': 'filter[] bad_brackets',
  'filter[a][]=1': 'filter[a][] bad_brackets',
  'filter[a]b=1': 'filter[a]b bad_brackets',
  '[a]=1': '[a] bad_brackets',
  '=1': ' bad_brackets',
  'filter[a..b]=1': 'filter[a..b] forbidden_key',
  'filter[__proto__][x]=1': 'filter[__proto__][x] forbidden_key',
  'filter[a.constructor]=1': 'filter[a.constructor] forbidden_key',
  'filter[prototype]=1': 'filter[prototype] forbidden_key',
  'filter[or][1][a]=1': 'filter[or][1][a] bad_brackets',
  'filter[or][0][a]=1&filter[or][x][a]=1': 'filter[or][0][a] bad_brackets',
  'filter[or][00][a]=1': 'filter[or][00][a] bad_brackets',
  'filter[a]=%00': 'filter[a] bad_encoding',
  'filter[a]=%ED%A0%80': 'filter[a] bad_encoding',
  'filter[a]=%C0%AF': 'filter[a] bad_encoding',
  'filter[a]=%zz': 'filter[a] bad_encoding',
  'filter[%FF]=1': 'filter[%FF] bad_encoding',
  'a&b=1': 'a no_value,b unknown_parameter',
  'limit=1&': ' no_value',
  'limit=': 'limit no_value',
  'sort=a,,b': 'sort no_value',
  'include=a..b': 'include no_value',
  'include[a]=1': 'include[a] unknown_parameter',
  'include[a][after]=1': 'include[a][after] unknown_parameter',
  'sort[0]=a': 'sort[0] unknown_parameter',
}

for (const [search, problems] of Object.entries(refused)) {
  test(`refuses ${search}`, () => {
    assert.equal(problemsOf(search).join(','), problems)
  })
}

test('one record takes fields and include alone', () => {
  assert.deepEqual(problemsOf('limit=1&fields=a&include=b', 'record'), ['limit unknown_parameter'])
})

test('too many parameters and too deep keys are refused unread', () => {
  const many = Array.from({ length: limits.queryParametersMax + 1 }, (_, at) => `filter[f${at}]=1`)
  assert.deepEqual(problemsOf(many.join('&')), [' too_many_parameters'])
  assert.deepEqual(problemsOf(many.slice(1).join('&')), [])
  const deep = `filter${'[a]'.repeat(limits.jsonDepthMax + 1)}=1`
  assert.equal(problemsOf(deep)[0]?.endsWith('too_deep'), true)
})

// ── what is written is read back equal ──────────────────────────────────────────────────────

const name = fc.stringMatching(/^[a-z][a-zA-Z]{0,8}$/).filter((text) => !reserved.has(text))
const reserved = new Set(['in', 'notIn', 'constructor', 'prototype', 'fields', 'include', 'filter'])
reserved.add('sort').add('limit')
const value = fc
  .string({ unit: 'binary', maxLength: 12 })
  .filter((text) => !text.includes('\0') && text.isWellFormed())
const word = value.filter((text) => text !== '' && !text.includes('.'))

const { filter } = fc.letrec<{ filter: FilterValue; condition: FilterValue }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    value,
    fc.record({ lte: value }),
    fc.record({ in: fc.array(word, { minLength: 1, maxLength: 3 }) }),
    tie('filter'),
    fc.record({ or: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }),
  ),
  filter: fc.dictionary(name, tie('condition'), { minKeys: 1, maxKeys: 3 }),
}))

const options = {
  fields: fc.array(name, { minLength: 1, maxLength: 3 }),
  sort: fc.array(word, { minLength: 1, maxLength: 3 }),
  filter,
  limit: word,
}
const { included } = fc.letrec<{ included: ReadQuery; one: true | ReadQuery }>((tie) => ({
  one: fc.oneof({ maxDepth: 3 }, fc.constant(true as const), tie('included')),
  included: fc
    .record(
      { ...options, include: fc.dictionary(name, tie('one'), { minKeys: 1, maxKeys: 2 }) },
      { requiredKeys: ['fields'] },
    )
    .map((query) => query as ReadQuery),
}))

const query = fc.record(
  {
    ...options,
    include: fc.dictionary(name, fc.oneof(fc.constant(true), included), { minKeys: 1, maxKeys: 2 }),
    after: word,
    count: word,
  },
  { requiredKeys: ['limit'] },
)

function render(tree: object, under: string): string[] {
  const at = (key: string): string => (under === '' ? key : `${under}[${key}]`)
  return Object.entries(tree).flatMap(([key, part]) => {
    if (key === 'filter') return renderFilter(part, at(key))
    if (key === 'include') {
      return Object.entries(part as object).flatMap(([relation, options]) =>
        options === true
          ? [`${under === '' ? key : at(key)}=${relation}`]
          : render(options, `${at(key)}[${relation}]`),
      )
    }
    const texts = Array.isArray(part) ? part : [part]
    return [`${at(key)}=${texts.map((text) => encodeURIComponent(text)).join(',')}`]
  })
}

function renderFilter(part: unknown, under: string): string[] {
  if (typeof part === 'string') return [`${under}=${encodeURIComponent(part)}`]
  if (Array.isArray(part) && under.endsWith('[in]')) {
    return [`${under}=${part.map((text) => encodeURIComponent(text)).join(',')}`]
  }
  return Object.entries(part as object).flatMap(([key, child]) =>
    renderFilter(child, `${under}[${key}]`),
  )
}

/** Two `include=…` at one place are one parameter with commas. */
function join(parameters: readonly string[]): string {
  const includes = new Map<string, string[]>()
  const others: string[] = []
  for (const parameter of parameters) {
    const [, place, relation] = /^(.*include\]?)=(.*)$/.exec(parameter) ?? []
    if (place === undefined || relation === undefined) others.push(parameter)
    else includes.set(place, [...(includes.get(place) ?? []), relation])
  }
  const joined = [...includes].map(([place, relations]) => `${place}=${relations.join(',')}`)
  return [...others, ...joined].join('&')
}

test('a tree that is written as a query string is read back equal', () => {
  fc.assert(
    fc.property(query, (tree) => {
      const parameters = render(tree, '')
      fc.pre(parameters.length <= limits.queryParametersMax)
      assert.deepEqual(read(join(parameters)), JSON.parse(JSON.stringify(tree)))
    }),
    { numRuns: 400 },
  )
})

test('whatever comes, the answer is a tree or a Failure, soon', () => {
  const piece = fc.constantFrom('filter', 'include', '[', ']', '.', '=', '&', ',', '%', '0', 'or')
  const garbage = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 400 })
      .map((all) => all.join('')),
  )
  fc.assert(
    fc.property(garbage, (search) => {
      try {
        readQuery(search, 'list')
      } catch (error) {
        if (!(error instanceof Failure)) throw error
      }
    }),
    { numRuns: 1_000 },
  )
  for (const hostile of ['[', '[a', ']', '%', '.', ',', '&', '[a]', '[0]', '[or]', '[a.b]']) {
    const search = `filter${hostile.repeat(limits.addressBytesMax / hostile.length)}=1`
    // Processor time: however busy the machine is.
    const before = process.threadCpuUsage()
    problemsOf(search)
    const { user, system } = process.threadCpuUsage(before)
    assert.ok(user + system < 1_000_000, `${hostile} takes long`)
  }
})
