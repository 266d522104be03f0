import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Browser, password, stand } from './browser.ts'

const organisations = {
  roles: { admin: ['members.invite', 'members.manage'], member: [] },
} as const

async function signedIn(browser: Browser, email: string, at = '/account'): Promise<void> {
  await browser.open(`/account/sign-in?next=${encodeURIComponent(at)}`)
  await browser.press({ button: 'Sign in', fields: { email, password } })
}

test('an organisation is founded, joined and handed over by forms alone', async (context) => {
  const { tested, browser, link } = await stand(context, { organisations })
  const [anns, bens] = ['ann@people.example', 'ben@people.example']
  await tested.user({ email: anns, name: 'Ann', password })
  await tested.user({ email: bens, name: 'Ben', password })
  const [ann, ben] = [browser(), browser()]
  await signedIn(ann, anns)
  assert.match(ann.shown?.text ?? '', /href="\/account\/organisations"/)
  await ann.open('/account/organisations')
  const made = await ann.press({ button: 'Found it', fields: { name: 'Acme <&>' } })
  assert.match(
    made.text,
    /founded, and you work in it[\s\S]*Acme &lt;&amp;&gt;[\s\S]*You work here/,
  )
  const place = /href="(\/account\/organisations\/[0-9a-f-]{36})"/.exec(made.text)?.[1] ?? ''
  await ann.open(place)
  const wrong = await ann.press({ button: 'Invite', fields: { email: 'no', role: 'admin' } })
  assert.equal(wrong.status, 422)
  assert.match((await ann.open(place)).text, /<title>Acme &lt;&amp;&gt; – People/)
  assert.match(wrong.text, /aria-invalid="true"[\s\S]*<option value="admin" selected>/)
  const sent = await ann.press({ button: 'Invite', fields: { email: bens, role: 'admin' } })
  assert.match(sent.text, /on its way[\s\S]*Invited[\s\S]*ben@people\.example/)
  const first = await link(bens)
  await ann.press({ button: 'Send again' })
  const mailed = await link(bens)
  assert.notEqual(mailed, first)

  const shown = await ben.open(mailed)
  assert.match(shown.text, /Sign in with the address/)
  assert.match(shown.text, /You are invited to Acme &lt;[\s\S]*Ann invites you[\s\S]*, as admin\./)
  assert.doesNotMatch(shown.text, />Join</)
  const next = /href="(\/account\/sign-in\?next=[^"]+)"/.exec(shown.text)?.[1] ?? ''
  await ben.open(next.replaceAll('&amp;', '&'))
  const back = await ben.press({ button: 'Sign in', fields: { email: bens, password } })
  assert.equal(back.at, mailed, 'led back to the invitation')
  const joined = await ben.press({ button: 'Join' })
  assert.match(joined.text, /You are a member[\s\S]*Acme[\s\S]*You are admin/)
  for (const used of [first, mailed]) {
    const gone = await ben.open(used)
    assert.match(gone.text, /<title>Problem: An invitation[\s\S]*was used or taken back/)
    assert.doesNotMatch(gone.text, />Join<|Decline/)
  }
})

