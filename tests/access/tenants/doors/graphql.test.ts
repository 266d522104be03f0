/**
 * Proves that nothing crosses between organisations by GraphQL: the matrix of `crossing.test.ts`
 * as documents, asked in two databases that differ only in what a rival has.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { argument } from '../../../armed/arguments.ts'
import { answerOf, type Person } from '../answers.ts'
import { openScene, type Scene } from '../office.ts'
import type { Asked } from '../requests.ts'
import { graphqlReads, graphqlWrites } from './documents.ts'

// node --conditions=source tests/access/tenants/doors/graphql.test.ts --every=1
const every = argument('every', 6)

let alone: Scene
let beside: Scene
before(async () => {
  alone = await openScene(false)
  beside = await openScene(true)
})
after(async () => {
  await alone?.tested.close()
  await beside?.tested.close()
})

async function compare(who: Person, one: Asked): Promise<string> {
  const [first, second] = [await answerOf(alone, who, one), await answerOf(beside, who, one)]
  const what = `${who}: ${JSON.stringify(one.body)}`
  assert.equal(second, first, what)
  assert.doesNotMatch(first, /^5|"status":5/, `${what} ${first}`)
  return first
}

const catalog = () => beside.tested.running.catalog

test('reads: no field, way, order, count or page tells of the rival', async (context) => {
  const all = graphqlReads(catalog())
  let found = 0
  let failed = 0
  for (const [at, one] of all.entries()) {
    if (at % every !== 0) continue
    const answer = await compare('owner', one)
    if (answer.includes('"errors"')) failed += 1
    else found += 1
    const asksFor = JSON.stringify(one).includes('RIVAL')
    if (!asksFor) assert.doesNotMatch(answer, /RIVAL/, JSON.stringify(one))
    if (at % (9 * every) !== 0) continue
    for (const who of ['staff', 'left', 'idle', 'anonymous'] as const) {
      const told = await compare(who, one)
      if (who !== 'staff') assert.doesNotMatch(told, /"organisationId":"/)
    }
  }
  context.diagnostic(`${all.length} reads, ${found} answered, ${failed} not`)
  assert.ok(found > failed, 'most of them are answered')
})

test('writes: nothing of the rival is found, taken, linked, changed or told', async (context) => {
  const rivals = async (): Promise<string> => {
    const { database } = beside.tested.running.runtime
    const of = ['project', 'task', 'tag', 'project_tag'].map(
      (table) =>
        `select '${table}' || t::text from work.${table} t
        where organisation_id = '${beside.ids['rival.organisation']}'`,
    )
    const text = `${of.join(' union all ')} order by 1`
    return JSON.stringify((await database.query({ text, values: [] })).rows)
  }
  const before = await rivals()
  const codes: Record<string, number> = {}
  for (const one of graphqlWrites(catalog())) {
    const answer = await compare('owner', one)
    const code = /"code":"(\w+)"/.exec(answer)?.[1] ?? 'done'
    codes[code] = (codes[code] ?? 0) + 1
  }
  context.diagnostic(JSON.stringify(codes))
  assert.equal(await rivals(), before, 'what the rival has is as it was')
  assert.ok((codes.done ?? 0) > 3 && (codes.not_found ?? 0) > 5, JSON.stringify(codes))
})

test('a page is good in the organisation alone in which it was made, by both doors', async () => {
  const { tested, people, other } = beside
  const both = await tested.member(people.owner, { of: other })
  const first = await tested.request('GET', '/api/projects?limit=1', { as: people.owner })
  const { next } = (first.json() as { page: { next: string } }).page
  const path = `/api/projects?limit=1&after=${next}`
  assert.equal((await tested.request('GET', path, { as: people.owner })).status, 200)
  const rest = await tested.request('GET', path, { as: both })
  assert.equal(rest.status, 422, rest.text)
  const ask = (query: string, as: typeof both) =>
    tested.request('POST', '/api/graphql', { as, body: { query } })
  const page = await ask('{ projects(first: 1) { pageInfo { endCursor } } }', people.owner)
  const { endCursor } = (page.json() as Pages).data.projects.pageInfo
  const query = `{ projects(first: 1, after: "${endCursor}") { nodes { name } } }`
  assert.match((await ask(query, people.owner)).text, /"name":"/)
  const refused = (await ask(query, both)).text
  assert.doesNotMatch(refused, /"name":"/)
  assert.match(refused, /"errors"/)
})

interface Pages {
  readonly data: { readonly projects: { readonly pageInfo: { readonly endCursor: string } } }
}
