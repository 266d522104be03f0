/**
 * Proves the store's rules by a matrix: every route, as guest, owner, stranger and staff, with a
 * canary in every hidden value and a look for it in every answer.
 */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Model } from '../../packages/plinth/src/catalog/catalog.ts'
import { type Route, routes } from '../../packages/plinth/src/rest/route/routes.ts'
import type { LocalResponse } from '../../packages/plinth/src/testing.ts'
import { openScene, type Person, type Scene } from './world/store-scene.ts'

let scene: Scene
before(async () => {
  scene = await openScene()
})
after(() => scene?.app.close())

const people: readonly Person[] = ['guest', 'alice', 'bob', 'staff']
const absentId = '01900000-0000-7000-8000-999999999999'

interface Asked {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

interface Stored {
  readonly model: Model
  readonly record: Readonly<Record<string, unknown>>
}

/** Every record that there is, deleted ones by their ids alone. */
async function everything(): Promise<readonly Stored[]> {
  const { running, data } = scene.app
  const found: Stored[] = []
  for (const model of running.catalog.models.values()) {
    if (!model.exposed) continue
    const { data: records } = await data[model.name as 'product'].find({ limit: 200 })
    for (const record of records) found.push({ model, record })
  }
  return found
}

/** All rows of all models, whatever they hold. */
async function checksum(): Promise<string> {
  const { database, catalog } = scene.app.running.runtime
  const hash = createHash('sha256')
  for (const { name, schema, table } of catalog.models.values()) {
    if (name === 'session') continue
    const text = `select t::text from "${schema}"."${table}" as t order by 1`
    hash.update(JSON.stringify((await database.query({ text, values: [] })).rows))
  }
  return hash.digest('hex')
}

async function ask(person: Person, { method, path, body }: Asked): Promise<LocalResponse> {
  const as = scene.people[person]
  const answer = await scene.app.request(method, encodeURI(path), {
    as,
    ...(body === undefined ? {} : { body }),
  })
  assert.notEqual(answer.status, 500, `${method} ${path} ${answer.text}`)
  const told = `${JSON.stringify(answer.headers)} ${answer.text}`
  const asked = `${path} ${JSON.stringify(body)}`
  for (const word of scene.forbidden[person]) {
    // What a request says itself may stand in its answer.
    if (asked.includes(word)) continue
    assert.ok(!told.includes(word), `${person}: ${method} ${path} tells ${word}: ${told}`)
  }
  return answer
}

function includes(model: Model): readonly string[] {
  const { models } = scene.app.running.catalog
  return [...model.relations.values()].flatMap(({ name, target }) => {
    const further = [...(models.get(target)?.relations.keys() ?? [])]
    return [name, ...further.map((next) => `${name}.${next}`)]
  })
}

function readsOf({ path, form, model }: Route, stored: readonly Stored[]): readonly Asked[] {
  if (!model) return []
  const records = stored.filter((each) => each.model === model).map(({ record }) => record)
  switch (form) {
    case 'list':
      return [
        '?limit=200&count=exact',
        ...includes(model).map((name) => `?include=${name}&limit=50`),
        ...[...model.fields.keys()].flatMap((name) => [
          `?sort=${name}&limit=1`,
          `?fields=${name}`,
          `?filter[${name}][isNull]=false`,
        ]),
        ...[...model.relations.values()].map(({ name, many }) =>
          many ? `?filter[${name}][some][id][isNull]=false` : `?filter[${name}.id][isNull]=false`,
        ),
      ].map((search) => ({ method: 'GET', path: `${path}${search}` }))
    case 'query':
      return [{ method: 'POST', path: path.endsWith('/query') ? path : `${path}/query`, body: {} }]
    case 'get':
      return records.flatMap(({ id }) => [
        { method: 'GET', path: path.replace('{id}', String(id)) },
        ...includes(model).map((name) => ({
          method: 'GET',
          path: `${path.replace('{id}', String(id))}?include=${name}`,
        })),
      ])
    case 'getByKey':
      return records.map((record) => ({ method: 'GET', path: keyed(path, record) }))
    default:
      return []
  }
}

function keyed(path: string, record: Stored['record']): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(record[name])),
  )
}

