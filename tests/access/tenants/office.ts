/** Owns the scene of the crossing matrix: two organisations whose records bear the same names. */

import {
  anyone,
  app,
  belongsTo,
  hasMany,
  identity,
  integer,
  kit,
  manyToMany,
  text,
} from '../../../packages/plinth/src/index.ts'
import type { TestMember, TestUser } from '../../../packages/plinth/src/testing.ts'
import { testApp } from '../../../packages/plinth/src/testing.ts'

const all = { read: anyone, write: anyone } as const

/** Everybody may everything: nothing but `tenant` keeps organisations apart. */
const work = kit('work', {
  uses: [identity],
  extends: {
    user: { leads: hasMany('project') },
    organisation: { projects: hasMany('project'), tasks: hasMany('task') },
  },
  models: {
    project: {
      tenant: true,
      audit: 'readers',
      fields: {
        name: text({ unique: true }),
        rank: integer(),
        lead: belongsTo('user', { optional: true }),
        tasks: hasMany('task'),
        tags: manyToMany('tag'),
        notes: manyToMany('note'),
      },
      key: ['name'],
      indexes: [['rank']],
      access: { ...all, fields: { rank: { read: ({ row }) => row.tasks.none() } } },
    },
    task: {
      tenant: { onDelete: 'cascade' },
      audit: true,
      softDelete: true,
      fields: {
        title: text(),
        project: belongsTo('project', { optional: true, onDelete: 'clear' }),
        parent: belongsTo('task', { optional: true, onDelete: 'cascade' }),
        children: hasMany('task'),
      },
      unique: [['project', 'title']],
      key: ['title'],
      access: all,
    },
    tag: {
      tenant: true,
      fields: { label: text({ unique: true }), projects: manyToMany('project') },
      key: ['label'],
      access: all,
    },
    note: {
      fields: { text: text(), projects: manyToMany('project') },
      // The author's view of related rows ends at the organisation as well.
      access: { read: ({ row }) => row.projects.some().or(row.text.eq('shared')), write: anyone },
    },
  },
})

/** The app. */
export const officeApp = app({
  kits: [identity, work],
  organisations: { roles: { admin: [], member: [] } },
})

const startMs = Date.parse('2026-05-05T05:05:05Z')

/** Who asks: members, somebody with a staff role, who has left, who works nowhere, nobody. */
export interface People {
  readonly owner: TestMember
  readonly staff: TestMember
  readonly left: TestMember
  readonly idle: TestUser
}

/**
 * The app with the records of one organisation, and of a rival where one is wanted. What is theirs
 * is under the same names, and holds the word RIVAL where it can.
 */
export async function openScene(rival: boolean) {
  const tested = await testApp(officeApp, { startMs })
  const { data } = tested
  const user = (name: string, roles: readonly string[] = []) =>
    tested.user({ email: `${name}@office.example`, name, roles })
  const owner = await tested.member(await user('owner'))
  const staff = await tested.member(await user('staff', ['admin', 'support']), { of: owner })
  const left = await tested.member(await user('left'), { of: owner })
  const other = await tested.member(await user('other'))
  const idle = await user('idle')
  const { data: places } = await data.membership.find({ filter: { userId: left.id } })
  for (const { id } of places) await data.membership.delete(id)
  const ids: Record<string, string> = { organisation: owner.organisation.id }
  ids['rival.organisation'] = other.organisation.id
  const shared = await data.note.create({ text: 'shared' })
  ids.note = shared.id
  const fill = async (mark: string, organisationId: string, lead: string): Promise<void> => {
    const word = mark === '' ? '' : ' RIVAL'
    const tag = await data.tag.create({ organisationId, label: 'red' })
    const note = await data.note.create({ text: `of ${mark || 'ours'}${word}` })
    const project = await data.project.create({
      ...{ organisationId, name: 'one', rank: mark === '' ? 1 : 99, leadId: lead },
      ...{ tagIds: [tag.id], noteIds: [shared.id, note.id] },
    })
    const more = await data.project.create({ organisationId, name: `two${word}`, rank: 2 })
    const of = { organisationId, projectId: project.id }
    const task = await data.task.create({ ...of, title: `first${word}` })
    const child = await data.task.create({ ...of, title: 'second', parentId: task.id })
    Object.assign(ids, {
      ...{ [`${mark}tag`]: tag.id, [`${mark}project`]: project.id, [`${mark}more`]: more.id },
      ...{ [`${mark}task`]: task.id, [`${mark}child`]: child.id, [`${mark}hidden`]: note.id },
    })
  }
  await fill('', owner.organisation.id, owner.id)
  for (const name of ['tag', 'project', 'more', 'task', 'child', 'hidden']) {
    const number = `${name.length}${name.charCodeAt(0)}`.padStart(12, '0')
    ids[`rival.${name}`] = `01900000-0000-7000-8000-${number}`
  }
  if (rival) {
    await fill('rival.', other.organisation.id, owner.id).catch(async (error: unknown) => {
      await tested.close()
      throw error
    })
  }
  return { tested, ids, people: { owner, staff, left, idle } satisfies People, other }
}

/** The scene. */
export type Scene = Awaited<ReturnType<typeof openScene>>
