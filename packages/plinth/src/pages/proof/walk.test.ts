import assert from 'node:assert/strict'
import { test } from 'node:test'
import { password, stand } from './browser.ts'

const anns = 'ann@people.example'
const fresh = 'another horse battery'
// Beside its field, which is marked.
const wrongPassword =
  /^401 [\s\S]*The password is not right\.<\/p>[\s\S]*?"password"[\s\S]*?aria-invalid="true"/

test('an account from its making to a new password, without a script', async (context) => {
  const { browser, link, tested } = await stand(context)
  const ann = browser()
  assert.equal((await ann.open('/account')).at, '/account/sign-in?next=%2Faccount')
  await ann.open('/account/sign-up')
  const made = await ann.press({
    button: 'Make an account',
    fields: { email: anns, name: 'Ann', password },
  })
  assert.match(made.text, /role="status">A mail is on its way/)
  const confirm = await link(anns)
  assert.match(confirm, /^\/account\/verify-email\?token=plv_/)
  // A program that looks at the link, twice.
  for (const _ of [1, 2]) assert.equal((await browser().open(confirm)).status, 200)
  await ann.open('/account/sign-in')
  const early = await ann.press({ button: 'Sign in', fields: { email: anns, password } })
  assert.equal(early.status, 401, 'not before the mail was answered')
  await ann.open(confirm)
  const wrong = await ann.press({ button: 'Confirm the address', fields: { password: fresh } })
  assert.match(`${wrong.status} ${wrong.text}`, wrongPassword)
  const verified = await ann.press({ button: 'Confirm the address', fields: { password } })
  assert.equal(verified.at, '/account?done=email-verified')
  assert.match(verified.text, /Your address is confirmed/)
  await ann.press({ button: 'Sign out' })
  const [user] = (await tested.running.users.records.find('user', {})) as {
    emailVerifiedAt: string
  }[]
  assert.ok(user?.emailVerifiedAt)
  await ann.open('/account/sign-in?next=%2Faccount%2Fchange-name')
  const signedIn = await ann.press({ button: 'Sign in', fields: { email: anns, password } })
  assert.equal(signedIn.at, '/account/change-name')
  assert.match(signedIn.text, /value="Ann"/)
  assert.match(
    signedIn.cookies.join('\n'),
    /^__Host-sid=pls_[\w-]{43}; Path=\/; Secure; HttpOnly; /,
  )
  await ann.press({ button: 'Change the name', fields: { name: 'Ann Other' } })
  assert.match(ann.shown?.text ?? '', /Ann Other/)
  const out = await ann.press({ button: 'Sign out' })
  assert.match(out.text, /You are signed out/)
  assert.match(out.cookies.join('\n'), /__Host-sid=; .*Max-Age=0/)
  assert.equal(ann.jar.size, 0)
  await ann.open('/account/forgot-password')
  assert.match(
    (await ann.press({ button: 'Mail me a link', fields: { email: anns } })).text,
    /If there is/,
  )
  const reset = await link(anns)
  assert.match(reset, /^\/account\/reset-password\?token=plr_/)
  await browser().open(reset)
  await ann.open(reset)
  const short = await ann.press({ button: 'Set the password', fields: { newPassword: 'short' } })
  assert.equal(short.status, 422)
  assert.equal(short.at, '/account/reset-password', 'the token is not in the address any more')
  const set = await ann.press({ button: 'Set the password', fields: { newPassword: fresh } })
  assert.match(set.text, /Your new password is set/)
  await ann.press({ button: 'Sign in', fields: { email: anns, password: fresh } })
  assert.equal(ann.shown?.at, '/account')
})

test('sessions are listed, ended one by one, and all at once', async (context) => {
  const { browser, tested } = await stand(context)
  await tested.user({ email: anns, password })
  const [here, there, third] = [browser(), browser(), browser()]
  for (const one of [here, there, third]) {
    await one.open('/account/sign-in')
    await one.press({ button: 'Sign in', fields: { email: anns, password } })
  }
  const listed = await here.open('/account')
  assert.equal(listed.text.match(/<li><div><strong>/g)?.length, 3)
  assert.equal(listed.text.match(/This one/g)?.length, 1)
  const ended = await here.press({ button: 'End the session' })
  assert.match(ended.text, /The session has ended/)
  const alive = async () =>
    (await Promise.all([there, third].map((one) => one.open('/account')))).filter(
      ({ at }) => at === '/account',
    ).length
  assert.equal(await alive(), 1)
  await here.open('/account')
  await here.press({ button: 'End all other sessions' })
  assert.equal(await alive(), 0)
  assert.equal((await here.open('/account')).at, '/account')
  await here.press({ button: 'Sign out everywhere' })
  assert.equal((await here.open('/account')).at, '/account/sign-in?next=%2Faccount')
})

