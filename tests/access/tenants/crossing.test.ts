/**
 * Proves that nothing crosses between organisations: two databases that differ only in what a rival
 * organisation has answer every request of the other one alike, and what the rival has stays as it
 * was. Everybody may everything by rules, so that `tenant` alone is what is proven.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Failure } from '../../../packages/plinth/src/index.ts'
import { argument } from '../../armed/arguments.ts'
import { answerOf, filled, inWords, type Person } from './answers.ts'
import { openScene, type Scene } from './office.ts'
import { type Asked, histories, reads, writes } from './requests.ts'

// node --conditions=source tests/access/tenants/crossing.test.ts --every=9
const every = argument('every', 1)

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

/** A list as code asks for it. */
async function codeAnswer(scene: Scene, { path, body }: Asked): Promise<string> {
  const { tested, people } = scene
  const [, , plural] = path.split('/')
  const models = [...tested.running.catalog.models.values()]
  const { name = '' } = models.find((model) => model.plural === plural) ?? {}
  const handles = tested.as(people.owner) as unknown as Readonly<Record<string, Handle>>
  const query = JSON.parse(filled(JSON.stringify(body), scene)) as object
  const answer = await handles[name]?.find(query).catch(({ code }: Failure) => code)
  return inWords(JSON.stringify(answer ?? assert.fail(name)), scene)
}

interface Handle {
  find(query: object): Promise<unknown>
}

async function compare(who: Person, one: Asked): Promise<string> {
  const [first, second] = [await answerOf(alone, who, one), await answerOf(beside, who, one)]
  const what = `${who}: ${one.method} ${one.path} ${JSON.stringify(one.body ?? '')}`
  assert.equal(second, first, what)
  assert.doesNotMatch(first, /^5/, `${what} ${first}`)
  return first
}

/** All that the rival has, as it is stored. */
async function rivals(): Promise<string> {
  const { database } = beside.tested.running.runtime
  const organisation = beside.ids['rival.organisation'] ?? ''
  const of = ['project', 'task', 'tag', 'project_tag'].map(
    (table) =>
      `select '${table}' || t::text from work.${table} t where organisation_id = '${organisation}'`,
  )
  const { rows } = await database.query({
    text: `${of.join(' union all ')} order by 1`,
    values: [],
  })
  return JSON.stringify(rows)
}

const catalog = () => beside.tested.running.catalog

test('reads: no field, way, order, count, page or key tells of the rival', async (context) => {
  const all = reads(catalog())
  let found = 0
  for (const who of ['owner', 'staff'] as const) {
    // Rules give staff no more than others: a part of the requests shows it.
    const step = who === 'owner' ? every : 9 * every
    for (const one of all.filter((_, at) => at % step === 0)) {
      const answer = await compare(who, one)
      if (answer.startsWith('200')) found += 1
      if (who === 'owner' && one.path.endsWith('/query')) {
        const told = await codeAnswer(beside, one)
        assert.equal(told, await codeAnswer(alone, one), `code: ${JSON.stringify(one)}`)
      }
      const asked = JSON.stringify(one).includes('RIVAL')
      if (!asked) assert.doesNotMatch(answer, /RIVAL/, JSON.stringify(one))
    }
  }
  context.diagnostic(`${all.length} reads, ${found} answered`)
  assert.ok(found > all.length / every / 2, 'most of them are answered')
})

test('who works in no organisation, has left it, or is nobody finds nothing', async () => {
  const plain = ['projects', 'tasks', 'tags'].flatMap((plural) => [
    { method: 'GET', path: `/api/${plural}` },
    {
      method: 'POST',
      path: `/api/${plural}`,
      body: { name: 'x', title: 'x', label: 'x', rank: 1 },
    },
  ])
  const codes = async (who: Person): Promise<ReadonlySet<string>> => {
    const answers: string[] = []
    for (const one of plain) answers.push(await compare(who, one))
    return new Set(answers.map((answer) => /"code":"(\w+)"/.exec(answer)?.[1] ?? answer))
  }
  assert.deepEqual([...(await codes('idle'))], ['organisation_required'])
  assert.deepEqual([...(await codes('left'))], ['organisation_required'])
  assert.deepEqual([...(await codes('anonymous'))], ['sign_in_required'])
  for (const who of ['idle', 'left', 'anonymous'] as const) {
    for (const one of reads(catalog()).filter((_, at) => at % 7 === 0)) {
      assert.doesNotMatch(await compare(who, one), /"organisationId"/)
    }
  }
})

test('writes: nothing of the rival is found, taken, linked, changed or told', async (context) => {
  const before = await rivals()
  const all = writes(catalog())
  const codes: Record<string, number> = {}
  for (const one of all) {
    const answer = await compare('owner', one)
    const code = answer.slice(0, 3)
    codes[code] = (codes[code] ?? 0) + 1
  }
  context.diagnostic(JSON.stringify({ requests: all.length, ...codes }))
  assert.equal(await rivals(), before, 'what the rival has is as it was')
  assert.ok((codes['201'] ?? 0) > 3 && (codes['404'] ?? 0) > 10 && (codes['422'] ?? 0) > 10)
})

test('the audit tells nobody what another organisation did, not even staff', async () => {
  for (const who of ['owner', 'staff', 'left', 'idle', 'anonymous'] as const) {
    for (const one of histories) await compare(who, one)
  }
})

test('a key that was used in one organisation finds nothing in another', async () => {
  const { tested, people, other } = beside
  const both = await tested.member(people.owner, { of: other })
  const headers = { 'idempotency-key': 'twice' }
  const body = { label: 'once' }
  const one = await tested.request('POST', '/api/tags', { as: people.owner, body, headers })
  const two = await tested.request('POST', '/api/tags', { as: both, body, headers })
  const again = await tested.request('POST', '/api/tags', { as: both, body, headers })
  const ids = [one, two, again].map(({ text }) => JSON.parse(text).id as string)
  assert.deepEqual([one.status, two.status, again.status], [201, 201, 201])
  assert.notEqual(ids[0], ids[1])
  assert.equal(ids[1], ids[2])
})
