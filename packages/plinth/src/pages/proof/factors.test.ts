import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { type Browser, password, type Stand, stand } from './browser.ts'

const anns = 'ann@people.example'

async function signIn(ann: Browser): Promise<void> {
  await ann.open('/account/sign-in?next=%2Faccount%2Fchange-name')
  await ann.press({ button: 'Sign in', fields: { email: anns, password } })
}

/** An account with an authenticator app, set up by its pages. */
async function setUp({ browser, tested }: Stand) {
  await tested.user({ email: anns, password })
  const ann = browser()
  await signIn(ann)
  tested.clock.advance(6 * 60_000)
  await ann.open('/account/factors')
  await ann.press({ button: 'Set up' })
  assert.equal(ann.shown?.at, '/account/step-up?next=%2Faccount%2Ffactors', 'a fresh proof first')
  const before = ann.jar.get('__Host-sid')
  assert.equal((await ann.press({ button: 'Go on', fields: { password: 'wrong' } })).status, 401)
  await ann.press({ button: 'Go on', fields: { password } })
  assert.equal(ann.shown?.at, '/account/factors')
  assert.notEqual(ann.jar.get('__Host-sid'), before, 'C12: another token')
  const made = await ann.press({ button: 'Set up' })
  assert.match(made.text, /<img class="qr" src="data:image\/svg\+xml,%3Csvg/)
  const [, grouped = ''] = /<code>([A-Z2-7 ]+)<\/code>/.exec(made.text) ?? []
  const secret = Secret.fromBase32(grouped.replaceAll(' ', ''))
  const code = () => new TOTP({ secret }).generate({ timestamp: tested.clock.now() })
  return { ann, code }
}

test('a second factor is set up, asked for, trusted and given up', async (context) => {
  const people = await stand(context)
  const { tested, browser } = people
  const { ann, code } = await setUp(people)
  const wrong = await ann.press({ button: 'Turn it on', fields: { code: '000000' } })
  assert.equal(wrong.status, 401)
  assert.match(wrong.text, /type the next code/)
  const on = await ann.press({ button: 'Turn it on', fields: { code: code() } })
  const codes = on.text.match(/<li><code>[^<]+/g)?.map((one) => one.replace(/.*>/, '')) ?? []
  assert.equal(codes.length, 10)
  assert.match((await ann.open('/account/factors')).text, /Remove the authenticator app/)

  const second = browser()
  await signIn(second)
  assert.equal(second.shown?.at, '/account/second-factor?next=%2Faccount%2Fchange-name')
  assert.match(second.shown?.cookies.join() ?? '', /^__Host-pending=plp_[\w-]{43}; .*Max-Age=600$/)
  assert.equal(second.jar.has('__Host-sid'), false, 'C13: no session before the second step')
  assert.match((await second.open('/account')).at, /sign-in/)
  await second.open('/account/second-factor?next=%2Faccount%2Fchange-name')
  assert.equal((await second.press({ button: 'Sign in', fields: { code: '000000' } })).status, 401)
  tested.clock.advance(30_000)
  await second.press({ button: 'Sign in', fields: { code: code(), trust: 'yes' } })
  assert.equal(second.shown?.at, '/account/change-name')
  assert.equal(second.jar.has('__Host-pending'), false)
  assert.match(second.jar.get('__Host-trusted') ?? '', /^plt?/)

  await second.open('/account')
  await second.press({ button: 'Sign out' })
  assert.ok(second.jar.has('__Host-trusted'), 'a device stays trusted')
  await signIn(second)
  assert.equal(second.shown?.at, '/account/change-name', 'no code on a trusted device')

  const third = browser()
  await signIn(third)
  await third.press({ button: 'Sign in', fields: { code: codes[0] ?? '' } })
  assert.equal(third.shown?.at, '/account/change-name', 'by a recovery code')
  tested.clock.advance(60_000)
  await third.open('/account/factors')
  const anew = await third.press({ button: 'Make new recovery codes' })
  assert.equal(anew.text.match(/<li><code>/g)?.length, 10)
  tested.clock.advance(6 * 60_000)
  await third.open('/account/factors')
  await third.press({ button: 'Remove' })
  assert.match(third.shown?.text ?? '', /authenticator app, or a recovery code/, 'C16')
  await third.press({ button: 'Go on', fields: { code: code() } })
  await third.press({ button: 'Remove' })
  assert.match(third.shown?.text ?? '', /The second factor is removed/)
})

test('the second step is nothing without the first', async (context) => {
  const { browser } = await stand(context)
  const one = browser()
  assert.match((await one.open('/account/second-factor')).at, /sign-in/)
  one.jar.set('__Host-pending', `plp_${'a'.repeat(43)}`)
  await one.open('/account/second-factor')
  const refused = await one.press({ button: 'Sign in', fields: { code: '123456' } })
  assert.equal(refused.status, 401)
  assert.match(refused.text, /begin it again/)
})
