/** Proves channels: who is there, what is said, by rule; on several nodes; against bad input. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '../../packages/plinth/src/base/limits.ts'
import type { SocketClient } from '../../packages/plinth/src/live/proof/socket-client.ts'
import type { TestUser } from '../../packages/plinth/src/testing.ts'
import { until } from './hearing.ts'
import { openStreet, type Street } from './street.ts'

type Place = Pick<Street, 'socket'>

interface Present {
  readonly member: string
  readonly who: string | null
  readonly state: { readonly mood: string; readonly note: string }
}

/** Somebody in a room, and what they have been told. */
async function enter(
  place: Place,
  token: string | undefined,
  joining: object = { channel: 'street.square', params: { name: 'a' } },
) {
  const socket: SocketClient = await place.socket()
  if (token !== undefined) socket.say({ type: 'authenticate', token })
  socket.say({ type: 'join', id: 'r', ...joining })
  const thread = socket.thread('r')
  await until('an answer', () => thread.told.length > 0)
  return {
    socket,
    told: thread.told,
    first: thread.told[0],
    /** Who is shown, made of nothing but what was told. */
    present(): readonly Present[] {
      const known = new Map<string, Present>()
      for (const { type, data } of thread.told) {
        if (type === 'joined') {
          known.clear()
          for (const one of (data.present ?? []) as Present[]) known.set(one.member, one)
        }
        if (type !== 'presence') continue
        const one = data as unknown as Present & { readonly is: string }
        if (one.is === 'leave') known.delete(one.member)
        else known.set(one.member, one)
      }
      return [...known.values()]
    },
    said: () => thread.told.filter(({ type }) => type === 'message').map(({ data }) => data),
    refused: () => thread.told.filter(({ type }) => type === 'refused').map(({ data }) => data),
    publish: (data: unknown) => socket.say({ type: 'publish', id: 'r', data }),
    show: (state: unknown) => socket.say({ type: 'presence', id: 'r', state }),
  }
}

async function three(street: Street) {
  const [ada, bob] = [await street.user(), await street.user()]
  const tokenOf = (user: TestUser) => street.tokenOf(user)
  return { ada, bob, adas: await tokenOf(ada), bobs: await tokenOf(bob) }
}

test('those who are there see each other and talk; others hear nothing', async (context) => {
  const street = await openStreet(context)
  const { ada, bob, adas, bobs } = await three(street)
  const a = await enter(street, adas)
  const b = await enter(street, bobs)
  const guest = await enter(street, undefined)
  const elsewhere = await enter(street, bobs, {
    channel: 'street.square',
    params: { name: 'b' },
  })
  await until('they see each other', () => a.present().length === 3 && b.present().length === 3)
  assert.deepEqual(
    a.present().map(({ who }) => who),
    [ada.id, bob.id, null],
  )
  assert.equal(guest.first?.data.present, undefined, 'who may not see is shown nobody')
  b.show({ mood: 'bad' })
  await until('the mood', () => a.present().some(({ state }) => state.mood === 'bad'))
  a.publish({ text: 'hello' })
  await until('the word', () => b.said().length === 1 && guest.said().length === 1)
  const member = String(a.first?.data.member)
  const message = { from: { member, who: ada.id }, data: { text: 'hello', loud: 1 } }
  assert.deepEqual([b.said()[0], a.said()[0]], [message, message])
  b.socket.destroy()
  await until('one has left', () => a.present().length === 2)
  await sleep(30)
  assert.equal(elsewhere.said().length, 0)
  assert.equal(
    guest.told.some(({ type }) => type === 'presence'),
    false,
  )
  for (const one of [a, guest, elsewhere]) one.socket.destroy()
  const { live } = street.running
  await until('nobody is there', () => live.channels.rooms === 0)
  assert.equal(live.counts.subscriptions, 0)
})

test('rules: who may join, who may speak; who somebody is, is set by us', async (context) => {
  const street = await openStreet(context)
  const { ada, adas, bobs } = await three(street)
  const own = { channel: 'street.square', params: { name: 'own', owner: ada.id } }
  const codeOf = (one: Awaited<ReturnType<typeof enter>>) =>
    (one.first?.data.problem as { readonly code: string } | undefined)?.code
  assert.equal(codeOf(await enter(street, bobs, own)), 'forbidden')
  assert.equal(codeOf(await enter(street, undefined, own)), 'sign_in_required')
  assert.equal((await enter(street, adas, own)).first?.type, 'joined')
  assert.equal(codeOf(await enter(street, adas, { channel: 'street.office' })), 'forbidden')
  assert.equal(codeOf(await enter(street, adas, { channel: 'street.no' })), 'not_found')
  for (const params of [
    {},
    { name: 5 },
    { name: 'x', more: 1 },
    [],
    'text',
    { name: 'é'.repeat(41) },
  ]) {
    const wrong = await enter(street, adas, { channel: 'street.square', params })
    assert.equal(codeOf(wrong), 'invalid_input', JSON.stringify(params))
  }
  const odd = { channel: 'street.square', params: { name: 'a' }, state: { mood: 'angry' } }
  assert.equal(codeOf(await enter(street, adas, odd)), 'invalid_input')
  const guest = await enter(street, undefined)
  guest.publish({ text: 'I am Ada', who: ada.id })
  await until('a refusal', () => guest.refused().length === 1)
  const forged = await enter(street, adas)
  forged.publish({ text: 'x', who: 'root', from: { member: 'y' } })
  forged.show({ mood: 'bad', who: 'root' })
  await until('both refused', () => forged.refused().length === 2)
  const codes = [...guest.refused(), ...forged.refused()].map(
    ({ problem }) => (problem as { readonly code: string }).code,
  )
  assert.deepEqual(codes, ['sign_in_required', 'invalid_input', 'invalid_input'])
  assert.equal(forged.said().length, 0)
})