for (const person of people) {
  test(`${person} is told nothing that is hidden by any read`, async () => {
    const { catalog } = scene.app.running
    const stored = await everything()
    const told: string[] = []
    let count = 0
    for (const route of routes(catalog)) {
      for (const asked of readsOf(route, stored)) {
        const answer = await ask(person, asked)
        count += 1
        if (answer.status === 200) told.push(answer.text)
      }
    }
    const all = told.join('\n')
    for (const word of scene.granted[person]) {
      assert.ok(all.includes(word), `${person} is told ${word}`)
    }
    assert.ok(count > 300, `${count} reads were made`)
  })

  test(`${person} is told nothing by documents, pages and problems`, async () => {
    const paths = ['/', '/openapi.json', '/docs', '/docs/docs.js', '/docs/docs.css']
    const others = ['/health/live', '/health/ready', '/problems/not_found', '/api/identity/me']
    for (const path of [...paths, ...others]) {
      const { status } = await ask(person, { method: 'GET', path })
      assert.ok(status === 200 || (path.endsWith('/me') && status === 401), `${path} ${status}`)
    }
  })
}

/** What each model could take, so that nothing but the rules refuses it. */
function inputOf({ model, record }: Stored): Readonly<Record<string, unknown>> {
  const input: Record<string, unknown> = {}
  for (const [name, { role, computed }] of model.fields) {
    if (computed || (role !== 'declared' && role !== 'reference')) continue
    if (record[name] !== undefined) input[name] = record[name]
  }
  return input
}

function writesOf(route: Route, stored: readonly Stored[]): readonly Asked[] {
  const { form, path, method, model } = route
  return stored
    .filter((each) => each.model === model)
    .flatMap((each): Asked[] => {
      const { id } = each.record
      const body = inputOf(each)
      const one = path.replace('{id}', String(id))
      if (form === 'create') return [{ method, path, body }]
      if (form === 'upsert') return [{ method, path: keyed(path, each.record), body }]
      if (form === 'delete') return [{ method, path: one }]
      if (form !== 'update') return []
      const fields = Object.entries(body).map(([name, value]) => ({ [name]: value }))
      return [...fields, body].map((patch) => ({ method, path: one, body: patch }))
    })
}

for (const person of ['guest', 'alice', 'bob'] as const) {
  test(`A09 ${person} changes nothing of anybody by any write`, async () => {
    const stored = await everything()
    const { people: known, app } = scene
    const own = known[person] === 'anonymous' ? undefined : known[person].id
    const foreign = stored.filter(({ model, record }) => {
      if (model.name === 'user') return record.id !== own
      if (model.name === 'session') return record.userId !== own
      return model.name !== 'review' || record.authorId !== own
    })
    const before = await checksum()
    let count = 0
    for (const route of routes(app.running.catalog)) {
      for (const asked of writesOf(route, foreign)) {
        const { status } = await ask(person, asked)
        count += 1
        assert.ok(status >= 400, `${person}: ${asked.method} ${asked.path} was done: ${status}`)
      }
    }
    assert.equal(await checksum(), before, `${person} changed nothing`)
    assert.ok(count > 100, `${count} writes were tried`)
  })

  test(`A01 ${person} cannot tell a hidden record from one that is not there`, async () => {
    const stored = await everything()
    for (const { model, record } of stored) {
      const one = `/api/${model.plural}/${String(record.id)}`
      const seen = await ask(person, { method: 'GET', path: one })
      if (seen.status === 200) continue
      for (const method of ['GET', 'PATCH', 'DELETE']) {
        const body = method === 'PATCH' ? { body: {} } : {}
        const hidden = await ask(person, { method, path: one, ...body })
        const path = `/api/${model.plural}/${absentId}`
        const absent = await ask(person, { method, path, ...body })
        assert.equal(plain(hidden, String(record.id)), plain(absent, absentId), `${method} ${one}`)
      }
    }
  })
}

/** An answer without what differs by nature: the id that was asked for, and the trace. */
function plain({ status, headers, text }: LocalResponse, id: string): string {
  const { traceparent: _, ...rest } = headers
  const body = text.replaceAll(id, '').replace(/"traceId":"\w+"/, '')
  return JSON.stringify([status, rest, body])
    .replace(/"ratelimit[^,]*,/g, '')
    .replace(/\d+;t=/g, '')
}
