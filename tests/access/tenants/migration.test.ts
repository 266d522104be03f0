/** Proves how a model with rows becomes a tenant: refused at first, with the way that leads. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { compileCatalog } from '../../../packages/plinth/src/catalog/compile.ts'
import type { Failure } from '../../../packages/plinth/src/index.ts'
import { app, belongsTo, identity, kit, text } from '../../../packages/plinth/src/index.ts'
import { followDeclaration } from '../../../packages/plinth/src/migrate/follow.ts'
import { testApp } from '../../../packages/plinth/src/testing.ts'

const fields = { name: text({ unique: true }) }
const task = { title: text(), project: belongsTo('project', { optional: true }) }
const place = { organisation: belongsTo('organisation', { optional: true }) }

function declare(form: 'nobody' | 'optional' | 'tenant') {
  const more = form === 'optional' ? place : {}
  const tenant = form === 'tenant'
  const models = {
    project: { tenant, fields: { ...fields, ...more } },
    task: { tenant, fields: { ...task, ...more } },
  }
  const work = kit('work', { uses: [identity], models: models as never })
  return app({ kits: [identity, work], organisations: { roles: { member: [] } } })
}

const stand = () => testApp(declare('nobody') as never)
let tested: Awaited<ReturnType<typeof stand>>
before(async () => {
  tested = await stand()
})
after(() => tested?.close())

async function run(statement: string): Promise<readonly (readonly (string | null)[])[]> {
  const { rows } = await tested.running.runtime.database.query({ text: statement, values: [] })
  return rows
}

const follow = (form: Parameters<typeof declare>[0]) =>
  followDeclaration({
    database: tested.running.runtime.database,
    catalog: compileCatalog(declare(form)),
    ask: () => true,
  })

const refusal = (form: Parameters<typeof declare>[0]): Promise<string> =>
  follow(form).then(
    () => 'done',
    (error: unknown) => {
      const { detail, problems } = error as Failure
      return [detail, ...problems.map((problem) => problem.detail)].join('\n')
    },
  )

test('a model with rows becomes a tenant’s in three steps, and no sooner', async () => {
  const columns = 'id, created_at, updated_at, version'
  const base = "gen_random_uuid(), 'epoch', 'epoch', 1"
  await run(`insert into work.project (${columns}, name) values (${base}, 'a'), (${base}, 'b')`)
  await run(`insert into work.task (${columns}, title, project_id)
    select ${base}, name, id from work.project`)
  for (const slug of ['one', 'two']) {
    await run(`insert into identity.organisation (${columns}, name, slug)
      values (${base}, '${slug}', '${slug}')`)
  }
  const first = await refusal('tenant')
  assert.match(first, /2 records of project would have no organisationId/)
  assert.match(
    first,
    /First declare organisation: belongsTo\('organisation', \{ optional: true \}\)/,
  )
  await follow('optional')
  assert.match(await refusal('tenant'), /have no organisationId, which becomes required/)
  await run(`update work.project set organisation_id = o.id
    from identity.organisation o where o.slug = 'one'`)
  await run(`update work.task set organisation_id = o.id
    from identity.organisation o where o.slug = case title when 'a' then 'one' else 'two' end`)
  const crossing = await refusal('tenant')
  assert.match(
    crossing,
    /1 records of task have a projectId of another organisation_id, or of none/,
  )
  await run(`update work.task t set organisation_id = p.organisation_id
    from work.project p where p.id = t.project_id`)
  await follow('tenant')
  const { steps } = await follow('tenant')
  assert.deepEqual(steps, [], 'the database follows the declaration')
  const keys = await run(`select conname, pg_get_constraintdef(oid), convalidated
    from pg_constraint where conrelid = 'work.task'::regclass and contype = 'f' order by 1`)
  assert.match(keys.flat().join(' '), /FOREIGN KEY \(organisation_id, project_id\) REFERENCES .*t/)
})
