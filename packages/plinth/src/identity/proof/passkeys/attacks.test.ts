import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Failure } from '../../../base/failure.ts'
import { onBothServers } from '../../../database/proof/servers.ts'
import { invoke } from '../../../engine/invoke.ts'
import { tokenIn } from '../people.ts'
import { openHolders } from './holders.ts'
import { type Answered, tampered, type Wrongly } from './soft-authenticator.ts'

const anns = 'ann@people.example'
const bobs = 'bob@people.example'
const minuteMs = 60_000

const wrongUses: readonly (readonly [string, Wrongly])[] = [
  ['another origin', { origin: 'https://evil.example' }],
  ['another port', { origin: 'http://localhost:3001' }],
  ['https in place of http', { origin: 'https://localhost:3000' }],
  ['a page within a page', { crossOrigin: true }],
  ['another page around it', { crossOrigin: true, topOrigin: 'https://evil.example' }],
  ['another relying party', { rpId: 'evil.example' }],
  ['a part of its name', { rpId: 'host' }],
  ['nobody checked', { unverified: true }],
  ['nobody there', { absent: true }],
  ['the type of an addition', { type: 'webauthn.create' }],
  ['no type', { type: '' }],
  ['a challenge of its own', { challenge: Buffer.from('plw_mine').toString('base64url') }],
  ['no challenge', { challenge: '' }],
  ['another account', { handle: Buffer.from('somebody else').toString('base64url') }],
  ['no account', { handle: undefined }],
  ['a key that may be copied by now', { backupEligible: true }],
]

const wrongAdditions: readonly (readonly [string, Wrongly])[] = [
  ['another origin', { origin: 'https://evil.example' }],
  ['a page within a page', { crossOrigin: true }],
  ['another relying party', { rpId: 'evil.example' }],
  ['nobody checked', { unverified: true }],
  ['nobody there', { absent: true }],
  ['the type of a use', { type: 'webauthn.get' }],
  ['a challenge of its own', { challenge: Buffer.from('plw_mine').toString('base64url') }],
  ['an algorithm that was not asked for', { algorithm: -47 }],
  ['an attestation that was not asked for', { format: 'fido-u2f' }],
  ['an attestation without its statement', { format: 'packed' }],
]

