/** Proves rooms of the typed client: who is there, what is said, and coming back. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnyFailure, RoomMember } from 'plinth/client'
import type { shelf } from '../shop.ts'
import { password, stand } from '../stand.ts'
import { until } from './keeping.ts'
import { layWire } from './wire.ts'

/** Keeps what somebody in a room is told. */
function inRoom() {
  const said: string[] = []
  const states: string[] = []
  const failures: AnyFailure[] = []
  const refusals: AnyFailure[] = []
  let present: readonly RoomMember<typeof shelf>[] = []
  return {
    ...{ said, states, failures, refusals },
    moods: () =>
      present
        .map(({ state }) => state.mood)
        .sort()
        .join(),
    people: () => present.map(({ who }) => who),
    follower: {
      message: ({ text, loud }: { readonly text: string; readonly loud: boolean }) =>
        void said.push(loud ? text.toUpperCase() : text),
      present: (members: readonly RoomMember<typeof shelf>[]) => {
        present = members
      },
      state: (state: string) => void states.push(state),
      failed: (failure: AnyFailure) => void failures.push(failure),
      refused: (failure: AnyFailure) => void refusals.push(failure),
    },
  }
}

const wait = (what: string, right: () => boolean) => until(right, () => what)

test('people in a room see each other, talk, and come back after a cut', async (context) => {
  const { url, client, clientOf, tested } = await stand(context)
  const wire = await layWire(context, url)
  const ann = await tested.user({ email: 'ann@shop.example', password })
  const [hers, guests] = [inRoom(), inRoom()]
  const her = await clientOf(ann, { url: wire.url })
  const enter = { ...hers.follower, presence: { mood: 'bad' } } as const
  const room = her.channel<typeof shelf>('orders.shelf', { name: 'top' }, enter)
  const guest = client().channel<typeof shelf>('orders.shelf', { name: 'top' }, guests.follower)
  context.after(() => {
    room.leave()
    guest.leave()
  })
  await wait('they see each other', () => hers.people().length + guests.people().length === 4)
  assert.equal(hers.moods(), 'bad,good')
  assert.ok(guests.people().includes(ann.id))
  room.publish({ text: 'hello', loud: true })
  await wait('it is heard by both', () => hers.said.length + guests.said.length === 2)
  assert.deepEqual(guests.said, ['HELLO'])
  guest.publish({ text: 'and I' })
  await wait('a guest only listens', () => guests.refusals[0]?.code === 'sign_in_required')
  room.show({ mood: 'good' })
  await wait('the mood', () => guests.moods() === 'good,good')

  wire.stands = false
  wire.cut()
  await wait('she is away', () => hers.states.at(-1) === 'away')
  await wait('it is seen', () => guests.moods() === 'good')
  room.publish({ text: 'lost' })
  assert.equal(hers.refusals[0]?.code, 'unreachable')
  wire.stands = true
  await wait('she is back, as she said last', () => guests.moods() === 'good,good')
  await wait('she knows who is there', () => hers.people().length === 2)
  room.leave()
  await wait('she is gone', () => guests.moods() === 'good')
})

test('who may not be there is told so, once; the room comes with the rights', async (context) => {
  const { client, tested } = await stand(context)
  const user = { email: 'staff@shop.example', password }
  await tested.user({ ...user, roles: ['staff'] })
  const params = { name: 'back', secret: true }
  const shop = client()
  const out = inRoom()
  shop.channel<typeof shelf>('orders.shelf', params, out.follower)
  await wait('a refusal', () => out.failures.length === 1)
  assert.equal(out.failures[0]?.code, 'sign_in_required')
  await shop.auth.signIn(user).orThrow()
  const inside = inRoom()
  const room = shop.channel<typeof shelf>('orders.shelf', params, inside.follower)
  context.after(() => room.leave())
  await wait('in', () => inside.moods() === 'good')
  await shop.auth.signOut().orThrow()
  await wait('out', () => inside.failures[0]?.code === 'sign_in_required')
})
