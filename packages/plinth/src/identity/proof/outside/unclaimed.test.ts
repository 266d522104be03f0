import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openIssuer } from './issuer.ts'
import { openStand, password } from './stand.ts'

const anns = 'ann@acme.example'

/** Mallory has signed up with Ann's address, and nobody has answered the mail. */
async function hijacked(context: TestContext, vouchesFor: readonly string[]) {
  const issuer = await openIssuer(context)
  issuer.person = { sub: '1', email: anns, email_verified: true, name: 'Ann' }
  const stand = await openStand(context, {
    trusted: [{ name: 'acme', url: issuer.url, vouchesFor }],
  })
  const post = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' }
    const request = { method: 'POST', headers, body: JSON.stringify(body) }
    return fetch(`${stand.origin}/api/identity/${path}`, request)
  }
  assert.equal((await post('sign-up', { email: anns, password })).status, 201)
  const confirm = await stand.link(anns)
  const users = async () =>
    (await stand.records.find('user', {})) as { id: string; passwordHash: string | null }[]
  const [first] = await users()
  return { ...stand, post, users, confirm, first: first?.id, ann: stand.browser() }
}

type Hijacked = Awaited<ReturnType<typeof hijacked>>

/** Whose the account is now, and that nothing of Mallory's opens it. */
async function demandAnns({ users, post, confirm, first, tested }: Hijacked): Promise<void> {
  const [user, ...more] = await users()
  assert.equal(more.length, 0)
  assert.notEqual(user?.id, first, 'made anew')
  assert.equal(user?.passwordHash, null)
  assert.equal((await post('sign-in', { email: anns, password })).status, 401)
  const token = new URL(confirm, 'http://localhost').searchParams.get('token')
  assert.equal((await post('verify-email', { token, password })).status, 401)
  await tested.drain()
  const texts = (await tested.mails()).map(({ text }) => text ?? '')
  assert.ok(texts.some((text) => /That password opens nothing/.test(text)))
}

test('C17: an unclaimed sign-up keeps nobody out whose address is vouched for', async (context) => {
  const scene = await hijacked(context, ['acme.example'])
  const seen = await scene.ann.open('/account/with/acme')
  assert.equal(seen.at, '/account', seen.text)
  await demandAnns(scene)
})

test('C17: nor whoever answers the mail that asks whose the address is', async (context) => {
  const scene = await hijacked(context, [])
  const { ann, link } = scene
  await ann.open('/account/with/acme')
  assert.equal(ann.seen.at, '/account/give-address')
  await ann.press('Mail me a link')
  const place = await link(anns)
  assert.match(place, /^\/account\/finish-sign-up\?token=plm_/)
  await ann.open(place)
  await ann.press('Make the account')
  assert.equal(ann.seen.at, '/account', ann.seen.text)
  await demandAnns(scene)
})

test('C17: nor whoever changes to the address', async (context) => {
  const { browser, tested, link, users } = await hijacked(context, [])
  const mail = 'ann@people.example'
  await tested.user({ email: mail, password })
  const ann = browser()
  await ann.open('/account/sign-in')
  await ann.press('Sign in', { email: mail, password })
  await ann.open('/account/change-email')
  await ann.press('Mail me a link', { email: anns, password })
  await ann.open(await link(anns))
  await ann.press('Use the new address')
  assert.equal(ann.seen.at, '/account?done=email-changed', ann.seen.text)
  assert.equal((await users()).length, 1)
})
