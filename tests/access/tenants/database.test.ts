/** Proves that PostgreSQL itself keeps organisations apart, and finds their records by indexes. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Failure } from '../../../packages/plinth/src/base/failure.ts'
import { openScene, type Scene } from './office.ts'

let scene: Scene
before(async () => {
  scene = await openScene(true)
})
after(() => scene?.tested.close())

async function run(text: string, values: readonly string[] = []) {
  return scene.tested.running.runtime.database.query({ text, values: [...values] })
}

const id = (word: string): string => scene.ids[word] ?? assert.fail(word)

test('no statement makes one organisation’s record refer to another’s', async () => {
  const stateOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'done',
      (error: unknown) => String(((error as Failure).cause as { sqlState?: string }).sqlState),
    )
  const point = (to: string) =>
    run('update work.task set project_id = $1 where id = $2', [to, id('task')])
  assert.equal(await stateOf(point(id('rival.project'))), '23503')
  assert.equal(await stateOf(point(id('more'))), 'done')
  const move = 'update work.task set organisation_id = $1 where id = $2'
  assert.equal(await stateOf(run(move, [id('rival.organisation'), id('task')])), '23503')
  const link =
    'insert into work.project_tag (organisation_id, project_id, tag_id) values ($1, $2, $3)'
  for (const whose of ['organisation', 'rival.organisation']) {
    const pair = [id(whose), id('more'), id('rival.tag')]
    assert.equal(await stateOf(run(link, pair)), '23503')
  }
  assert.equal(await stateOf(run(link, [id('organisation'), id('more'), id('tag')])), 'done')
})

test('code across organisations is refused what would cross, as a missing record', async () => {
  const { data } = scene.tested
  const organisationId = id('organisation')
  const codeOf = (work: Promise<unknown>): Promise<string | undefined> =>
    work.then(
      () => 'done',
      (error: unknown) =>
        error instanceof Failure ? error.problems[0]?.code : assert.fail(`${error}`),
    )
  const project = { organisationId, name: 'across', rank: 1 }
  assert.equal(
    await codeOf(data.project.create({ ...project, tagIds: [id('rival.tag')] })),
    'reference_not_found',
  )
  assert.equal(
    await codeOf(data.task.create({ organisationId, title: 'x', projectId: id('rival.project') })),
    'reference_not_found',
  )
  assert.equal(
    await codeOf(data.task.update(id('task'), { organisationId } as never)),
    'not_writable',
  )
  assert.equal(await codeOf(data.task.create({ title: 'x' } as never)), 'required')
  const same = await data.tag.upsert({ organisationId: id('rival.organisation'), label: 'red' })
  assert.equal(same.id, id('rival.tag'), 'a key is one of its organisation')
})

test('a reference that lets go lets go of itself alone', async () => {
  await run('update work.task set project_id = $1 where id = $2', [id('more'), id('task')])
  await run('delete from work.project where id = $1', [id('more')])
  const text = 'select project_id, organisation_id from work.task where id = $1'
  assert.deepEqual((await run(text, [id('task')])).rows, [[null, id('organisation')]])
})

test('lists of one organisation are found by an index that begins with it', async () => {
  const plan = async (text: string): Promise<string> => {
    const { database } = scene.tested.running.runtime
    return database.transaction(async (session) => {
      await session.query({ text: 'set local enable_seqscan = off', values: [] })
      const { rows } = await session.query({ text: `explain (costs off) ${text}`, values: [] })
      return rows.map(([line]) => line).join('\n')
    })
  }
  const of = `organisation_id = '${id('organisation')}'`
  const cond = /Index Cond: \(+organisation_id = /
  assert.match(await plan(`select * from work.task where ${of} order by id limit 20`), cond)
  assert.match(await plan(`select * from work.project where ${of} order by rank limit 20`), cond)
  assert.match(await plan(`select * from work.project where ${of} and name = 'one'`), cond)
  assert.match(
    await plan(`select * from work.task where ${of} and project_id = '${id('project')}'`),
    /Index Cond: \(+organisation_id = .*project_id = /,
  )
  const indexes = await run(
    `select indexdef from pg_indexes where schemaname = 'work' and indexdef !~ 'organisation_id'
      and indexdef !~ '_pkey|__primary|__id__hash' order by 1`,
  )
  const others = indexes.rows.map(([text]) => /INDEX (\w+)/.exec(text ?? '')?.[1])
  const free = ['note_project__project_id__index', 'project__lead_id__index']
  assert.deepEqual(others, free, 'references to what has no organisation')
})

test('a tenant’s record costs as many statements as any other', async () => {
  const { tested, people } = scene
  const { database } = tested.running.runtime
  const original = database.query.bind(database)
  const statementsOf = async (work: () => Promise<unknown>): Promise<number> => {
    let count = 0
    const counting = ((query: never) => {
      count += 1
      return original(query)
    }) as typeof database.query
    Object.assign(database, { query: counting })
    try {
      await work()
    } finally {
      Object.assign(database, { query: original })
    }
    return count
  }
  const ask = (method: string, path: string, body?: object) => () =>
    tested.request(method, path, { as: people.owner, ...(body ? { body } : {}) })
  await ask('GET', '/api/tags')()
  for (const [tenant, other] of [
    [ask('GET', '/api/tags'), ask('GET', '/api/notes')],
    [ask('POST', '/api/tags', { label: 'b' }), ask('POST', '/api/notes', { text: 'b' })],
  ] as const) {
    assert.equal(await statementsOf(tenant), await statementsOf(other))
  }
})
