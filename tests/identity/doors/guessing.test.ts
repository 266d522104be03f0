/** Proves that guessing at accounts (C01 to C10) is held off by each door alike. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../packages/plinth/src/base/limits.ts'
import { clubScene, password } from '../stage.ts'
import { client } from './client.ts'
import { type Asked, type Door, direct, rest, type Told } from './door.ts'
import { graphql } from './graphql.ts'

const scene = clubScene()
const wrong = 'incorrect horse battery'
const most = limits.signInsPerMinutePerAccount

/** A guess at an account. */
function guess(door: Door, email: string, more: Partial<Asked> = {}): Promise<Told> {
  const input = { email, password: wrong }
  return door.ask(scene.club, { operation: 'identity.signIn', input, ...more })
}

const flow =
  (door: Door) =>
  (name: string, input: object, more: Partial<Asked> = {}): Promise<Told> =>
    door.ask(scene.club, { operation: `identity.${name}`, input, ...more })

const counted = (told: readonly Told[], code: string): number =>
  told.filter((each) => each.code === code).length

for (const door of [rest, graphql, client, direct]) {
  test(`C01: guesses are counted by account, by ${door.name}`, async () => {
    const told: Told[] = []
    for (let index = 0; index < most + 3; index++) {
      const email = index % 2 === 0 ? scene.anns : scene.anns.toUpperCase()
      const headers = { 'user-agent': `agent ${index}`, 'x-forwarded-for': `192.0.2.${index}` }
      told.push(await guess(door, email, { headers }))
    }
    assert.equal(counted(told, 'invalid_credentials'), most)
    assert.equal(counted(told, 'rate_limited'), 3)
  })

  test(`C02: a network is counted as one, by ${door.name}`, async () => {
    const told: Told[] = []
    for (let index = 0; index < limits.signInsPerMinutePerNetwork + 3; index++) {
      const remoteAddress = `2001:db8:fffe:${scene.count}:${index}::${index.toString(16)}`
      told.push(await guess(door, `nobody${index}@club.example`, { remoteAddress }))
    }
    assert.equal(counted(told, 'rate_limited'), 3)
  })

  test(`C04: guesses at once are counted before they are checked, by ${door.name}`, async () => {
    const told = await Promise.all(Array.from({ length: 20 }, () => guess(door, scene.anns)))
    assert.equal(counted(told, 'invalid_credentials'), most, told.map(({ code }) => code).join())
    assert.equal(counted(told, 'rate_limited'), 20 - most)
  })

  test(`C06: nobody learns who has an account, by ${door.name}`, async () => {
    for (const [name, more] of [
      ['signUp', { password: 'another horse battery' }],
      ['signIn', { password: wrong }],
      ['forgotPassword', {}],
      ['sendLink', {}],
    ] as const) {
      scene.club.tested.clock.advance(3_600_000)
      const said = async (email: string): Promise<string> => {
        const { code, text } = await flow(door)(name, { email, ...more })
        const told = text.replaceAll(email, '…')
        return `${code} ${told.replaceAll(/"(traceId|attempt)":"[\w-]+"/g, '')}`
      }
      const fresh = await said(`x${scene.anns}`)
      assert.match(fresh, name === 'signIn' ? /^invalid_credentials / : /^ok /)
      assert.equal(fresh, await said(scene.anns), name)
    }
  })

  test(`C07: guesses lock no owner out of a device they know, by ${door.name}`, async () => {
    const home = { remoteAddress: '192.0.2.77', headers: { 'user-agent': 'curl/8.0' } }
    const owner = { email: scene.anns, password }
    assert.equal((await flow(door)('signIn', owner, home)).code, 'ok')
    for (let index = 0; index < most + 2; index++) await guess(door, scene.anns)
    assert.equal((await guess(door, scene.anns)).code, 'rate_limited')
    assert.equal((await flow(door)('signIn', owner, home)).code, 'ok')
  })

  test(`C08: a password that is common or too long is refused, by ${door.name}`, async () => {
    const email = `new${scene.count}@club.example`
    for (const bad of ['passwordpassword', 'short', 'x'.repeat(257), 'Club club club club']) {
      scene.club.tested.clock.advance(3_600_000)
      const { code } = await flow(door)('signUp', { email, password: bad })
      assert.equal(code, 'invalid_input', bad)
    }
    await scene.club.tested.drain()
    const found = await scene.club.tested.data.user.find({ filter: { email } })
    assert.equal(found.data.length, 0)
  })

  test(`C09: of many who show a reset token one sets the password, by ${door.name}`, async () => {
    const { mailed } = scene.club
    await flow(door)('forgotPassword', { email: scene.anns })
    const [token] = await mailed(scene.anns)
    const phrase = (index: number) => `a new phrase, number ${index}`
    const tries = Array.from({ length: 12 }, (_, index) =>
      flow(door)('resetPassword', { token, newPassword: phrase(index) }),
    )
    const codes = (await Promise.all(tries)).map(({ code }) => code)
    assert.equal(codes.filter((code) => code === 'ok').length, 1, codes.join())
    const input = { email: scene.anns, password: phrase(codes.indexOf('ok')) }
    assert.equal((await flow(door)('signIn', input)).code, 'ok')
    const later = await flow(door)('resetPassword', { token, newPassword: phrase(99) })
    assert.equal(later.code, 'invalid_credentials')
  })

  test(`C10: no step is taken by the proof of another one, by ${door.name}`, async () => {
    const { mailed, tested, token: made } = scene.club
    const state = async () => JSON.stringify(await tested.data.user.get(scene.annId))
    await tested.data.user.update(scene.annId, { emailVerifiedAt: null })
    const signed = await flow(door)('signIn', { email: scene.anns, password })
    const token = String(signed.value.token)
    await door.ask(scene.club, { operation: 'identity.sendVerification', token })
    const [verify = ''] = await mailed(scene.anns)
    assert.match(verify, /^plv_/)
    const untouched = await state()
    for (const shown of [verify, made('reset-password').token, token]) {
      for (const [name, input] of Object.entries({
        resetPassword: { token: shown, newPassword: 'another horse battery' },
        confirmEmail: { token: shown },
        signInByLink: { token: shown },
        secondFactor: { pending: shown, code: '000000' },
        signInByCode: { attempt: shown, code: '00000000' },
      })) {
        assert.equal((await flow(door)(name, input)).code, 'invalid_credentials', name)
      }
    }
    assert.equal(await state(), untouched)
  })
}

