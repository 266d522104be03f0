/** Owns the desk: an app whose rules, keys and links are all the forms that writes must hold. */

import type { TestContext } from 'node:test'
import { present } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import type { Database } from '../../database/database.ts'
import { openDatabase } from '../../database/open.ts'
import type { ProvenServer } from '../../database/proof/servers.ts'
import { computed } from '../../define/field.ts'
import * as fields from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { belongsTo, manyToMany } from '../../define/relation.ts'
import { identity } from '../../identity/kit.ts'
import { type TestOptions, type TestUser, testApp } from '../../testing/test-app.ts'
import type { Call, Reply } from '../call.ts'

const desk = kit('desk', {
  uses: [identity],
  models: {
    room: {
      fields: {
        name: fields.text({ max: 8_000, unique: true }),
        hidden: fields.boolean({ default: false }),
      },
      access: {
        read: ({ row, me }) => row.hidden.not().or(me.is('staff')),
        write: ({ me }) => me.is('staff'),
      },
      softDelete: true,
    },
    tag: {
      fields: {
        label: fields.text({ unique: true, max: 40 }),
        hidden: fields.boolean({ default: false }),
      },
      access: {
        read: ({ row, me }) => row.hidden.not().or(me.is('staff')),
        write: ({ me }) => me.is('staff'),
      },
    },
    note: {
      fields: {
        title: fields.text({ max: 100 }),
        body: fields.text({ optional: true, max: 1_000 }),
        owner: belongsTo('user'),
        room: belongsTo('room', { optional: true }),
        state: fields.choice(['draft', 'open', 'closed'], { default: 'draft' }),
        score: fields.integer({ default: 0 }),
        limit: fields.integer({ default: 100 }),
        doubled: computed(fields.integer()),
        details: fields.json({ optional: true }),
        secret: fields.text({ optional: true, max: 40 }),
        tags: manyToMany('tag'),
      },
      compute: { doubled: ({ row }) => row.score.times(2) },
      access: {
        read: ({ row, me }) =>
          row.ownerId.eq(me.id).or(row.state.eq('open'), me.is('staff'), row.doubled.eq(14)),
        create: ({ row, me }) =>
          row.ownerId.eq(me.id).and(row.doubled.lt(1_000)).or(me.is('staff')),
        update: ({ row, me }) => row.ownerId.eq(me.id).or(me.is('staff')),
        delete: ({ row, me }) => row.ownerId.eq(me.id).and(row.state.eq('draft')),
        fields: {
          state: { write: ({ row }) => row.state.ne('closed') },
          score: { write: ({ input }) => input.body.given().and(input.score.gte(0)) },
          secret: { read: ({ me }) => me.is('staff'), write: ({ me }) => me.is('staff') },
        },
      },
      checks: {
        scoreFitsLimit: ({ row }) => row.score.lte(row.limit),
        secretIsNotTitle: ({ row }) => row.secret.ne(row.title).or(row.secret.isNull()),
      },
    },
    item: {
      fields: {
        sku: fields.text({ max: 40 }),
        owner: belongsTo('user'),
        count: fields.integer({ default: 0 }),
        shelf: fields.text({ max: 10, optional: true }),
        place: fields.integer({ optional: true }),
        secret: fields.text({ max: 10, optional: true, unique: true }),
      },
      key: ['sku'],
      unique: [['shelf', 'place']],
      access: {
        read: ({ row, me }) => row.ownerId.eq(me.id).or(me.is('staff')),
        create: ({ me }) => me.signedIn,
        update: ({ row, me }) => row.ownerId.eq(me.id).or(me.is('staff')),
        delete: ({ row, me }) => row.ownerId.eq(me.id),
      },
      softDelete: true,
    },
    badge: {
      fields: { code: fields.text({ max: 40 }), owner: belongsTo('user') },
      key: ['code'],
      access: {
        read: ({ row, me }) => row.ownerId.eq(me.id),
        update: ({ row, me }) => row.ownerId.eq(me.id),
        create: ({ me }) => me.is('staff'),
      },
    },
    counter: {
      fields: { name: fields.text({ max: 40 }), value: fields.integer({ default: 0 }) },
      key: ['name'],
      access: { read: ({ me }) => me.signedIn, write: ({ me }) => me.signedIn },
    },
  },
})

/** The app. */
export const deskApp = app({ kits: [desk], title: 'Desk', roles: ['staff'] })

/** The app on a fresh database of a server, closed at the end of the test. */
export async function openDesk(
  server: ProvenServer,
  context: TestContext,
  options: TestOptions = {},
): Promise<Desk> {
  const tested = await testApp(deskApp, { server: server.address(), ...options })
  context.after(() => tested.close())
  const [ada, ben, staff] = await Promise.all([
    tested.user({ email: 'ada@desk.example' }),
    tested.user({ email: 'ben@desk.example' }),
    tested.user({ email: 'staff@desk.example', roles: ['staff'] }),
  ])
  const { running } = tested
  return {
    ...{ tested, ada, ben, staff, running },
    call: (who, operation, rest = {}) => running.invoke(callBy(who, { operation, ...rest })),
    raw: async () => {
      const database = await openDatabase(tested.database, { limits: { pipelineConnections: 1 } })
      context.after(() => database.close())
      return database
    },
  }
}

/** The app and its people. */
export interface Desk {
  readonly tested: Awaited<ReturnType<typeof testApp<DeskModels>>>
  readonly running: Desk['tested']['running']
  readonly ada: TestUser
  readonly ben: TestUser
  /** Holds the role `staff`. */
  readonly staff: TestUser
  /** Asks the engine itself. */
  call(who: TestUser | undefined, operation: string, rest?: Partial<Call>): Promise<Reply>
  /** A connection past the app, closed at the end of the test. */
  raw(): Promise<Database>
}

type DeskModels = typeof deskApp extends import('../../define/kit.ts').App<infer S> ? S : never

/** A call of a user, vouched for. */
export function callBy(
  who: TestUser | undefined,
  call: Partial<Call> & { readonly operation: string },
): Call {
  const caller = who
    ? ({ is: 'user', id: who.id, roles: new Set(who.roles) } as const)
    : ({ is: 'anonymous' } as const)
  return { as: { caller }, remoteAddress: '192.0.2.1', traceId: '0'.repeat(32), ...call }
}

/** The body of a reply. */
export function bodyOf(reply: Reply): Readonly<Record<string, unknown>> & { readonly id: string } {
  return JSON.parse(present(reply.body, 'a body'))
}

/** The failure of a call, as the wire would show it. */
export async function failureOf(call: Promise<unknown>): Promise<{
  readonly code: string
  readonly detail: string
  readonly problems: readonly { readonly pointer: string; readonly code: string }[]
}> {
  const failure = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(failure instanceof Failure)) throw failure ?? new Error('nothing failed')
  const { code, detail, problems } = failure
  return { code, detail, problems }
}

/** Only the code of a failure; `done` where nothing failed. */
export function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (reason: unknown) => {
      if (reason instanceof Failure) return reason.code
      throw reason
    },
  )
}

/** How often each outcome came. */
export function tally(outcomes: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}
