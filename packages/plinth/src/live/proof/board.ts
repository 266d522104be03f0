/** Owns the app that live queries are proven on: tasks of teams, with rules over memberships. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { beginSession } from '../../app/people/sessions.ts'
import { sleep } from '../../base/time.ts'
import { computed } from '../../define/field.ts'
import * as fields from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { belongsTo, hasMany } from '../../define/relation.ts'
import { anyone, now } from '../../define/rule.ts'
import { identity } from '../../identity/kit.ts'
import { type TestOptions, type TestUser, testApp } from '../../testing/test-app.ts'
import { handshake } from './socket-client.ts'

const board = kit('board', {
  uses: [identity],
  models: {
    team: {
      fields: { name: fields.text({ max: 80 }), members: hasMany('member') },
      access: { read: anyone, write: ({ me }) => me.is('staff') },
    },
    member: {
      fields: { team: belongsTo('team'), user: belongsTo('user') },
      access: { read: ({ row, me }) => row.userId.eq(me.id), write: ({ me }) => me.is('staff') },
    },
    task: {
      fields: {
        title: fields.text({ max: 200 }),
        open: fields.boolean({ default: false }),
        rank: fields.integer({ default: 0 }),
        twice: computed(fields.integer()),
        big: fields.bigint({ optional: true }),
        extra: fields.json({ optional: true }),
        secret: fields.text({ optional: true, max: 40 }),
        dueAt: fields.instant({ optional: true }),
        team: belongsTo('team', { optional: true }),
        notes: hasMany('note'),
      },
      compute: { twice: ({ row }) => row.rank.times(2) },
      access: {
        read: ({ row, me }) =>
          row.open.or(
            row.team.members.some((member) => member.userId.eq(me.id)),
            me.is('staff'),
          ),
        write: ({ me }) => me.is('staff'),
        fields: { secret: { read: ({ me }) => me.is('staff') } },
      },
      softDelete: true,
    },
    note: {
      fields: { text: fields.text({ max: 200 }), task: belongsTo('task', { onDelete: 'cascade' }) },
      access: { read: anyone, write: ({ me }) => me.is('staff') },
    },
    letter: {
      fields: { text: fields.text({ max: 200 }), to: belongsTo('user') },
      access: {
        read: ({ row, me }) => row.toId.eq(me.id),
        write: ({ me }) => me.is('staff'),
      },
    },
    notice: {
      fields: { text: fields.text({ max: 200 }), until: fields.instant() },
      access: { read: ({ row }) => row.until.gt(now), write: ({ me }) => me.is('staff') },
    },
  },
})

/** The app. */
export const boardApp = app({ kits: [identity, board], title: 'Board', roles: ['staff'] })

/** The app behind a real server, closed at the end of the test. */
export async function openBoard(context: TestContext, options: TestOptions = {}) {
  const tested = await testApp(boardApp, options)
  context.after(() => tested.close())
  const server = await tested.serve({ trustedProxies: 1 })
  const { url } = server
  return {
    ...tested,
    server,
    url,
    handshake: (headers: Record<string, string>, path?: string) => handshake(url, headers, path),
    /** Waits until it is so. */
    async until(what: string, isSo: () => boolean): Promise<void> {
      for (let tries = 0; !isSo(); tries++) {
        assert.ok(tries < 2_000, what)
        await sleep(5)
      }
    },
    tokenOf: ({ id }: TestUser) => beginSession(tested.running.runtime, id),
  }
}

/** An open board. */
export type Board = Awaited<ReturnType<typeof openBoard>>
