/** Owns a shop with guests, for tests of accounts, and short words to call it through its door. */

import type { TestContext } from 'node:test'
import type { ProvenServer } from '../../../database/proof/servers.ts'
import type { AccountsSpec } from '../../../define/accounts.ts'
import { text } from '../../../define/fields.ts'
import { app, kit } from '../../../define/kit.ts'
import { belongsTo } from '../../../define/relation.ts'
import { nobody } from '../../../define/rule.ts'
import { testApp } from '../../../testing/test-app.ts'
import { identity } from '../../kit.ts'

const shop = kit('shop', {
  uses: [identity],
  models: {
    basket: {
      fields: { what: text({ max: 80 }), owner: belongsTo('user', { onDelete: 'cascade' }) },
      access: {
        read: ({ row, me }) => row.ownerId.eq(me.id),
        create: ({ row, me }) => row.ownerId.eq(me.id).and(me.signedIn.or(me.isGuest)),
      },
    },
    review: {
      fields: {
        words: text({ max: 80 }),
        author: belongsTo('user', { optional: true, onDelete: 'clear' }),
      },
      access: {
        read: ({ me }) => me.signedIn.or(me.isGuest),
        create: ({ row, me }) => row.authorId.eq(me.id).and(me.signedIn),
        delete: ({ row, me }) => row.authorId.eq(me.id).and(me.impersonated.not()),
      },
    },
    order: {
      fields: { number: text({ max: 20 }), buyer: belongsTo('user') },
      access: { read: ({ row, me }) => row.buyerId.eq(me.id), create: nobody },
    },
  },
})

shop.onGuestJoins(async ({ data, guest, user }) => {
  const { basket, order } = data.unrestricted
  const { data: baskets } = await basket.find({ filter: { ownerId: guest } })
  for (const { id } of baskets) await basket.update(id, { ownerId: user })
  const { data: orders } = await order.find({ filter: { buyerId: guest, number: { ne: 'stays' } } })
  for (const { id } of orders) await order.update(id, { buyerId: user })
})

/** A password that anybody may have. */
export const password = 'correct horse battery'

/** What came of a request. */
export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

/** How a request is made. */
export interface Sent {
  readonly body?: unknown
  readonly token?: string | undefined
  readonly remoteAddress?: string
}

/** The shop on a fresh database, closed at the end of the test. */
export async function openShop(
  server: ProvenServer | undefined,
  context: TestContext,
  accounts: AccountsSpec = { guests: true },
) {
  const roles = ['staff', 'support', 'editor']
  const site = app({ kits: [identity, shop], title: 'Shop', roles, accounts })
  const tested = await testApp(site, server ? { server: server.address() } : {})
  context.after(() => tested.close())
  const send = async (method: string, path: string, sent: Sent = {}) => {
    const { body, token, remoteAddress = '192.0.2.1' } = sent
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const asked = { headers, remoteAddress, ...(body === undefined ? {} : { body }) }
    const reply = await tested.request(method, `/api/${path}`, asked)
    const text = reply.text
    return { status: reply.status, body: text === '' ? {} : JSON.parse(text) } as Answer
  }
  const post = (flow: string, body: object, token?: string) =>
    send('POST', `identity/${flow}`, { body, token })
  return {
    ...{ site, tested, send, post },
    get: (path: string, token?: string) => send('GET', path, { token }),
    guest: async () => tokenOf(await post('continue-as-guest', {})),
    signIn: async (email: string, token?: string) =>
      tokenOf(await post('sign-in', { email, password }, token)),
    /** The texts of all mails, the latest first. */
    mailed: async () => {
      await tested.drain()
      return (await tested.mails()).map(({ to, subject, text }) => `${to} ${subject} ${text}`)
    },
  }
}

/** The token of an answer. */
export function tokenOf({ body }: Answer): string {
  return String(body.token)
}

/** The code of a failure. */
export function codeOf({ body }: Answer): string {
  return String(body.code ?? body.type)
}
