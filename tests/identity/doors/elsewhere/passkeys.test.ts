/** Proves that a passkey is good as it was asked for alone (C26), whichever door it is shown at. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Options,
  SoftPasskey,
  type Wrongly,
} from '../../../../packages/plinth/src/identity/proof/passkeys/soft-authenticator.ts'
import { clubScene, signIn } from '../../stage.ts'
import { client } from '../client.ts'
import { type Door, direct, rest, type Told } from '../door.ts'
import { graphql } from '../graphql.ts'

const scene = clubScene()
const origin = 'http://localhost:3000'
const minuteMs = 60_000

const flow =
  (door: Door) =>
  (name: string, input?: object, token?: string): Promise<Told> => {
    const given = input === undefined ? {} : { input }
    return door.ask(scene.club, { operation: `identity.${name}`, ...given, token })
  }

/** A passkey of Ann’s, added by the door. */
async function added(door: Door): Promise<SoftPasskey> {
  const passkey = new SoftPasskey(origin)
  const token = await signIn(scene.club, scene.anns)
  const asked = await flow(door)('beginPasskey', undefined, token)
  const response = passkey.create(asked.value as unknown as Options)
  const { code, text } = await flow(door)('addPasskey', { response }, token)
  assert.equal(code, 'ok', text)
  return passkey
}

const wrongUses: readonly (readonly [string, Wrongly])[] = [
  ['another origin', { origin: 'https://evil.example' }],
  ['another relying party', { rpId: 'evil.example' }],
  ['a page within a page', { crossOrigin: true }],
  ['nobody checked', { unverified: true }],
  ['a challenge of its own', { challenge: Buffer.from('plw_mine').toString('base64url') }],
  ['another account', { handle: Buffer.from('somebody else').toString('base64url') }],
]

for (const door of [rest, graphql, client, direct]) {
  const options = async () => (await flow(door)('beginPasskeySignIn')).value as unknown as Options

  test(`C26: whatever is wrong with a use is refused alike, by ${door.name}`, async () => {
    const passkey = await added(door)
    for (const [name, wrongly] of wrongUses) {
      const response = passkey.get(await options(), wrongly)
      assert.equal((await flow(door)('signInByPasskey', { response })).code, wrong, name)
    }
    const response = passkey.get(await options())
    assert.equal((await flow(door)('signInByPasskey', { response })).code, 'ok')
  })

  test(`C26: once: a challenge is good once, for five minutes, by ${door.name}`, async () => {
    const passkey = await added(door)
    const response = passkey.get(await options())
    const told = [
      await flow(door)('signInByPasskey', { response }),
      await flow(door)('signInByPasskey', { response }),
    ]
    assert.deepEqual(
      told.map(({ code }) => code),
      ['ok', wrong],
    )
    const late = passkey.get(await options())
    scene.club.tested.clock.advance(5 * minuteMs)
    assert.equal((await flow(door)('signInByPasskey', { response: late })).code, wrong)
  })
}

const wrong = 'invalid_credentials'