for (const door of [rest, graphql, client]) {
  test(`C03: no header names where we are, nor where one comes from, by ${door.name}`, async () => {
    const { tested } = scene.club
    const evil = 'evil.example'
    const headers = {
      ...{ host: evil, 'x-forwarded-host': evil, 'x-forwarded-proto': 'http' },
      ...{ forwarded: `host=${evil};for=198.51.100.9`, 'x-original-host': evil },
    }
    const asked = { headers, remoteAddress: `192.0.2.${scene.count}` }
    await flow(door)('forgotPassword', { email: scene.anns }, asked)
    await tested.drain()
    const [mail] = (await tested.mails()).filter(({ to }) => to.includes(scene.anns))
    assert.match(mail?.text ?? '', /token=/)
    assert.ok(!JSON.stringify(mail).includes(evil), mail?.text ?? '')
    const told: Told[] = []
    for (let index = 0; index < limits.signInsPerMinutePerNetwork + 2; index++) {
      const forged = { 'x-forwarded-for': `198.51.100.${index}`, 'x-real-ip': `203.0.113.${index}` }
      const more = { headers: { ...headers, ...forged }, remoteAddress: asked.remoteAddress }
      told.push(await guess(door, `nobody${index}@club.example`, more))
    }
    assert.equal(counted(told, 'rate_limited'), 2, 'one place, whatever it says of itself')
  })
}

test('C05: one count for all doors, and each alias of a document is a guess', async () => {
  const codes: string[] = []
  for (const door of [rest, graphql, client, direct]) {
    codes.push((await guess(door, scene.anns)).code)
  }
  assert.deepEqual(
    codes,
    Array.from({ length: 4 }, () => 'invalid_credentials'),
  )
  const alias = (at: number) =>
    `a${at}: identitySignIn(input: { email: "${scene.anns}", password: "${wrong}" }) {
      ... on CallFailure { code } }`
  const query = `mutation { ${Array.from({ length: 5 }, (_, at) => alias(at)).join(' ')} }`
  const { text } = await scene.club.send('POST /api/graphql', { body: { query } })
  assert.equal(text.match(/"invalid_credentials"/g)?.length, most - 4, text)
  assert.equal(text.match(/"rate_limited"/g)?.length, 5 - (most - 4), text)
  for (const door of [rest, graphql, client, direct]) {
    assert.equal((await guess(door, scene.anns)).code, 'rate_limited', door.name)
  }
})
