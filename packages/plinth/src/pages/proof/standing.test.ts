import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearAway } from '../../app/housekeeping.ts'
import { anyone, belongsTo, html, identity, kit, text } from '../../index.ts'
import { type Browser, password, type Stand, stand } from './browser.ts'

const anns = 'ann@people.example'
const dayMs = 86_400_000

const shop = kit('shop', {
  uses: [identity],
  models: {
    basket: {
      fields: { what: text({ max: 80 }), owner: belongsTo('user', { onDelete: 'cascade' }) },
      access: {
        read: ({ row, me }) => row.ownerId.eq(me.id),
        create: ({ row, me }) => row.ownerId.eq(me.id).and(me.signedIn.or(me.isGuest)),
      },
    },
    thing: {
      fields: { label: text({ max: 80 }), basket: belongsTo('basket', { onDelete: 'cascade' }) },
      access: { read: ({ row, me }) => row.basket.ownerId.eq(me.id) },
    },
    post: {
      fields: { words: text({ max: 80 }), author: belongsTo('user', { onDelete: 'cascade' }) },
      access: { read: anyone },
    },
    secret: {
      fields: { words: text({ max: 80 }), about: belongsTo('user', { onDelete: 'cascade' }) },
      access: { read: ({ me }) => me.is('admin') },
    },
  },
})

const declared = { kits: [identity, shop], accounts: { guests: true, deletionDelayDays: 0 } }

async function signedIn({ browser, tested }: Stand, email = anns, more: object = {}) {
  const { id } = await tested.user({ email, password, name: 'Ann', ...more })
  const ann = browser()
  await ann.open('/account/sign-in')
  await ann.press({ button: 'Sign in', fields: { email, password } })
  return { ann, id }
}

async function guestOf({ browser }: Stand): Promise<Browser> {
  const one = browser()
  assert.equal((await one.call('/api/identity/continue-as-guest', { cookie: true })).status, 201)
  return one
}

test('a guest becomes an account on pages, by the code or the link of a mail', async (context) => {
  const people = await stand(context, declared)
  const { records } = people.tested.running.users
  const byCode = await guestOf(people)
  assert.equal((await byCode.open('/account')).at, '/account/sign-in?next=%2Faccount', 'no account')
  const [{ id } = { id: '' }] = (await records.find('user', {})) as { id: string }[]
  assert.equal((await byCode.call('/api/baskets', { what: 'tea', ownerId: id })).status, 201)
  const led = await byCode.open('/account/sign-up?next=%2Faccount%2Fkeys')
  assert.equal(led.at, '/account/upgrade?next=%2Faccount%2Fkeys', 'a guest keeps what is theirs')
  await byCode.open('/account/upgrade')
  const short = await byCode.press({ button: 'Make an account', fields: { email: anns } })
  assert.equal(short.status, 422)
  assert.match(short.text, /at least 15/)
  const asked = await byCode.press({
    ...{ button: 'Make an account', fields: { email: anns, password, name: 'Ann' } },
  })
  assert.match(asked.at, /^\/account\/confirm-upgrade\?done=upgrade-asked/)
  const wrong = await byCode.press({ button: 'Make my account', fields: { code: '00000000' } })
  assert.match(wrong.text, /wrong, was used, or is too old/)
  const link = await people.link(anns)
  assert.match(link, /^\/account\/confirm-upgrade\?token=plu_/)
  // Whoever reads the mail elsewhere is told where it counts.
  const elsewhere = people.browser()
  assert.match((await elsewhere.open(link)).text, /not the browser in which you began/)
  const token = link.slice(link.indexOf('plu_'))
  assert.equal((await elsewhere.send('/account/confirm-upgrade', { token })).status, 409)
  await byCode.open(link)
  const made = await byCode.press({ button: 'Make my account' })
  assert.equal(made.at, '/account?done=upgraded')
  assert.match(made.text, /You have an account now/)
  const kept = (await records.find('basket', {})) as { ownerId: string }[]
  assert.equal(kept[0]?.ownerId, id)
  const users = (await records.find('user', {})) as { id: string; guest: boolean; name: string }[]
  assert.deepEqual(
    users.map((user) => [user.id, user.guest, user.name]),
    [[id, false, 'Ann']],
  )
})

