/** Owns a small app for attacks: papers in folders, with secrets of every kind. */

import {
  anyone,
  app,
  belongsTo,
  computed,
  hasMany,
  identity,
  integer,
  kit,
  manyToMany,
  nobody,
  text,
  uuid,
} from '../../../packages/plinth/src/index.ts'
import { type TestOptions, type TestUser, testApp } from '../../../packages/plinth/src/testing.ts'

const owned = {
  title: text({ max: 40 }),
  body: text({ max: 200, default: '' }),
  grade: integer({ optional: true }),
  doubled: computed(integer({ optional: true })),
  stamp: text({ max: 40, optional: true }),
  owner: uuid(),
  folder: belongsTo('folder', { optional: true }),
  labels: manyToMany('label'),
}

/**
 * `secret` is the staff's; `pin` is nobody's; `grade` is its owner's alone; `stamp` is not written
 * on what is shared.
 */
const desk = kit('desk', {
  models: {
    paper: {
      fields: { ...owned, secret: text({ max: 40, optional: true }) },
      compute: { doubled: ({ row }) => row.grade.times(2) },
      access: {
        read: ({ row, me }) => row.owner.eq(me.id).or(row.body.eq('shared'), me.is('staff')),
        write: ({ row, me }) => row.owner.eq(me.id),
        fields: {
          secret: { read: ({ me }) => me.is('staff'), write: ({ me }) => me.is('staff') },
          grade: { read: ({ row, me }) => row.owner.eq(me.id) },
          stamp: { write: ({ row }) => row.body.ne('shared') },
        },
      },
      key: ['title'],
      checks: {
        secretIsNotItsTitle: ({ row }) => row.secret.isNull().or(row.secret.ne(row.title)),
      },
      softDelete: true,
    },
    folder: {
      fields: {
        name: text({ max: 40, unique: true }),
        pin: text({ max: 40, optional: true }),
        owner: uuid(),
        papers: hasMany('paper'),
      },
      access: {
        read: ({ row, me }) => row.owner.eq(me.id),
        write: ({ row, me }) => row.owner.eq(me.id),
        fields: { pin: { read: nobody, write: nobody } },
      },
    },
    label: {
      fields: { name: text({ max: 40 }), owner: uuid(), papers: manyToMany('paper') },
      access: { read: ({ row, me }) => row.owner.eq(me.id), write: ({ me }) => me.signedIn },
    },
    wish: {
      fields: { words: text({ max: 40 }) },
      access: { read: anyone, create: anyone },
    },
  },
})

/** The same without the staff's field: who may not read it must not be able to tell. */
const plainDesk = kit('desk', {
  models: {
    paper: {
      fields: owned,
      compute: { doubled: ({ row }) => row.grade.times(2) },
      access: {
        read: ({ row, me }) => row.owner.eq(me.id).or(row.body.eq('shared'), me.is('staff')),
        write: ({ row, me }) => row.owner.eq(me.id),
        fields: { grade: { read: ({ row, me }) => row.owner.eq(me.id) } },
      },
      key: ['title'],
      softDelete: true,
    },
    folder: {
      fields: { name: text({ max: 40, unique: true }), owner: uuid(), papers: hasMany('paper') },
      access: {
        read: ({ row, me }) => row.owner.eq(me.id),
        write: ({ row, me }) => row.owner.eq(me.id),
      },
    },
    label: {
      fields: { name: text({ max: 40 }), owner: uuid(), papers: manyToMany('paper') },
      access: { read: ({ row, me }) => row.owner.eq(me.id), write: ({ me }) => me.signedIn },
    },
    wish: {
      fields: { words: text({ max: 40 }) },
      access: { read: anyone, create: anyone },
    },
  },
})

/** Opens the app. */
export function openDesk(options: TestOptions = {}) {
  return testApp(app({ kits: [identity, desk], roles: ['staff', 'admin'] }), options)
}

/** Opens the app that never had the secret fields. */
export function openPlainDesk(options: TestOptions = {}) {
  return testApp(app({ kits: [identity, plainDesk], roles: ['staff', 'admin'] }), options)
}

/** The app under attack. */
export type Desk = Awaited<ReturnType<typeof openDesk>>

/** Who is there, and what. */
export interface DeskScene {
  readonly desk: Desk
  readonly alice: TestUser
  readonly bob: TestUser
  readonly staff: TestUser
  /** Alice's, seen by nobody else but staff. */
  readonly hidden: { readonly id: string }
  /** Alice's, seen by all; its grade is hers. */
  readonly shared: { readonly id: string }
  /** Bob's. */
  readonly own: { readonly id: string }
  readonly folder: { readonly id: string }
}

/** Fills it. */
export async function setDesk(desk: Desk): Promise<DeskScene> {
  const [alice, bob] = [await desk.user(), await desk.user()]
  const staff = await desk.user({ roles: ['staff'] })
  const { data } = desk
  const folder = await data.folder.create({ name: 'hers', pin: '1234', owner: alice.id })
  await data.folder.create({ name: 'his', pin: '9999', owner: bob.id })
  const label = await data.label.create({ name: 'red', owner: alice.id })
  const paper = (title: string, owner: string, rest: object) =>
    data.paper.create({ title, owner, grade: 7, secret: `secret of ${title}`, ...rest })
  const hidden = await paper('hidden', alice.id, { folderId: folder.id, labelIds: [label.id] })
  const shared = await paper('shared', alice.id, { folderId: folder.id, body: 'shared', grade: 41 })
  const own = await paper('own', bob.id, { grade: 5 })
  return { desk, alice, bob, staff, hidden, shared, own, folder }
}