onBothServers('C26', (server) => {
  test('C26: whatever is wrong with a use of a passkey, it is refused alike', async (context) => {
    const { holder, passkey, added, enter, signInOptions, signInBy, tested } = await openHolders(
      server,
      context,
    )
    const ann = await holder(anns)
    const key = passkey()
    await added(ann.token, key)
    const { text } = await enter(passkey())
    for (const [name, wrongly] of wrongUses) {
      const refused = await enter(key, wrongly)
      assert.equal(refused.status, 401, name)
      assert.equal(refused.text, text, name)
    }
    tested.clock.advance(minuteMs)
    for (const part of ['signature', 'authenticatorData', 'clientDataJSON']) {
      const refused = await signInBy(tampered(key.get(await signInOptions()), part))
      assert.equal(refused.status, 401, part)
    }
    assert.equal((await enter(key)).status, 200, 'and nothing is wrong with it otherwise')
  })

  test('C26: whatever is wrong with a new passkey, it is not added', async (context) => {
    const { holder, passkey, addOptions, add, tested } = await openHolders(server, context)
    const ann = await holder(anns)
    for (const [name, wrongly] of wrongAdditions) {
      const refused = await add(ann.token, passkey().create(await addOptions(ann.token), wrongly))
      assert.equal(refused.status, 422, `${name} ${refused.text}`)
    }
    assert.deepEqual((await tested.data.passkey.find()).data, [])
    assert.equal((await add(ann.token, passkey().create(await addOptions(ann.token)))).status, 201)
  })

  test('C26: what is no answer of a browser is told as such', async (context) => {
    const { passkey, signInOptions, ask } = await openHolders(server, context)
    const good = passkey().get(await signInOptions())
    const forms: readonly unknown[] = [
      ...[null, 1, 'text', [], {}, { ...good, id: 7 }, { ...good, rawId: 'other' }],
      ...[
        { ...good, type: 'password' },
        { ...good, id: 'with blanks ' },
        { ...good, response: 1 },
      ],
      ...[
        { ...good, response: {} },
        { ...good, id: 'A'.repeat(2_000) },
      ],
      { ...good, response: { ...good.response, signature: 'A'.repeat(9_000) } },
    ]
    for (const response of forms) {
      const { status, text } = await ask('identity.signInByPasskey', { response })
      assert.equal(status, 422, `${JSON.stringify(response)?.slice(0, 80)} ${text}`)
    }
    const junk = { ...good.response, clientDataJSON: Buffer.from('no JSON').toString('base64url') }
    const { status } = await ask('identity.signInByPasskey', {
      response: { ...good, response: junk },
    })
    assert.equal(status, 401)
  })

  test('C26: a challenge is good for five minutes, once', async (context) => {
    const { holder, passkey, added, addOptions, add, signInOptions, signInBy, tested } =
      await openHolders(server, context)
    const ann = await holder(anns)
    const key = passkey()
    await added(ann.token, key)
    const answer = key.get(await signInOptions())
    assert.equal((await signInBy(answer)).status, 200)
    assert.equal((await signInBy(answer)).status, 401, 'replayed')
    const late = key.get(await signInOptions())
    tested.clock.advance(5 * minuteMs)
    assert.equal((await signInBy(late)).status, 401, 'too old')
    const inTime = key.get(await signInOptions())
    tested.clock.advance(5 * minuteMs - 1_000)
    assert.equal((await signInBy(inTime)).status, 200)
    const { token } = await holder(bobs)
    const lateKey = passkey().create(await addOptions(token))
    tested.clock.advance(5 * minuteMs)
    assert.equal((await add(token, lateKey)).status, 422)
  })

  test('C26: of fifty who show the same answer at once one gets in', async (context) => {
    const { holder, passkey, added, addOptions, add, signInOptions, runtime, tested } =
      await openHolders(server, context)
    const ann = await holder(anns)
    const key = passkey()
    await added(ann.token, key)
    const answer = key.get(await signInOptions())
    const before = await tested.data.session.find({ filter: { userId: ann.id } })
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, at) => enterFrom(runtime, answer, `192.0.2.${at}`)),
    )
    const statuses = all.map(({ status }) => status)
    assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join())
    const after = await tested.data.session.find({ filter: { userId: ann.id } })
    assert.equal(after.data.length, before.data.length + 1)
    const made = passkey().create(await addOptions(ann.token))
    const adds = await Promise.all(Array.from({ length: 10 }, () => add(ann.token, made)))
    assert.equal(adds.filter(({ status }) => status === 201).length, 1)
  })

  test('C26: a challenge is good for one purpose, in one session', async (context) => {
    const { holder, passkey, added, addOptions, add, optionsOf, signInOptions, signInBy, ask } =
      await openHolders(server, context)
    const ann = await holder(anns)
    const bob = await holder(bobs)
    const [annsKey, bobsKey] = [passkey(), passkey()]
    await added(ann.token, annsKey)
    await added(bob.token, bobsKey)
    const stepUp = (token: string, passkey: Answered) =>
      ask('identity.stepUp', { passkey }, { token })
    const stepUpOptions = (token: string) => optionsOf('identity.beginStepUpPasskey', {}, token)
    const forStepUp = annsKey.get(await stepUpOptions(ann.token))
    assert.equal((await signInBy(forStepUp)).status, 401, 'a step up is no sign-in')
    const forSignIn = annsKey.get(await signInOptions())
    assert.equal((await stepUp(ann.token, forSignIn)).status, 401, 'a sign-in is no step up')
    const adding = { ...(await addOptions(ann.token)), rpId: 'localhost' }
    assert.equal((await signInBy(annsKey.get(adding))).status, 401, 'an addition is no sign-in')
    const swapped = await stepUp(ann.token, annsKey.get(adding))
    assert.equal(swapped.status, 401, 'an addition is no step up, in the same session')
    const { challenge } = await stepUpOptions(ann.token)
    const stepping = passkey().create({ ...(await addOptions(ann.token)), challenge })
    assert.equal((await add(ann.token, stepping)).status, 422, 'a step up is no addition')
    const made = passkey().create({ ...(await addOptions(ann.token)), ...(await signInOptions()) })
    assert.equal((await add(ann.token, made)).status, 422, 'a sign-in is no addition')
    const crossed = passkey().create(await addOptions(ann.token))
    assert.equal((await add(bob.token, crossed)).status, 422, 'of another session')
    const second = tokenIn(await signInBy(annsKey.get(await signInOptions())))
    const elsewhere = annsKey.get(await stepUpOptions(ann.token))
    assert.equal((await stepUp(second, elsewhere)).status, 401, 'of another session of hers')
    assert.equal((await stepUp(ann.token, forStepUp)).status, 200, 'where it belongs')
  })

  test('C26: the passkey of somebody else shows nobody', async (context) => {
    const { holder, passkey, added, optionsOf, ask, enter } = await openHolders(server, context)
    const ann = await holder(anns)
    const bob = await holder(bobs)
    const [annsKey, bobsKey] = [passkey(), passkey()]
    await added(ann.token, annsKey)
    await added(bob.token, bobsKey)
    const options = await optionsOf('identity.beginStepUpPasskey', {}, ann.token)
    assert.deepEqual(
      options.allowCredentials?.map(({ id }) => id),
      [annsKey.id],
    )
    for (const wrongly of [{}, { credentialId: annsKey.id }]) {
      const response = bobsKey.get(options, wrongly)
      const refused = await ask('identity.stepUp', { passkey: response }, { token: ann.token })
      assert.equal(refused.status, 401, refused.text)
    }
    assert.equal((await enter(bobsKey, { credentialId: annsKey.id })).status, 401)
  })

  test('C26: a counter that goes back locks the passkey; its owner is told', async (context) => {
    const { holder, passkey, added, enter, ask, tested, mailsTo } = await openHolders(
      server,
      context,
    )
    const ann = await holder(anns)
    const key = passkey(10)
    const id = await added(ann.token, key)
    const session = tokenIn(await enter(key))
    assert.equal(key.counter, 11)
    assert.equal((await enter(key, { counter: 11 })).status, 401, 'the same again')
    assert.equal((await ask('identity.me', {}, { token: session })).status, 401, 'all ends')
    const kept = await tested.data.passkey.get(id)
    assert.ok(kept.lockedAt)
    assert.match((await mailsTo(anns))[0]?.text ?? '', /was locked: its counter went back/)
    key.counter = 100
    assert.equal((await enter(key)).status, 401, 'a copy that counts on gets no further')
    const told = (await mailsTo(anns)).filter(({ text }) => /was locked/.test(text ?? ''))
    assert.equal(told.length, 1)
  })

  test('C26: a counter that never counts is none; one that has counted does', async (context) => {
    const { holder, passkey, added, enter } = await openHolders(server, context)
    const ann = await holder(anns)
    const plain = passkey()
    await added(ann.token, plain)
    assert.equal((await enter(plain)).status, 200)
    assert.equal((await enter(plain)).status, 200)
    const counts = passkey(4_294_967_290)
    await added(ann.token, counts)
    assert.equal((await enter(counts)).status, 200)
    assert.equal((await enter(counts, { counter: 0 })).status, 401)
  })

  test('C26: without its signature a counter locks nothing', async (context) => {
    const { holder, passkey, added, enter, signInOptions, signInBy } = await openHolders(
      server,
      context,
    )
    const ann = await holder(anns)
    const key = passkey(10)
    await added(ann.token, key)
    const old = key.get(await signInOptions(), { counter: 3 })
    assert.equal((await signInBy(tampered(old, 'signature'))).status, 401)
    assert.equal((await enter(key)).status, 200)
  })

  test('C11: whoever is suspended does not come in by a passkey', async (context) => {
    const { holder, passkey, added, enter, tested } = await openHolders(server, context)
    const ann = await holder(anns)
    const key = passkey()
    await added(ann.token, key)
    await tested.data.user.update(ann.id, { suspended: true })
    assert.equal((await enter(key)).text, (await enter(passkey())).text)
  })
})

async function enterFrom(
  runtime: Awaited<ReturnType<typeof openHolders>>['runtime'],
  response: Answered,
  remoteAddress: string,
): Promise<{ readonly status: number }> {
  const as = { credential: undefined }
  const call = { operation: 'identity.signInByPasskey', input: { response }, as }
  return invoke(runtime, { ...call, remoteAddress, traceId: '0'.repeat(32) }).catch((error) => {
    if (error instanceof Failure) return error
    throw error
  })
}
