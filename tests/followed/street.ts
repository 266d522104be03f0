/** Owns the app that followed events are proven on: shops in a street, and who may hear what. */

import type { TestContext } from 'node:test'
import { anyone, app, choice, id, identity, integer, kit, list, object, text } from 'plinth'
import { openApp } from '../../packages/plinth/src/app/compose.ts'
import { serveLocally } from '../../packages/plinth/src/app/local-server.ts'
import { beginSession } from '../../packages/plinth/src/app/people/sessions.ts'
import { openSocket } from '../../packages/plinth/src/live/proof/socket-client.ts'
import { type TestUser, testApp } from '../../packages/plinth/src/testing.ts'

export const street = kit('street', { uses: [identity] })

/** Only for whom it is, and for staff. */
export const placed = street.event(
  'placed',
  {
    customer: id('user'),
    total: integer(),
    state: choice(['new', 'paid']),
    place: object({ street: text(), floors: list({ number: integer() }) }),
  },
  {
    subject: ({ customer }) => customer,
    allow: ({ data, me }) => data.customer.eq(me.id).or(me.is('staff')),
  },
)

/** For everybody, where it is loud. */
export const shouted = street.event(
  'shouted',
  { word: text(), loud: integer() },
  { allow: ({ data }) => data.loud.gte(5) },
)

/** For staff alone. */
export const closed = street.event('closed', { at: text() }, { allow: ({ me }) => me.is('staff') })

/** For nobody. */
export const secret = street.event('secret', { word: text() })

/** A square: everybody may stand there, and those who have signed in may speak and are seen. */
export const square = street.channel('square', {
  params: { name: text({ max: 40 }), owner: id('user', { optional: true }) },
  allow: {
    join: ({ params, me }) => params.owner.isNull().or(params.owner.eq(me.id)),
    publish: ({ me }) => me.signedIn,
    see: ({ me }) => me.signedIn,
  },
  message: { text: text({ max: 5_000 }), loud: integer({ min: 0, max: 10, default: 1 }) },
  presence: { mood: choice(['good', 'bad'], { default: 'good' }), note: text({ default: '' }) },
})

/** For staff alone; nobody speaks, nobody is shown. */
export const office = street.channel('office', { allow: { join: ({ me }) => me.is('staff') } })

export const say = street.action('say', {
  input: { word: text(), loud: integer() },
  allow: anyone,
  async run({ input, emit }) {
    emit(shouted, input)
    emit(secret, { word: input.word })
  },
})

export const buy = street.action('buy', {
  input: { customer: id('user'), total: integer() },
  allow: anyone,
  async run({ input, emit }) {
    const place = { street: 'Long "Lane"', floors: [{ number: 1 }, { number: 2 }] }
    emit(placed, { ...input, state: 'new', place })
    emit(closed, { at: 'noon' })
  },
})

export const streetApp = app({
  kits: [street],
  title: 'Street',
  roles: ['staff'],
  actions: [say, buy],
})

/** The app behind a real server, closed at the end of the test. */
export async function openStreet(context: TestContext) {
  const tested = await testApp(streetApp)
  context.after(() => tested.close())
  const { url } = await tested.serve()
  return {
    ...tested,
    url,
    tokenOf: ({ id: user }: TestUser) => beginSession(tested.running.runtime, user),
    /** Says a word, and gives it its position. */
    async say(word: string, loud = 9): Promise<void> {
      await tested.call(say, { word, loud })
      await tested.drain()
    },
    async buy(customer: TestUser, total: number): Promise<void> {
      await tested.call(buy, { customer: customer.id, total })
      await tested.drain()
    },
    sayAction: say,
    /** The same app on the same database, behind a server of its own. */
    async anotherNode() {
      const { database, running } = tested
      const secret = 'p7Jq2mX9vR4tK8wZ1nB6yL3cF5hD0gSa'
      const setup = { database, secret, production: false, schema: 'settled' } as const
      const node = await openApp(streetApp, setup, { clock: running.runtime.clock })
      const served = await serveLocally(node, { log: () => undefined })
      return {
        url: served.url,
        socket: (headers: Record<string, string> = {}) => openSocket(served.url, headers),
        async close(): Promise<void> {
          await served.close()
          await node.close()
        },
      }
    },
    socket: (headers: Record<string, string> = {}) => openSocket(url, headers),
  }
}

/** An open street. */
export type Street = Awaited<ReturnType<typeof openStreet>>