test('a guest can sign in, by the same page', async (context) => {
  const people = await stand(context, declared)
  await people.tested.user({ email: anns, password })
  const guest = await guestOf(people)
  await guest.open('/account/sign-in')
  const shown = await guest.press({ button: 'Sign in', fields: { email: anns, password } })
  assert.equal(shown.at, '/account')
  assert.equal((await guest.open('/account/upgrade')).at, '/account')
})

test('without guests there is no such page', async (context) => {
  const { browser } = await stand(context)
  assert.equal((await browser().open('/account/upgrade')).status, 404)
})

test('staff who acts as somebody sees so on every page, and ends it there', async (context) => {
  const replace = { account: () => html`<h1>Mine</h1>` }
  const people = await stand(context, { ...declared, pages: { replace } })
  const { id } = await people.tested.user({ email: anns, name: '<Ann>' })
  const staff = { roles: ['admin'], name: 'Sam' }
  const { ann: sam } = await signedIn(people, 'sam@people.example', staff)
  assert.doesNotMatch((await sam.open('/account')).text, /You act as/)
  const begun = { user: id, reason: 'Order 7 <is> stuck', cookie: true }
  assert.equal((await sam.call('/api/identity/impersonate', begun)).status, 200)
  people.tested.clock.advance(10 * 60_000)
  const pages = ['', '/change-name', '/sign-in-by-link?token=x', '/nothing', '/factors', '/delete']
  for (const path of pages) {
    const { text } = await sam.open(`/account${path}`)
    assert.match(text, /You act as &lt;Ann&gt;\.<\/strong> You are Sam/, path)
    assert.match(text, /Reason: Order 7 &lt;is&gt; stuck/, path)
    assert.match(text, /20 minutes left/, path)
  }
  assert.match((await sam.open('/account')).text, /<h1>Mine<\/h1>/, 'a page that was replaced, too')
  const refused = await sam.open('/account/delete')
  assert.match(refused.text, /Delete your account/)
  const forbidden = await sam.press({ button: 'Delete my account', fields: { sure: 'yes' } })
  assert.equal(forbidden.status, 403)
  assert.match(forbidden.text, /Only the person can do this/)
  const ended = await sam.press({ button: 'End' })
  assert.match(ended.text, /You are signed out/)
  assert.doesNotMatch((await sam.open('/account/sign-in')).text, /You act as/)
  const sessions = await people.tested.running.users.records.find('session', {})
  assert.ok(!sessions.some(({ method }) => method === 'impersonation'))
})

test('an account ends by its page: ticked, freshly proven, at once', async (context) => {
  const people = await stand(context, declared)
  const { ann } = await signedIn(people)
  await ann.open('/account/delete')
  const unsure = await ann.press({ button: 'Delete my account' })
  assert.equal(unsure.status, 422)
  assert.match(unsure.text, /Tick the box/)
  people.tested.clock.advance(6 * 60_000)
  const asked = await ann.press({ button: 'Delete my account', fields: { sure: 'yes' } })
  assert.equal(asked.at, '/account/step-up?next=%2Faccount%2Fdelete')
  await ann.press({ button: 'Go on', fields: { password } })
  const gone = await ann.press({ button: 'Delete my account', fields: { sure: 'yes' } })
  assert.match(gone.at, /^\/account\/sign-in\?done=account-deleted/)
  assert.match(gone.text, /Your account is deleted/)
  assert.equal(ann.jar.has('__Host-sid'), false)
  assert.deepEqual(await people.tested.running.users.records.find('user', {}), [])
})