test('an organisation has an owner always, and ends by no wrong touch', async (context) => {
  const { tested, browser } = await stand(context, { organisations })
  const [anns, bens] = ['ann@people.example', 'ben@people.example']
  const owner = await tested.member(await tested.user({ email: anns, name: 'Ann', password }))
  const ben = await tested.user({ email: bens, name: 'Ben', password })
  await tested.member(ben, { of: owner, role: 'admin' })
  const place = `/account/organisations/${owner.organisation.id}`
  const [annsPage, bensPage] = [browser(), browser()]
  await signedIn(annsPage, anns)
  await signedIn(bensPage, bens)
  const roles = (await annsPage.open(place)).text
  assert.match(roles, /<option value="member">member<\/option><option value="admin">/)
  const bensView = await bensPage.open(place)
  assert.doesNotMatch(bensView.text, /Delete the organisation/)
  assert.doesNotMatch(bensView.text, /<option value="owner"/, 'nobody gives what they lack')
  const alone = await annsPage.open(place).then(() => annsPage.press({ button: 'Leave' }))
  assert.equal(alone.status, 409)
  assert.match(alone.text, /Nobody else owns this organisation/)
  const handed = await annsPage.send(`${place}/change-role`, { user: ben.id, role: 'owner' })
  assert.match(handed.text, /The role is changed/)
  const left = await annsPage.press({ button: 'Leave' })
  assert.match(left.text, /You have left the organisation[\s\S]*You are in none yet/)
  assert.equal((await annsPage.open(place)).status, 404, 'who has left finds nothing')
  await bensPage.open(place)
  const unsure = await bensPage.press({ button: 'Delete the organisation', fields: { sure: '' } })
  assert.equal(unsure.status, 422)
  assert.match(unsure.text, /nobody deletes an organisation by one wrong touch/)
  const fields = { sure: 'yes' }
  const asked = await bensPage.press({ button: 'Delete the organisation', fields })
  assert.ok(asked.at.startsWith('/account') && asked.status === 200, asked.at)
})

test('an invitation is declined without an account, and withdrawn', async (context) => {
  const { tested, browser, link } = await stand(context, { organisations })
  const anns = 'ann@people.example'
  await tested.user({ email: anns, password })
  const ann = browser()
  await signedIn(ann, anns, '/account/organisations')
  const made = await ann.press({ button: 'Found it', fields: { name: 'Acme' } })
  const place = /href="(\/account\/organisations\/[0-9a-f-]{36})"/.exec(made.text)?.[1] ?? ''
  await ann.open(place)
  await ann.press({ button: 'Invite', fields: { email: 'x@people.example', role: 'member' } })
  const stranger = browser()
  await stranger.open(await link('x@people.example'))
  const declined = await stranger.press({ button: 'Decline the invitation' })
  assert.match(declined.text, /The invitation is declined/)
  await ann.open(place)
  await ann.press({ button: 'Invite', fields: { email: 'y@people.example', role: 'member' } })
  const mailed = await link('y@people.example')
  assert.match((await ann.press({ button: 'Withdraw' })).text, /withdrawn/)
  assert.match((await stranger.open(mailed)).text, /was used or taken back/)
  const token = mailed.slice(mailed.indexOf('=') + 1)
  assert.equal((await stranger.send('/account/decline-invitation', { token })).status, 401)
  const chosen = await ann
    .open('/account/organisations')
    .then(() => ann.press({ button: 'Work in none' }))
  assert.match(chosen.text, /You work in no organisation/)
  assert.match((await ann.press({ button: 'Work here' })).text, /You work here/)
})

test('an invitation of somebody else is told as that, and leads to them', async (context) => {
  const { tested, browser, link } = await stand(context, { organisations })
  const [anns, bens] = ['ann@people.example', 'ben@people.example']
  for (const email of [anns, bens]) await tested.user({ email, password })
  const [ann, ben] = [browser(), browser()]
  await signedIn(ann, anns, '/account/organisations')
  const made = await ann.press({ button: 'Found it', fields: { name: 'Acme' } })
  await ann.open(/href="(\/account\/organisations\/[0-9a-f-]{36})"/.exec(made.text)?.[1] ?? '')
  await ann.press({ button: 'Invite', fields: { email: bens, role: 'member' } })
  const mailed = await link(bens)
  const other = await ann.open(mailed)
  assert.match(other.text, /sent to another address than the one that you are signed in with/)
  assert.doesNotMatch(other.text, />Join</)
  await ann.press({ button: 'Sign out, and in again' })
  const back = await ann.press({ button: 'Sign in', fields: { email: bens, password } })
  assert.equal(back.at, mailed)
  assert.match((await ann.press({ button: 'Join' })).text, /You are a member/)
  const cut = await ben.open('/account/accept-invitation')
  assert.equal(cut.status, 401)
  assert.match(cut.text, /The address is not whole: follow the link of the mail again/)
})

