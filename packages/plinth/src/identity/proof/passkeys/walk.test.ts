import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onBothServers } from '../../../database/proof/servers.ts'
import { password, tokenIn } from '../people.ts'
import { bodyOf, openHolders } from './holders.ts'

const anns = 'ann@people.example'
const minuteMs = 60_000

onBothServers('passkeys', (server) => {
  test('one is added, signs in alone, and counts as two factors', async (context) => {
    const { holder, passkey, addOptions, add, enter, tested, ask, mailsTo } = await openHolders(
      server,
      context,
    )
    const ann = await holder(anns)
    const other = tokenIn(await ask('identity.signIn', { email: anns, password }))
    const options = await addOptions(ann.token)
    assert.deepEqual(options.rp, { id: 'localhost', name: 'People' })
    assert.deepEqual(options.excludeCredentials, [])
    assert.equal(options.authenticatorSelection?.residentKey, 'required')
    assert.ok(!Buffer.from(options.user?.id ?? '', 'base64url').includes(ann.id))
    const key = passkey()
    const made = await add(ann.token, key.create(options), ' My phone ')
    assert.equal(made.status, 201, made.text)
    const { id, ...told } = bodyOf<Record<string, unknown>>(made)
    assert.equal(told.name, 'My phone')
    assert.equal((await ask('identity.me', {}, { token: other })).status, 401, 'others end')
    assert.equal((await ask('identity.me', {}, { token: ann.token })).status, 200)
    assert.match((await mailsTo(anns))[0]?.text ?? '', /A passkey was added: “My phone”\./)

    const entered = await enter(key)
    assert.equal(entered.status, 200, entered.text)
    const caller = await tested.running.runtime.identify(tokenIn(entered))
    assert.ok(caller.is === 'user' && caller.id === ann.id)
    assert.equal(caller.proof?.assurance, 2)
    const seen = await tested.as({ ...ann, roles: [], password }).passkey.find()
    assert.deepEqual(Object.keys(seen.data[0] ?? {}).sort(), shown)
    assert.equal(seen.data[0]?.id, id)
    assert.ok(seen.data[0]?.lastUsedAt)
  })

  test('several are kept apart; each is made once', async (context) => {
    const { holder, passkey, added, addOptions, add, enter } = await openHolders(server, context)
    const ann = await holder(anns)
    const [one, two] = [passkey(), passkey(7)]
    await added(ann.token, one)
    const options = await addOptions(ann.token)
    assert.deepEqual(
      options.excludeCredentials?.map(({ id }) => id),
      [one.id],
    )
    assert.equal((await add(ann.token, two.create(options))).status, 201)
    const again = await add(ann.token, one.create(await addOptions(ann.token)))
    assert.match(again.text, /known already/)
    assert.equal((await enter(one)).status, 200)
    assert.equal((await enter(two)).status, 200)
    const bob = await holder('bob@people.example')
    const stolen = passkey().create(await addOptions(bob.token), { credentialId: one.id })
    assert.match((await add(bob.token, stolen)).text, /known already/)
  })

  test('it is renamed and read by its owner alone, and removed by an action', async (context) => {
    const { holder, passkey, added, tested, ask, enter, mailsTo } = await openHolders(
      server,
      context,
    )
    const ann = await holder(anns)
    const bob = await holder('bob@people.example')
    const key = passkey()
    const id = await added(ann.token, key)
    const people = (who: typeof ann) => tested.as({ ...who, roles: [], password })
    await people(ann).passkey.update(id, { name: 'Phone' })
    assert.equal((await people(ann).passkey.get(id)).name, 'Phone')
    await assert.rejects(people(bob).passkey.get(id), { code: 'not_found' })
    await assert.rejects(people(bob).passkey.update(id, { name: 'Mine' }), { code: 'not_found' })
    for (const field of ['publicKey', 'counter', 'lockedAt', 'userId', 'backedUp']) {
      const written = people(ann).passkey.update(id, { [field]: null } as never)
      await assert.rejects(written, { code: 'invalid_input' }, field)
    }
    const direct = await ask('passkey.delete', { id }, { token: ann.token })
    assert.notEqual(direct.status, 204, 'by no other door')
    const foreign = await ask('identity.removePasskey', { passkey: id }, { token: bob.token })
    assert.equal(foreign.status, 404)
    const removed = await ask('identity.removePasskey', { passkey: id }, { token: ann.token })
    assert.equal(removed.status, 204, removed.text)
    assert.equal((await enter(key)).status, 401)
    assert.match((await mailsTo(anns))[0]?.text ?? '', /passkey “Phone” was removed/)
  })

  test('C16: adding and removing one takes a fresh proof', async (context) => {
    const { holder, passkey, added, ask, tested, addOptions, add } = await openHolders(
      server,
      context,
    )
    const ann = await holder(anns)
    const id = await added(ann.token, passkey())
    const options = await addOptions(ann.token)
    tested.clock.advance(4 * minuteMs)
    const late = await add(ann.token, passkey().create(options))
    assert.equal(late.status, 201, 'the challenge was made under a fresh proof')
    tested.clock.advance(2 * minuteMs)
    for (const [operation, input] of [
      ['identity.beginPasskey', {}],
      ['identity.removePasskey', { passkey: id }],
      ['identity.removePassword', {}],
      ['identity.setSecondFactor', { on: true }],
    ] as const) {
      const refused = await ask(operation, input, { token: ann.token })
      assert.match(refused.text, /step_up_required/, operation)
    }
  })

  test('an account has at most 20, and none before its address is confirmed', async (context) => {
    const { holder, tested, ask, signIn, running } = await roomOf(server, context)
    const ann = await holder(anns)
    for (let at = 0; at < 20; at++) {
      await running.users.records.create('passkey', {
        ...{ userId: ann.id, name: 'One', credentialId: `c${at}`, publicKey: 'k' },
      })
    }
    const full = await ask('identity.beginPasskey', {}, { token: ann.token })
    assert.match(full.text, /remove one first/)
    const eve = await tested.user({ email: 'eve@people.example', password })
    await running.users.records.update('user', eve.id, { emailVerifiedAt: null })
    const token = tokenIn(await signIn(eve.email))
    const refused = await ask('identity.beginPasskey', {}, { token })
    assert.match(refused.text, /Confirm your address first/)
  })

  test('nobody is told apart before they sign in', async (context) => {
    const { holder, passkey, added, optionsOf, enter } = await openHolders(server, context)
    const blank = ({ challenge, ...rest }: object & { challenge: string }) => ({
      ...rest,
      length: challenge.length,
    })
    const before = blank(await optionsOf('identity.beginPasskeySignIn', {}))
    const ann = await holder(anns)
    await added(ann.token, passkey())
    assert.deepEqual(blank(await optionsOf('identity.beginPasskeySignIn', {})), before)
    const unknown = await enter(passkey(), { handle: 'QUJD' })
    const wrong = await enter(passkey(), { unverified: true })
    assert.equal(unknown.text, wrong.text)
    assert.equal(unknown.status, 401)
  })
})

const shown = [
  ...['backedUp', 'backupEligible', 'createdAt', 'id', 'lastUsedAt', 'lockedAt', 'name'],
  ...['provider', 'updatedAt', 'userId', 'version'],
]

async function roomOf(...[server, context]: Parameters<typeof openHolders>) {
  const holders = await openHolders(server, context)
  return { ...holders, running: holders.tested.running }
}
