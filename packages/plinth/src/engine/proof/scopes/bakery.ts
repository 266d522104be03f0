/** Owns the bakery: an app in which a narrower credential could reach things in every way. */

import type { TestContext } from 'node:test'
import type { Caller } from '../../../access/caller.ts'
import type { ViaSort } from '../../../access/scopes/via.ts'
import type { ProvenServer } from '../../../database/proof/servers.ts'
import { computed } from '../../../define/field.ts'
import { boolean, integer, text } from '../../../define/fields.ts'
import { app, kit } from '../../../define/kit.ts'
import { belongsTo, hasMany, manyToMany } from '../../../define/relation.ts'
import { anyone } from '../../../define/rule.ts'
import { identity } from '../../../identity/kit.ts'
import { type TestUser, testApp } from '../../../testing/test-app.ts'
import type { Call } from '../../call.ts'

const bakery = kit('bakery', {
  uses: [identity],
  models: {
    flour: {
      fields: { name: text({ max: 40 }), secret: text({ max: 40 }), breads: hasMany('bread') },
      access: { read: anyone, write: ({ me }) => me.signedIn },
    },
    label: {
      fields: { word: text({ max: 40 }) },
      access: {
        read: anyone,
        write: ({ me }) => me.signedIn,
        delete: ({ me }) => me.provedWithin(5),
      },
    },
    bread: {
      fields: {
        name: text({ max: 40 }),
        pence: integer({ default: 0 }),
        double: computed(integer()),
        flour: belongsTo('flour', { optional: true }),
        owner: belongsTo('user', { optional: true }),
        labels: manyToMany('label'),
        sold: boolean({ default: false }),
      },
      compute: { double: ({ row }) => row.pence.times(2) },
      key: ['name'],
      audit: true,
      access: {
        read: ({ row, me }) => row.ownerId.isNull().or(row.ownerId.eq(me.id)),
        write: ({ row, me }) => row.ownerId.isNull().or(row.ownerId.eq(me.id)),
      },
    },
    till: {
      fields: { pence: integer({ default: 0 }), by: text({ max: 200, optional: true }) },
      access: { read: ({ me }) => me.signedIn, write: ({ me }) => me.via('agent').not() },
    },
    ledger: {
      fields: { pence: integer({ default: 0 }) },
      access: {
        read: ({ me }) => me.service('billing').or(me.is('accountant')),
        write: ({ me }) => me.service('billing'),
      },
    },
  },
})

/** Sold by a job, in the name of who has called. */
const sell = bakery.job('sell', {
  input: { pence: integer() },
  async run({ input, data, me }) {
    await data.till.create({ pence: input.pence, by: me.via('agent') ? 'agent' : 'somebody' })
  },
})

const bake = bakery.action('bake', {
  input: { name: text({ max: 40 }) },
  allow: ({ me }) => me.signedIn,
  output: 'bread',
  async run({ input, data, me, enqueue }) {
    // Looks at flour, whoever calls: that is the action's own doing.
    const { data: found } = await data.flour.find({ limit: 1 })
    const bread = await data.bread.create({ name: input.name, ownerId: me.id })
    await enqueue(sell, { pence: found.length })
    return bread
  },
})

const count = bakery.action('count', {
  safe: true,
  allow: ({ me }) => me.signedIn,
  output: { breads: integer() },
  async run({ data }) {
    return { breads: (await data.bread.find({})).data.length }
  },
})

const refund = bakery.action('refund', {
  allow: ({ me }) => me.signedIn.and(me.via('agent').not()),
  async run() {},
})

/** Actions of the app, by name. */
export const actions = { bake, count, refund } as const

/** The app. */
export const bakeryApp = app({
  ...{ kits: [identity, bakery], title: 'Bakery', roles: ['accountant'] },
  services: { billing: { scopes: ['ledger.write'] } },
})

// No such credential stands: jobs begun with one have no roles, which nobody here asks for.
const firstDigit: Readonly<Record<ViaSort, string>> = {
  key: 'a',
  agent: 'b',
  oauth: 'c',
  service: 'd',
}

/** A caller who came with a credential of these scopes. */
export function withScopes(user: TestUser, scopes: readonly string[], sort: ViaSort = 'key') {
  const via = { sort, id: `${firstDigit[sort]}${user.id.slice(1)}`, scopes: new Set(scopes) }
  return { is: 'user', id: user.id, roles: new Set(user.roles), via } as const
}

/** The app on a fresh database, closed at the end of the test. */
export async function openBakery(server: ProvenServer, context: TestContext) {
  const tested = await testApp(bakeryApp, { server: server.address() })
  context.after(() => tested.close())
  const ann = await tested.user({ email: 'ann@bakery.example' })
  const flour = await tested.data.flour.create({ name: 'rye', secret: 'mill' })
  const label = await tested.data.label.create({ word: 'fresh' })
  const bread = await tested.data.bread.create({
    ...{ name: 'loaf', pence: 300, ownerId: ann.id, flourId: flour.id, labelIds: [label.id] },
  })
  const { running } = tested
  return {
    ...{ tested, ann, flour, label, bread, running },
    ask: (caller: Caller, operation: string, rest: Partial<Call> = {}) =>
      running.invoke({
        ...{ operation, as: { caller }, remoteAddress: '192.0.2.1', traceId: '0'.repeat(32) },
        ...rest,
      }),
  }
}
