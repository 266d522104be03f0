import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure } from '../../base/failure.ts'
import { text } from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import type { OrganisationsSpec } from '../../define/organisations.ts'
import { belongsTo } from '../../define/relation.ts'
import type { Me, Rule } from '../../define/rule.ts'
import { identity } from '../../identity/kit.ts'
import { compileCatalog } from '../compile.ts'

const organisations = {
  roles: { admin: ['members.invite', 'project.delete'], member: ['project.read'] },
}

type Row = Readonly<Record<string, never>>

function mistakesOf(
  read: (scope: { row: Row; me: Me }) => Rule,
  spec: OrganisationsSpec | null = organisations,
): string {
  const work = kit('work', {
    uses: [identity],
    models: {
      project: {
        fields: { name: text(), organisation: belongsTo('organisation') },
        access: { read: read as never },
      },
      task: { fields: { project: belongsTo('project') }, access: { read: read as never } },
    },
  })
  try {
    compileCatalog(app({ kits: [work], ...(spec ? { organisations: spec } : {}) }))
    return ''
  } catch (error) {
    const { problems = [] } = error as Failure
    const [first] = problems.filter(({ pointer }) => pointer.startsWith('work.project'))
    return first?.detail ?? ''
  }
}

test('rules name organisations by relation, by id and by the way to them', () => {
  assert.equal(
    mistakesOf(({ row, me }) => me.in(row.organisation as never)),
    '',
  )
  assert.equal(
    mistakesOf(({ row, me }) => me.in(row.organisationId as never, 'admin', 'owner')),
    '',
  )
  assert.equal(
    mistakesOf(({ me }) => me.may('project.delete').and(me.in(me.organisation))),
    'me.in takes an organisation, which me is not: give a relation to one, such as ' +
      'row.organisation',
  )
})

test('mistakes are told with what was meant', () => {
  assert.equal(
    mistakesOf(({ row, me }) => me.in(row.organisation as never, 'admn')),
    'organisations have no role "admn"; did you mean admin?',
  )
  assert.equal(
    mistakesOf(({ me }) => me.may('project.delte')),
    'no role of organisations has the permission "project.delte"; did you mean project.delete?',
  )
  assert.match(
    mistakesOf(({ row, me }) => me.in(row.name as never)),
    /me\.in takes an organisation, which row\.name is not/,
  )
  assert.match(
    mistakesOf(({ row, me }) => me.in(row.organisaton as never)),
    /project has no relation "organisaton"; did you mean organisation/,
  )
})

test('an app without organisations has none in its rules', () => {
  const none = /the app has no organisations: say app\(/
  assert.match(
    mistakesOf(({ me }) => me.may('project.delete'), null),
    none,
  )
  assert.match(
    mistakesOf(({ row, me }) => me.in(row.organisation as never), null),
    none,
  )
})

test('owners hold everything, and nobody gives what they lack', () => {
  const { organisations: known } = compileCatalog(app({ kits: [identity], organisations }))
  assert.ok(known)
  const all = [...(known.roles.get('owner') ?? [])]
  assert.ok(all.includes('project.read') && all.includes('organisation.delete'))
  assert.equal(known.covers('owner', 'owner'), true)
  assert.equal(known.covers('admin', 'admin'), true)
  assert.equal(known.covers('admin', 'member'), false)
  assert.equal(known.covers('admin', 'owner'), false)
  const { organisations: same } = compileCatalog(
    app({ kits: [identity], organisations: { roles: { admin: all } } }),
  )
  assert.equal(same?.covers('admin', 'owner'), false, 'only owners make owners')
})

test('roles and permissions are words', () => {
  const spec = { roles: { 'Big Boss': ['do it'] } }
  assert.throws(
    () => compileCatalog(app({ kits: [identity], organisations: spec })),
    /Big Boss: a role is a word.*[\s\S]*"do it": a permission is a word/,
  )
})
