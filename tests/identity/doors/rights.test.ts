/** Proves attacks on rights and on steps of a business (E, F) by each door alike. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clubScene, password, signIn } from '../stage.ts'
import { client } from './client.ts'
import { type Asked, type Door, direct, rest } from './door.ts'
import { graphql } from './graphql.ts'

const scene = clubScene()
const absent = '01900000-0000-7000-8000-999999999999'

const ask = (door: Door, operation: string, asked: Omit<Asked, 'operation'> = {}) =>
  door.ask(scene.club, { operation, ...asked })

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Staff, who ask for payouts and let them pass. */
async function staff() {
  const { tested } = scene.club
  const bens = `ben${scene.count}@club.example`
  const ben = await tested.user({ email: bens, roles: ['staff'], password })
  await tested.data.user.update(scene.annId, { roles: ['staff'] })
  return { ben, hers: await signIn(scene.club, scene.anns), his: await signIn(scene.club, bens) }
}

for (const door of [rest, graphql, client, direct]) {
  test(`E01: what is for the staff is done for nobody else, by ${door.name}`, async () => {
    const token = await signIn(scene.club, scene.anns)
    assert.equal((await ask(door, 'payout.list', { token })).code, 'forbidden')
    const payout = { input: { what: 'x', requestedById: scene.annId }, token }
    assert.equal((await ask(door, 'payout.create', payout)).code, 'forbidden')
    assert.equal((await ask(door, 'payout.list')).code, 'sign_in_required')
    for (const [operation, more] of Object.entries({
      'session.create': { input: { userId: scene.annId } },
      'totpSecret.list': {},
      'passwordReset.list': {},
    })) {
      assert.notEqual((await ask(door, operation, { ...more, token })).code, 'ok', operation)
    }
    const ban = { id: absent, input: { suspended: true } }
    assert.notEqual((await ask(door, 'user.update', { ...ban, token })).code, 'ok')
  })

  test(`E02: a wrong credential is nobody, and nobody may nothing, by ${door.name}`, async () => {
    const { token } = scene.club.token('session')
    for (const operation of ['user.list', 'payout.list', 'identity.me']) {
      assert.equal((await ask(door, operation, { token })).code, 'invalid_credentials', operation)
    }
    const rename = { id: scene.annId, input: { name: 'Eve' } }
    assert.equal((await ask(door, 'user.update', rename)).code, 'sign_in_required')
    assert.equal((await ask(door, 'user.list')).code, 'sign_in_required')
    assert.equal((await ask(door, 'payout.list')).code, 'sign_in_required')
  })

  test(`E03: what a client says of itself counts for nothing, by ${door.name}`, async () => {
    const genuine = await scene.club.tested.running.serviceToken('clerk')
    assert.equal((await ask(door, 'payout.list', { token: genuine })).code, 'ok')
    const [head = '', said = '', signature] = genuine.slice('pln_'.length).split('.')
    const claims = JSON.parse(Buffer.from(said, 'base64url').toString()) as object
    const more = { ...claims, jti: 'j'.repeat(24), role: 'admin', roles: ['admin'], admin: true }
    const none = part({ alg: 'none', typ: 'JWT' })
    for (const token of [
      `pln_${head}.${part(more)}.${signature}`,
      `pln_${none}.${part(more)}.${signature}`,
      ...['', 'pln_', 'pls_'].map((before) => `${before}${none}.${part(more)}.`),
    ]) {
      assert.equal((await ask(door, 'payout.list', { token })).code, 'invalid_credentials', token)
    }
    const token = await signIn(scene.club, scene.anns)
    const headers = { 'x-role': 'admin', 'x-user-id': absent, 'x-hasura-role': 'admin' }
    assert.equal((await ask(door, 'payout.list', { token, headers })).code, 'forbidden')
    const input = { email: scene.anns, password, roles: ['admin'], assurance: 2 }
    assert.equal((await ask(door, 'identity.signIn', { input })).code, 'invalid_input')
  })

  test(`E04: nobody writes their own roles, proofs or state, by ${door.name}`, async () => {
    const { tested } = scene.club
    const token = await signIn(scene.club, scene.anns)
    const state = async (): Promise<string> => {
      const { updatedAt: _, version: __, ...rest } = await tested.data.user.get(scene.annId)
      return JSON.stringify(rest)
    }
    const untouched = await state()
    for (const [field, value] of Object.entries({
      ...{ roles: ['admin'], emailVerifiedAt: '2026-01-01T00:00:00Z', suspended: true },
      ...{ secondFactor: true, guest: true, unclaimed: true, passwordHash: '$argon2id$x' },
      ...{ email: 'admin@club.example', id: absent },
    })) {
      const input = { name: 'Ann', [field]: value }
      const { code } = await ask(door, 'user.update', { id: scene.annId, input, token })
      assert.match(code, /^(?:forbidden|invalid_input)$/, field)
    }
    assert.equal(await state(), untouched)
  })

  test(`F02: no step is skipped, nor signed for somebody else, by ${door.name}`, async () => {
    const { ben, hers } = await staff()
    for (const input of [
      { what: 'a', requestedById: scene.annId, approvedById: scene.annId },
      { what: 'b', requestedById: scene.annId, approvedById: ben.id },
      { what: 'c', requestedById: ben.id },
    ]) {
      const { code } = await ask(door, 'payout.create', { input, token: hers })
      assert.equal(code, 'forbidden', input.what)
    }
  })

  test(`F06: what takes a second person passes by nobody alone, by ${door.name}`, async () => {
    const { ben, hers, his } = await staff()
    const input = { what: 'all of it', requestedById: scene.annId }
    const made = await ask(door, 'payout.create', { input, token: hers })
    assert.equal(made.code, 'ok', made.text)
    const id = String(made.value.uuid ?? made.value.id)
    for (const change of [
      { approvedById: scene.annId },
      { approvedById: ben.id },
      { requestedById: ben.id, approvedById: scene.annId },
    ]) {
      const { code } = await ask(door, 'payout.update', { id, input: change, token: hers })
      assert.equal(code, 'forbidden', JSON.stringify(change))
    }
    const signed = { id, input: { approvedById: scene.annId }, token: his }
    assert.equal((await ask(door, 'payout.update', signed)).code, 'forbidden', 'for somebody else')
    const passed = { id, input: { approvedById: ben.id }, token: his }
    assert.equal((await ask(door, 'payout.update', passed)).code, 'ok')
  })
}
