import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStorage } from 'plinth/client'
import { password, spoiltFetch, stand } from './stand.ts'

const email = 'ann@people.example'

test('signing up, in and out; the token is where it was asked to be', async (context) => {
  const { client, tested } = await stand(context)
  const session = memoryStorage()
  const ann = client({ session })
  const told: string[] = []
  const stop = ann.auth.watch(() => told.push(String(session.get()).slice(0, 4)))
  assert.deepEqual(await ann.auth.signUp({ email, password, name: 'Ann' }).orThrow(), { email })
  await tested.drain()
  const [mail] = await tested.mails()
  const link = /token=([\w-]+)/.exec(mail?.text ?? '')?.[1] ?? ''
  const verified = await ann.auth.verifyEmail({ token: link, password }).orThrow()
  assert.equal(verified?.is, 'signedIn')
  assert.match(String(session.get()), /^pls_/)
  assert.equal((await ann.auth.me().orThrow()).user?.name, 'Ann')
  await ann.auth.signOut().orThrow()
  assert.equal(session.get(), null)
  assert.equal((await ann.auth.me().orThrow()).user, null)
  const wrong = await ann.auth.signIn({ email, password: 'not this one, surely' })
  assert.equal(!wrong.ok && wrong.failure.code, 'invalid_credentials')
  const step = await ann.auth.signIn({ email, password }).orThrow()
  assert.ok(step.is === 'signedIn')
  assert.equal(step.user.email, email)
  assert.ok(!('token' in step), 'a token is in its storage, and nowhere else')
  assert.deepEqual(told, ['pls_', 'null', 'pls_'])
  stop()
  await ann.auth.signOutEverywhere().orThrow()
  assert.deepEqual([told.length, session.get()], [3, null])
})

test('a token that has no session any more is forgotten, and one can sign in', async (context) => {
  const { client, clientOf, tested } = await stand(context)
  const user = await tested.user({ email, password })
  const session = memoryStorage()
  const ann = client({ session })
  await ann.auth.signIn({ email, password }).orThrow()
  const end = async () => (await clientOf(user)).auth.signOutEverywhere().orThrow()
  await end()
  const refused = await ann.data.product.find()
  assert.equal(!refused.ok && refused.failure.code, 'invalid_credentials')
  assert.equal(session.get(), null)
  assert.ok((await ann.data.product.find()).ok)
  await ann.auth.signIn({ email, password }).orThrow()
  await end()
  assert.equal((await ann.auth.signIn({ email, password }).orThrow()).is, 'signedIn')
  const wrong = await ann.auth.changePassword({ password: 'not this one', newPassword: password })
  assert.ok(!wrong.ok)
  assert.match(String(session.get()), /^pls_/, 'a wrong password ends no session')
})

test('who signs out is out here, also where the server was not reached', async (context) => {
  const { clientOf, tested } = await stand(context)
  const user = await tested.user({ email, password })
  const cut = { now: false }
  const { fetch } = spoiltFetch(() => (cut.now ? 'cut' : 'through'))
  const ann = await clientOf(user, { fetch })
  cut.now = true
  const out = await ann.auth.signOut()
  assert.equal(!out.ok && out.failure.code, 'unreachable')
  cut.now = false
  assert.equal((await ann.auth.me().orThrow()).user, null)
})

test('a second factor is a next step with a type of its own', async (context) => {
  const { client, clientOf, tested } = await stand(context)
  const user = await tested.user({ email, password })
  const ann = await clientOf(user)
  const { secret } = await ann.auth.setUpTotp().orThrow()
  const { recoveryCodes } = await ann.auth.confirmTotp({ code: await codeOf(secret) }).orThrow()
  assert.equal((await ann.auth.me().orThrow()).user?.email, email, 'under the new token')
  const other = client()
  const step = await other.auth.signIn({ email, password }).orThrow()
  assert.ok(step.is === 'secondFactor')
  assert.deepEqual(step.factors, ['totp', 'recovery-code'])
  assert.equal((await other.auth.me().orThrow()).user, null, 'it is no session yet')
  const wrong = await step.byCode('000000')
  assert.equal(!wrong.ok && wrong.failure.code, 'invalid_credentials')
  const signedIn = await step.byCode(recoveryCodes[0] ?? '', { trust: true }).orThrow()
  assert.equal(signedIn.user.email, email)
  const { trusted = '' } = signedIn
  const again = await client().auth.signIn({ email, password, trusted }).orThrow()
  assert.equal(again.is, 'signedIn')

  async function codeOf(from: string): Promise<string> {
    const { TOTP, Secret } = await import('otpauth')
    return new TOTP({ secret: Secret.fromBase32(from) }).generate({ timestamp: tested.clock.now() })
  }
})

test('a call that takes a fresh proof asks for it once, and is made again', async (context) => {
  const { clientOf, tested } = await stand(context)
  const user = await tested.user({ email, password })
  await tested.data.vault.create({ word: 'sesame' })
  const asked: string[] = []
  const ann = await clientOf(user, {
    async onStepUp({ failure, auth }) {
      asked.push(failure.code)
      return (await auth.stepUp({ password })).ok
    },
  })
  tested.clock.advance(10 * 60_000)
  const [one, two] = await Promise.all([
    ann.data.vault.find({ fields: ['word'] }),
    ann.auth.setUpTotp(),
  ])
  assert.equal(one.ok && one.value.data[0]?.word, 'sesame')
  assert.ok(two.ok)
  assert.deepEqual(asked, ['step_up_required'])
  const wont = await clientOf(user, { onStepUp: async () => false })
  tested.clock.advance(10 * 60_000)
  const refused = await wont.data.vault.find()
  assert.equal(!refused.ok && refused.failure.code, 'step_up_required')
  const silent = await clientOf(user)
  tested.clock.advance(10 * 60_000)
  const plain = await silent.data.vault.find()
  assert.equal(!plain.ok && plain.failure.code, 'step_up_required')
})

test('guests, and flows that have no name here', async (context) => {
  const { client } = await stand(context)
  const session = memoryStorage()
  const visitor = client({ session })
  const made = await visitor.auth.continueAsGuest()
  if (made.ok) {
    assert.equal((await visitor.auth.me().orThrow()).guest, true)
  } else {
    assert.equal(made.failure.code, 'not_found')
    assert.equal(session.get(), null)
  }
  const passkey = await visitor.auth.signInByPasskey()
  assert.ok(!passkey.ok)
  assert.equal(passkey.failure.code, 'passkeys_unavailable')
  const none = await visitor.auth.call('noSuchFlow')
  assert.equal(!none.ok && none.failure.code, 'not_found')
})