test('an app without organisations has no pages of theirs', async (context) => {
  const { tested, browser } = await stand(context)
  await tested.user({ email: 'ann@people.example', password })
  const ann = browser()
  await signedIn(ann, 'ann@people.example')
  assert.doesNotMatch(ann.shown?.text ?? '', /organisations/)
  const paths = ['organisations', `organisations/${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}`]
  for (const path of [...paths, 'accept-invitation?token=x']) {
    assert.equal((await ann.open(`/account/${path}`)).status, 404)
  }
})

test('a key is made for one organisation, by a form that offers them', async (context) => {
  const { tested, browser } = await stand(context, { organisations })
  const ann = browser()
  const anns = 'ann@people.example'
  const user = await tested.user({ email: anns, password })
  const { organisation } = await tested.member(user)
  const other = await tested.member(await tested.user())
  await signedIn(ann, anns)
  const shown = await ann.open('/account/make-key')
  assert.match(shown.text, new RegExp(`<option value="${organisation.id}">test-`))
  assert.ok(!shown.text.includes(other.organisation.id), 'those of others are not offered')
  const fields = { name: 'till', scopes: 'read', organisation: organisation.id }
  const wrong = await ann.press({ button: 'Make the key', fields: { ...fields, scopes: 'x.y' } })
  assert.match(wrong.text, new RegExp(`<option value="${organisation.id}" selected>`))
  const made = await ann.press({ button: 'Make the key', fields })
  assert.match(made.text, /<code>plk_/)
  assert.match((await ann.open('/account/keys')).text, /till<\/strong> <code>.*<\/code> in test-/)
  const foreign = { ...fields, organisation: other.organisation.id, expiresInDays: '3' }
  const refused = await ann.send('/account/make-key', foreign)
  assert.match(refused.text, /not a member of it/)
  await ann.open('/account/make-agent-token')
  const lent = { agent: 'helper', scopes: 'read', organisation: organisation.id }
  await ann.press({ button: 'Make the token', fields: lent })
  assert.match((await ann.open('/account/keys')).text, /helper<\/strong> <code>.*<\/code> in test-/)
})

test('who manages the members sees and ends the keys that work there', async (context) => {
  const { tested, browser } = await stand(context, { organisations })
  const [anns, bens] = ['ann@people.example', 'ben@people.example']
  const owner = await tested.member(await tested.user({ email: anns, password }))
  const { organisation } = owner
  const user = await tested.user({ email: bens, name: 'Ben', password })
  await tested.member(user, { of: owner })
  const [ann, ben] = [browser(), browser()]
  const place = `/account/organisations/${organisation.id}`
  await signedIn(ben, bens, '/account/make-key')
  const fields = { name: 'till <1>', scopes: 'read', organisation: organisation.id }
  const made = await ben.press({ button: 'Make the key', fields })
  const token = /<code>(plk_[^<]+)<\/code>/.exec(made.text)?.[1] ?? ''
  assert.doesNotMatch((await ben.open(place)).text, /Keys and programs that work here/)
  await signedIn(ann, anns, place)
  const shown = await ann.open(place)
  assert.match(
    shown.text,
    /Keys and programs that work here[\s\S]*till &lt;1&gt;[\s\S]*of Ben[\s\S]*Never used/,
  )
  assert.ok(!shown.text.includes(token))
  const id = /name="key" value="([0-9a-f-]{36})"/.exec(shown.text)?.[1] ?? ''
  const alien = await ben.send(`${place}/end-key`, { key: id })
  assert.equal(alien.status, 403)
  const ended = await ann.press({ button: 'End' })
  assert.match(ended.text, /The key is ended/)
  assert.doesNotMatch(ended.text, /Keys and programs that work here/)
  const headers = { authorization: `Bearer ${token}` }
  const late = await tested.request('GET', '/api/identity/me', { headers })
  assert.equal(late.status, 401)
})
