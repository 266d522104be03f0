/** Owns the table of hostile inputs: what is sent to every route of an app. */

import type { Model } from '../../packages/plinth/src/catalog/catalog.ts'
import type { Route } from '../../packages/plinth/src/rest/route/routes.ts'

/** A request that means harm, or knows no better. */
export interface Hostile {
  readonly name: string
  readonly path: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

const someId = '01910000-0000-7000-8000-000000000001'

/** An address of a route, with its variables filled in. */
function addressOf({ path }: Route, id: string): string {
  return path
    .replace('{orderId}', someId)
    .replace('{position}', '1')
    .replace(/\{id\}/, id)
    .replace(/\{\w+\}/g, 'none')
}

const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
const long = 'x'.repeat(300_000)

/** Bodies that no route can take. */
const brokenBodies: Readonly<Record<string, string>> = {
  nothing: '',
  'white space': ' \n ',
  'half an object': '{"name":"x"',
  'a trailing comma': '{"name":"x",}',
  'single quotes': "{'name':'x'}",
  'a comment': '{"name":"x"/* */}',
  'two values': '{}{}',
  'not JSON': 'name=x&sku=y',
  XML: '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
  'a byte order mark': '\uFEFF{}',
  NaN: '{"name":NaN}',
  'a key twice': '{"name":"x","name":"y"}',
  'a prototype': '{"__proto__":{"admin":true}}',
  'a constructor': '{"constructor":{"prototype":{"admin":true}}}',
  'a prototype below': '{"name":{"__proto__":{"x":1}}}',
  'a NUL': '{"name":"a\\u0000b"}',
  'a NUL as a key': '{"a\\u0000b":1}',
  'half a character': '{"name":"\\ud800"}',
  'half a character as a key': '{"\\udc00":1}',
  'a control character': '{"name":"a\u0001b"}',
  'a number beyond doubles': '{"name":1e999}',
  'thousands of digits': `{"name":${'9'.repeat(5_000)}}`,
  'depth 40': deep(40),
  'depth 20,000': deep(20_000),
  'depth of lists': '['.repeat(50_000),
  'a long string': JSON.stringify({ name: long }),
  'a long key': JSON.stringify({ [long]: 1 }),
  'more than the cap': JSON.stringify({ name: long, a: long, b: long, c: long }),
  '20,000 keys': JSON.stringify(
    Object.fromEntries([...Array(20_000).keys()].map((n) => [`k${n}`, n])),
  ),
  'unknown fields': '{"nope":1,"costprice":2,"toString":3,"hasOwnProperty":4,"":5,"a/b~c":6}',
  'a list': '[]',
  null: 'null',
  'a text': '"text"',
  'a number': '0',
}

const wrongValues = [
  ...['null', 'true', '0', '-1', '1.5', '1e400', '99999999999999999999999', '-0', '""', '"text"'],
  ...[
    '"9999999999999999999"',
    '[]',
    '[[]]',
    '[null]',
    '{}',
    '{"amount":1}',
    '{"amount":1e30,"currency":"GBP"}',
  ],
  ...['{"amount":1,"currency":"XXX"}', '{"$ref":"x"}', '{"eq":1}', '"2026-02-30"', '"infinity"'],
  ...['"9999-12-31T23:59:59-23:59"', '"\'; drop table x; --"', '"%_\\\\"', '"\\uD83D\\uDE00"'],
  JSON.stringify('y'.repeat(20_000)),
]

const headerSets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a type of forms': { 'content-type': 'application/x-www-form-urlencoded' },
  'a type of files': { 'content-type': 'multipart/form-data; boundary=x' },
  'no type': { 'content-type': '' },
  'another charset': { 'content-type': 'application/json; charset=utf-16' },
  'a type with noise': { 'content-type': 'application/json; a="\\' },
  'an encoding': { 'content-encoding': 'gzip' },
  'another answer': { accept: 'text/html' },
  'a broken accept': { accept: ';;;q=,,*/' },
  'no quality': { accept: 'application/json;q=0' },
  'a broken If-Match': { 'if-match': 'abc' },
  'many tags': { 'if-match': '"1", "2"' },
  'a huge tag': { 'if-match': `"${'9'.repeat(400)}"` },
  'a weak tag': { 'if-match': 'W/"1"' },
  'a broken If-None-Match': { 'if-none-match': '"' },
  'an empty key': { 'idempotency-key': '""' },
  'a long key': { 'idempotency-key': 'k'.repeat(3_000) },
  'an odd key': { 'idempotency-key': '"a" "b"' },
  'a broken trace': { traceparent: '00-zz-00-01' },
  'a trace of zeros': { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-00` },
  'an odd preference': { prefer: 'return=everything; wait=, "' },
  'no credential': { authorization: 'Bearer' },
  'an odd credential': { authorization: `Basic ${'x'.repeat(500)}` },
  'a false token': { authorization: "Bearer pls_' or '1'='1" },
  'odd cookies': { cookie: '__Host-sid=; =; a="b; __Host-sid=pls_x' },
  'another origin': { origin: 'null' },
  'another host': { host: 'evil.example' },
}

const searches: readonly string[] = [
  ...['nope=1', 'filter=1', 'filter[]=1', 'filter[id]', 'filter[nope]=1', 'filter[id][nope]=1'],
  ...[
    'filter[id]=x',
    'filter[id][in]=',
    'filter[id][has]=1',
    'filter[id][contains]=1',
    'filter[id',
  ],
  ...['filter[__proto__]=1', 'filter[constructor][eq]=1', 'filter[id][__proto__][eq]=1', '[a]=1'],
  ...['filter[or][0][id]=1', 'filter[or][5][id]=1', 'filter[not]=1', 'filter[createdAt][gt]=now()'],
  ...[
    'filter[version][gt]=1e9',
    'filter[version]=99999999999999999999',
    'filter[version][isNull]=1',
  ],
  ...['filter[id]=%00', 'filter[id]=%ff', 'filter[id]=%', 'filter[id]=%ED%A0%80', '%ff=1', '%00=1'],
  ...[
    'sort=nope',
    'sort=',
    'sort=-',
    'sort=--id',
    'sort=id,id,id,id,id,id',
    'sort=id;drop',
    'sort[0]=id',
  ],
  ...[
    'fields=nope',
    'fields=',
    'fields=*',
    'fields=id,',
    'fields=__proto__',
    'fields=passwordHash',
  ],
  ...[
    'include=nope',
    'include=',
    'include=a.b.c.d.e.f.g',
    'include[nope][limit]=1',
    'include=__proto__',
  ],
  ...[
    'limit=0',
    'limit=-1',
    'limit=201',
    'limit=1e9',
    'limit=x',
    'limit=999999999999999999999',
    'limit=',
  ],
  ...[
    'after=x',
    'after=',
    'before=AAAA',
    'after=%00',
    `after=${'A'.repeat(5_000)}`,
    'after=a&before=b',
  ],
  ...['count=yes', 'count=', 'limit=1&limit=2', '&&&', '=', '=1', '?', '#', 'a'.repeat(7_000)],
  ...["filter[id]=' or 1=1--", 'filter[id][in]=1,2,3', `limit=1&${'a=1&'.repeat(300)}`],
  `filter${'[not]'.repeat(200)}[id]=1`,
  `filter[id][in]=${'x,'.repeat(3_000)}x`,
  'x'.repeat(9_000),
]

const batches: Readonly<Record<string, string>> = {
  'no operations': '{"operations":[]}',
  'operations that are none': '{"operations":[1,null,"x",[],{}]}',
  'an unknown operation': '{"operations":[{"operation":"pg.drop","input":{}}]}',
  'the operation of a prototype': '{"operations":[{"operation":"toString","input":{}}]}',
  'an operation that reads': '{"operations":[{"operation":"tag.list"}]}',
  'a reference to nothing': reference('nobody'),
  'a reference to a prototype': reference('toString'),
  'a reference that is no word': '{"operations":[{"operation":"tag.delete","id":{"$ref":[1]}}]}',
  'the same word twice': JSON.stringify({
    operations: [1, 2].map((n) => ({ operation: 'tag.create', input: { name: `t${n}` }, as: 'a' })),
  }),
  'too many': JSON.stringify({
    operations: Array(2_000).fill({ operation: 'tag.create', input: { name: 'x' } }),
  }),
  'an odd version': '{"operations":[{"operation":"tag.update","id":"x","version":"1","input":{}}]}',
  'a batch in a batch': '{"operations":[{"operation":"batch","input":{"operations":[]}}]}',
}

function reference(word: string): string {
  const input = { productId: { $ref: word }, rating: 1, body: 'x' }
  return JSON.stringify({ operations: [{ operation: 'review.create', input }] })
}

const manyIds = JSON.stringify(Array(10_000).fill(someId))

const queries: Readonly<Record<string, string>> = {
  '10,000 values': `{"filter":{"id":{"in":${manyIds}}}}`,
  '10,000 conditions': `{"filter":{"or":${JSON.stringify(Array(10_000).fill({ id: someId }))}}}`,
  'a deep filter': `{"filter":${'{"not":'.repeat(30)}{}${'}'.repeat(30)}}`,
  'many sorts': JSON.stringify({ sort: Array(1_000).fill('id') }),
  'many fields': JSON.stringify({ fields: Array(5_000).fill('id') }),
  'wrong types':
    '{"filter":[],"sort":{},"fields":1,"include":true,"limit":"x","after":1,"count":{}}',
  'null everywhere': '{"filter":null,"sort":null,"fields":null,"include":null,"limit":null}',
  'an odd operand': '{"filter":{"id":{"eq":{"eq":1}},"version":{"in":5},"createdAt":[1]}}',
  'an absurd limit': '{"limit":1e308}',
  'a fraction': '{"limit":1.5}',
}

/** What is sent to any route, whatever it takes. The id is that of a record, if there is one. */
export function hostileTo(route: Route, id: string = someId): readonly Hostile[] {
  const path = addressOf(route, id)
  const body = takesBody(route) ? { body: '{}' } : {}
  const list: Hostile[] = []
  for (const [name, headers] of Object.entries(headerSets))
    list.push({ name, path, headers, ...body })
  for (const search of searches) {
    list.push({ name: `?${search.slice(0, 60)}`, path: `${path}?${search}`, ...body })
  }
  for (const [name, broken] of Object.entries(brokenBodies)) list.push({ name, path, body: broken })
  if (route.form === 'query') {
    for (const [name, query] of Object.entries(queries)) list.push({ name, path, body: query })
  }
  if (route.form === 'batch') {
    for (const [name, batch] of Object.entries(batches)) list.push({ name, path, body: batch })
  }
  const { model, form } = route
  if (model && (form === 'create' || form === 'update' || form === 'upsert')) {
    list.push(...wrongFields(model, path))
  }
  if (path.endsWith(id)) list.push(...oddKeys.map((key) => oddId(path.slice(0, -id.length), key)))
  return list
}

const oddKeys = [
  'x',
  "'",
  '%00',
  '%ff',
  '%2E%2E',
  '..',
  '%2F',
  'null',
  '{id}',
  '%F0%9F%98%80',
  'a;b',
]

function oddId(path: string, key: string): Hostile {
  return { name: `the id ${key}`, path: path + key }
}

function wrongFields(model: Model, path: string): Hostile[] {
  return [...model.fields.keys()].flatMap((field) =>
    wrongValues.map((value) => ({
      name: `${field}: ${value.slice(0, 60)}`,
      path,
      body: `{${JSON.stringify(field)}:${value}}`,
    })),
  )
}

function takesBody({ method }: Route): boolean {
  return method !== 'GET' && method !== 'DELETE'
}
