import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wordsOf } from '../../access/wording.ts'
import type { Failure } from '../../base/failure.ts'
import { text } from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { belongsTo, hasMany, hasOne, manyToMany } from '../../define/relation.ts'
import { anyone, nobody } from '../../define/rule.ts'
import { identity } from '../../identity/kit.ts'
import { compileCatalog } from '../compile.ts'
import { constraintsOf } from '../constraint-names.ts'

const organisations = { roles: { member: [] } }

function mistakesOf(models: object, spec: object = { organisations }): readonly string[] {
  const work = kit('work', { uses: [identity], models: models as never })
  try {
    compileCatalog(app({ kits: [work], ...spec } as never))
    return []
  } catch (error) {
    const { problems } = error as Failure
    return problems.map(({ pointer, detail }) => `${pointer}: ${detail}`)
  }
}

test('what stands in the way of keeping organisations apart is a mistake, with its cure', () => {
  const project = { tenant: true, fields: { name: text() } }
  assert.deepEqual(mistakesOf({ project }), [])
  assert.match(mistakesOf({ project }, {})[0] ?? '', /^work\.project\.tenant: .*organisations: \{/)
  const [note] = mistakesOf({ project, note: { fields: { project: belongsTo('project') } } })
  assert.match(note ?? '', /^work\.note\.fields\.project: .*say tenant: true on note as well/)
  const one = { ...project, fields: { page: belongsTo('page', { unique: true }) } }
  const [page] = mistakesOf({ project: one, page: { fields: { project: hasOne('project') } } })
  assert.match(page ?? '', /^work\.page\.fields\.project: .*say hasMany/)
  const own = { tenant: true, fields: { organisation: belongsTo('organisation') } }
  assert.match(mistakesOf({ own })[0] ?? '', /^work\.own\.fields\.organisation: .*leave one/)
  const hidden = { ...project, access: { fields: { organisationId: { read: nobody } } } }
  assert.match(mistakesOf({ hidden })[0] ?? '', /access\.fields\.organisationId: has no rules/)
  assert.match(mistakesOf({ odd: { ...project, tenant: 'yes' } })[0] ?? '', /tenant: is true, or/)
  const keyed = { ...project, key: ['organisation', 'name'] }
  assert.match(mistakesOf({ keyed })[0] ?? '', /work\.keyed\.key: leave organisationId out/)
})

test('a tenant has its organisation in its rules, its unique keys and its references', () => {
  const work = kit('work', {
    uses: [identity],
    models: {
      project: {
        tenant: true,
        fields: { name: text({ unique: true }), tags: manyToMany('tag'), tasks: hasMany('task') },
        unique: [['name', 'organisation'], ['organisation']],
        access: { read: anyone, update: { before: anyone, after: nobody } },
      },
      task: {
        tenant: { onDelete: 'cascade' },
        fields: { project: belongsTo('project'), author: belongsTo('user') },
        indexes: [['createdAt']],
      },
      tag: { tenant: true, fields: { label: text() }, key: ['label'] },
    },
  })
  const { models } = compileCatalog(app({ kits: [work], organisations }))
  const of = (name: string) => models.get(name) ?? assert.fail(name)
  const within = 'row.organisationId = me.organisation'
  const { access } = of('project')
  assert.deepEqual([access.read, access.create, access.update, access.updated].map(wordsOf), [
    within,
    'nobody',
    within,
    'nobody',
  ])
  const constraints = (name: string, type: string): readonly string[] =>
    constraintsOf(of(name))
      .filter((each) => each.type === type)
      .map(({ columns, within: shared }) => [...(shared ? [`(${shared})`] : []), ...columns].join())
  assert.deepEqual(constraints('project', 'unique'), [
    ...['organisation_id,name', 'organisation_id', 'organisation_id,id'],
  ])
  assert.deepEqual(constraints('task', 'reference'), [
    ...['organisation_id', '(organisation_id),project_id', 'author_id'],
  ])
  const links = constraints('projectTag', 'reference')
  assert.deepEqual(links, ['(organisation_id),project_id', '(organisation_id),tag_id'])
  assert.deepEqual(constraints('projectTag', 'primary'), ['project_id,tag_id'])
  assert.deepEqual(of('task').indexes[0]?.fields, ['organisationId', 'createdAt'])
  assert.deepEqual(of('tag').key, ['label'])
  assert.equal(of('task').relations.get('organisation')?.onDelete, 'cascade')
})