test('a flood, a giant, a message without form: refused, and nobody is told', async (context) => {
  const street = await openStreet(context)
  const { adas, bobs } = await three(street)
  const a = await enter(street, adas)
  const b = await enter(street, bobs)
  a.publish({ text: 'x'.repeat(4_500) })
  a.publish({ text: 5 })
  a.publish([])
  a.show({ note: 'n'.repeat(1_100) })
  await until('four refusals', () => a.refused().length === 4)
  const codes = a.refused().map(({ problem }) => (problem as { readonly code: string }).code)
  const invalid = 'invalid_input'
  assert.deepEqual(codes, ['body_too_large', invalid, invalid, 'body_too_large'])
  await sleep(1_050)
  for (let at = 0; at < limits.channelMessagesPerSecond + 5; at++) a.publish({ text: `${at}` })
  await until('the rate', () => a.refused().length === 9)
  await until('what was let through', () => b.said().length === limits.channelMessagesPerSecond)
  // The largest that fits, made of what is escaped, comes through whole.
  await sleep(1_050)
  a.publish({ text: '"'.repeat(2_000) })
  await until('it is heard', () => b.said().length === limits.channelMessagesPerSecond + 1)
  const said = b.said().at(-1)?.data as { readonly text: string }
  assert.equal(said.text.length, 2_000)
})

test('a session that ends is out at once, and so is a role that is lost', async (context) => {
  const street = await openStreet(context)
  const { adas, bobs } = await three(street)
  const staff = await street.user({ roles: ['staff'] })
  const inOffice = await enter(street, await street.tokenOf(staff), { channel: 'street.office' })
  assert.equal(inOffice.first?.type, 'joined')
  const { database } = street.running.runtime
  await database.query({ text: 'update identity."user" set roles = \'{}\'', values: [] })
  await until('out of the office', () => inOffice.told.at(-1)?.type === 'end')
  const a = await enter(street, adas)
  const b = await enter(street, bobs)
  await until('both', () => b.present().length === 2)
  const text = 'delete from identity.session where user_id = $1'
  await database.query({ text, values: [a.present()[0]?.who] })
  assert.equal((await a.socket.closed).code, 4401)
  await until('Ada is gone', () => b.present().length === 1)
})

test('on two nodes they are in one room; a node that dies takes its own along', async (context) => {
  const street = await openStreet(context)
  const { ada, bob, adas, bobs } = await three(street)
  const other = await street.anotherNode()
  let open = true
  try {
    const a = await enter(street, adas)
    const b = await enter(other, bobs)
    const all = () => a.present().length === 2 && b.present().length === 2
    await until('they see each other', all)
    assert.deepEqual(new Set(b.present().map(({ who }) => who)), new Set([ada.id, bob.id]))
    a.publish({ text: 'from "here"' })
    b.publish({ text: 'from there' })
    await until('both heard', () => a.said().length === 2 && b.said().length === 2)
    b.show({ note: 'n"'.repeat(300) })
    await until('the note', () => a.present().some(({ state }) => state.note.length === 600))
    await other.close()
    open = false
    await until('the node is gone', () => a.present().length === 1)
  } finally {
    if (open) await other.close()
  }
})

test('a node that is heard no more is given up; no word is no word', async (context) => {
  const street = await openStreet(context)
  const { bob, adas } = await three(street)
  const a = await enter(street, adas)
  await until('alone', () => a.present().length === 1)
  const { database } = street.running.runtime
  const room = 'street.square {"name":"a","owner":null}'
  const present = [{ member: 'ghost', who: bob.id, state: '{"mood":"good","note":""}' }]
  const words = ['{', 'null', '{"node":5}', JSON.stringify({ node: 'g', at: 1, is: 'dance' })]
  const say = (word: string) => {
    const text = "select pg_catalog.pg_notify('plinth_channels', $1)"
    return database.query({ text, values: [word] })
  }
  // Said again until the node listens: who comes first is asked by nobody.
  for (let at = 2; a.present().length < 2 && at < 200; at++) {
    for (const word of words) await say(word)
    await say(JSON.stringify({ node: 'g', at, is: 'here', room, present }))
    await sleep(50)
  }
  await until('the ghost', () => a.present().length === 2)
  await sleep(limits.channelLeaseMs)
  await until('it is gone', () => a.present().length === 1)
})