test('where an app waits, the account says when, and can be kept', async (context) => {
  const people = await stand(context, { ...declared, accounts: { deletionDelayDays: 7 } })
  const { records } = people.tested.running.users
  const { ann } = await signedIn(people)
  assert.match((await ann.open('/account/delete')).text, /It ends in 7 days/)
  const shown = await ann.press({ button: 'Delete my account', fields: { sure: 'yes' } })
  assert.match(shown.text, /will be deleted on <time[^>]*>8 Jan 2026/)
  const kept = await ann.press({ button: 'Keep my account' })
  assert.match(kept.text, /Your account stays/)
  people.tested.clock.advance(6 * dayMs + 23 * 3_600_000)
  await clearAway(people.tested.running.runtime)
  assert.equal((await records.find('user', {})).length, 1)
})

test('a file holds what is theirs, and nothing of others or past the rules', async (context) => {
  const people = await stand(context, declared)
  const { records } = people.tested.running.users
  const { ann, id } = await signedIn(people)
  const bob = await people.tested.user({ email: 'bob@people.example', name: 'Bob' })
  const owners = [...Array<string>(250).fill(id), bob.id]
  for (const [at, ownerId] of owners.entries()) {
    const basket = await records.create('basket', { what: `basket ${at}`, ownerId })
    if (at % 50 === 0) await records.create('thing', { label: `t${at}`, basketId: basket.id })
  }
  await records.create('secret', { words: 'not for her', aboutId: id })
  await records.create('post', { words: 'hers', authorId: id })
  await records.create('post', { words: 'of another', authorId: bob.id })
  await ann.open('/account/download')
  const file = await ann.press({ button: 'Download the file' })
  assert.equal(file.headers.get('content-disposition'), 'attachment; filename="your-data.json"')
  const { app, records: own } = JSON.parse(file.text) as {
    readonly app: string
    readonly records: Record<string, readonly Record<string, unknown>[]>
  }
  assert.equal(app, 'People & Co')
  assert.deepEqual(
    own.user?.map(({ email }) => email),
    [anns],
  )
  assert.equal(own.basket?.length, 250)
  assert.equal(new Set(own.basket?.map((basket) => basket.id)).size, 250)
  assert.deepEqual(own.thing?.map(({ label }) => label).sort(), [
    't0',
    't100',
    't150',
    't200',
    't50',
  ])
  assert.equal(own.post?.length, 1)
  assert.equal(own.session?.length, 1)
  assert.doesNotMatch(file.text, /basket 250|Bob|of another|not for her|passwordHash|tokenHash/)
  people.tested.clock.advance(6 * 60_000)
  await ann.open('/account/download')
  const asked = await ann.press({ button: 'Download the file' })
  assert.equal(asked.at, '/account/step-up?next=%2Faccount%2Fdownload')
})

test('a large file is sent as it is read, and never held whole', async (context) => {
  const people = await stand(context, declared)
  const { tested, origin } = people
  const { ann, id } = await signedIn(people)
  const rows = 30_000
  await tested.running.runtime.database.query({
    text: `insert into shop.basket (id, created_at, updated_at, version, what, owner_id)
      select gen_random_uuid(), $2::timestamptz, $2::timestamptz, 1, repeat('x', 60) || n, $1::uuid
      from generate_series(1, ${rows}) n`,
    values: [id, new Date(tested.clock.now()).toISOString()],
  })
  const parts = async (): Promise<number> => {
    const { rows: counted } = await tested.running.runtime.database.query({
      text: "select count(*) from plinth.audit where operation = 'identity.exportAccount'",
      values: [],
    })
    return Number(counted[0]?.[0])
  }
  const file = await fetch(`${origin}/account/download`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...{ origin: 'null', 'sec-fetch-site': 'same-origin' },
      cookie: [...ann.jar].map((pair) => pair.join('=')).join('; '),
    },
  })
  assert.equal(file.status, 200)
  let before = -1
  for (let now = await parts(); now > before; now = await parts()) {
    before = now
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  assert.ok(before < rows / 1_000, `${before} parts were asked for though nobody reads`)
  const { records: own } = (await file.json()) as { records: Record<string, { id: string }[]> }
  assert.equal(new Set(own.basket?.map((basket) => basket.id)).size, rows)
  assert.ok((await parts()) >= rows / 1_000)
})