test('a session is told by what its owner knows again', async (context) => {
  const { browser, tested } = await stand(context)
  const { id } = await tested.user({ email: anns, password })
  const { records } = tested.running.users
  const now = new Date(tested.clock.now()).toISOString()
  const other = { userId: id, expiresAt: '2199-01-01T00:00:00Z', lastUsedAt: now }
  const wheres = [
    { address: '198.51.100.7', place: 'Lima, <b>Peru</b>', method: 'passkey' },
    { address: '10.1.2.3', method: 'link' },
    { method: 'password' },
  ]
  for (const [at, where] of wheres.entries()) {
    await records.create('session', { ...other, tokenHash: `of session ${at}`, ...where })
  }
  const here = browser()
  await here.open('/account/sign-in')
  await here.press({ button: 'Sign in', fields: { email: anns, password } })
  const shown = await here.open('/account')
  const words = shown.text.replaceAll(/<[^>]*>|\s+/g, ' ').replaceAll(/ +/g, ' ')
  assert.match(words, /127\.0\.0\.1, the machine of the server/)
  assert.match(words, /Lima, &lt;b&gt;Peru&lt;\/b&gt; 198\.51\.100\.7 Signed in/)
  assert.match(words, /Signed in \d+ \w+ 20\d\d, \d\d:\d\d UTC by passkey/)
  assert.match(words, /10\.1\.2\.3, a local network/)
})

test('a session that ended meanwhile is gone, as asked; one of others is not', async (context) => {
  const { browser, tested } = await stand(context)
  await tested.user({ email: anns, password })
  const bob = await tested.user({ email: 'bob@people.example' })
  await tested.request('GET', '/api/sessions', { as: bob })
  const ann = browser()
  await ann.open('/account/sign-in')
  await ann.press({ button: 'Sign in', fields: { email: anns, password } })
  const sessions = async () =>
    (await tested.running.users.records.find('session', {})) as { id: string; userId: string }[]
  const [bobs] = (await sessions()).filter(({ userId }) => userId === bob.id)
  await ann.send('/account/end-session', { id: bobs?.id ?? '' })
  assert.equal((await sessions()).length, 2, 'A01: nobody ends the session of others')
  assert.equal((await ann.send('/account/end-session', { id: 'nonsense' })).status, 200)
})

test('by a link or a code: each once, the code in the browser that asked', async (context) => {
  const { browser, link, tested } = await stand(context)
  await tested.user({ email: anns, password })
  const ann = browser()
  await ann.open('/account/send-link?next=%2Faccount%2Ffactors')
  const asked = await ann.press({ button: 'Mail me', fields: { email: anns } })
  assert.match(asked.cookies.join('\n'), /^__Host-attempt=pla_[\w-]{43}; .*; Max-Age=600$/)
  const place = await link(anns)
  const [mail] = await tested.mails()
  const code = /: (\d{8})\./.exec(mail?.text ?? '')?.[1] ?? assert.fail('no code')
  const stranger = browser()
  await stranger.open('/account/enter-code')
  const refused = await stranger.press({ button: 'Sign in', fields: { code } })
  assert.equal(refused.status, 401)
  await ann.press({ button: 'Sign in', fields: { code: '00000000' } })
  assert.equal(ann.shown?.status, 401)
  assert.ok(!ann.shown?.text.includes('00000000'), 'a code never comes back')
  await ann.press({ button: 'Sign in', fields: { code } })
  assert.equal(ann.shown?.at, '/account/factors', 'led on')
  assert.equal(ann.jar.has('__Host-attempt'), false)
  const late = browser()
  await late.open(place)
  const used = await late.press({ button: 'Sign in' })
  assert.equal(used.status, 401, 'one use for both')
  assert.match(used.text, /ask for another/)
})

test('an address changes once its mail was answered', async (context) => {
  const { browser, link, tested } = await stand(context)
  await tested.user({ email: anns, password, verified: false })
  const ann = browser()
  await ann.open('/account/sign-in')
  await ann.press({ button: 'Sign in', fields: { email: anns, password } })
  assert.match(ann.shown?.text ?? '', /not confirmed yet/)
  await ann.press({ button: 'Mail me the link again' })
  assert.match(await link(anns), /verify-email/)
  await ann.open('/account/change-email')
  const next = 'ann@elsewhere.example'
  const wrong = await ann.press({
    button: 'Mail me a link',
    fields: { email: next, password: fresh },
  })
  assert.equal(wrong.status, 401)
  assert.match(wrong.text, new RegExp(`value="${next}"`), 'what was typed is kept')
  assert.ok(!wrong.text.includes(fresh), 'but no password')
  await ann.press({ button: 'Mail me a link', fields: { password } })
  const place = await link(next)
  assert.match(place, /confirm-email\?token=plc_/)
  await ann.open(place)
  const done = await ann.press({ button: 'Use the new address' })
  assert.match(done.text, /Your new address is in place/)
  assert.match(done.text, /ann@elsewhere\.example<br>/)
})

test('a password is changed by whoever knows it', async (context) => {
  const { browser, tested } = await stand(context)
  await tested.user({ email: anns, password })
  const [ann, other] = [browser(), browser()]
  for (const one of [ann, other]) {
    await one.open('/account/sign-in')
    await one.press({ button: 'Sign in', fields: { email: anns, password } })
  }
  await ann.open('/account/change-password')
  const change = (known: string, wanted: string) =>
    ann.press({ button: 'Change the password', fields: { password: known, newPassword: wanted } })
  assert.equal((await change(fresh, fresh)).status, 401)
  const short = await change(password, 'short')
  assert.match(short.text, /<a href="#newPassword">Give at least 15 characters/)
  assert.match(short.text, /<title>Problem: Change your password/)
  assert.equal((await change(password, fresh)).at, '/account?done=password-changed')
  assert.notEqual((await other.open('/account')).at, '/account')
})
