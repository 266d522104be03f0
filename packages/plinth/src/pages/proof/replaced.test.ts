import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PageName } from '../../define/pages.ts'
import { html, oidc } from '../../index.ts'
import { showPage } from '../frame.ts'
import { looks } from '../looks/looks.ts'
import type { Visit } from '../visit.ts'
import { password, stand } from './browser.ts'

const anns = 'ann@people.example'
const names = Object.keys(looks) as PageName[]

/** Each page, in the place of ours, says its name. */
const replace = Object.fromEntries(
  names.map((name) => [
    name,
    () => ({ title: `own ${name}`, content: html`<h1>own ${name}</h1>` }),
  ]),
)

type Stage = readonly (readonly [page: PageName, path: string])[]

const anonymous: Stage = [
  ['signIn', 'sign-in'],
  ['signUp', 'sign-up'],
  ['sendLink', 'send-link'],
  ['enterCode', 'enter-code'],
  ['signInByLink', 'sign-in-by-link?token=x'],
  ['forgotPassword', 'forgot-password'],
  ['resetPassword', 'reset-password?token=x'],
  ['verifyEmail', 'verify-email?token=x'],
  ['confirmEmail', 'confirm-email?token=x'],
  ['confirmUpgrade', 'confirm-upgrade?token=x'],
  ['finishSignUp', 'finish-sign-up?token=x'],
  ['failed', 'nothing'],
]

const inAccount: Stage = [
  ['account', ''],
  ['changeName', 'change-name'],
  ['changeEmail', 'change-email'],
  ['changePassword', 'change-password'],
  ['factors', 'factors'],
  ['stepUp', 'step-up'],
  ['identities', 'identities'],
  ['deleteAccount', 'delete'],
  ['download', 'download'],
  ['removePassword', 'remove-password'],
  ['keys', 'keys'],
  ['makeKey', 'make-key'],
  ['makeAgentToken', 'make-agent-token'],
]

test('an app can put its own in the place of each page', async (context) => {
  const people = await stand(context, {
    accounts: { guests: true },
    signInWith: [oidc('acme', { issuer: 'https://id.acme.example', title: 'Acme' })],
    pages: { replace },
  })
  const showsOwn = (name: PageName, { text }: { readonly text: string }): void => {
    assert.match(text, RegExp(`<title>(?:Problem: )?own ${name} – People &amp; Co</title>`), name)
    assert.match(text, RegExp(`<h1>own ${name}</h1>`), name)
  }
  const visitor = people.browser()
  for (const [name, path] of anonymous) showsOwn(name, await visitor.open(`/account/${path}`))
  const guest = people.browser()
  await guest.call('/api/identity/continue-as-guest', { cookie: true })
  showsOwn('upgrade', await guest.open('/account/upgrade'))
  const { id } = await people.tested.user({ email: anns, password })
  const ann = people.browser()
  await ann.send('/account/sign-in', { email: anns, password })
  for (const [name, path] of inAccount) {
    showsOwn(name, await ann.open(path === '' ? '/account' : `/account/${path}`))
  }
  showsOwn('setUpTotp', await ann.send('/account/set-up-totp', {}))
  showsOwn('recoveryCodes', await withCodes())
  showsOwn('secondFactor', await secondStep())

  async function withCodes() {
    await people.tested.running.users.records.update('user', id, { secondFactor: true })
    await ann.send('/account/step-up', {})
    const [session] = await people.tested.running.users.records.find('session', {
      filter: { userId: id },
    })
    await people.tested.running.users.records.update('session', String(session?.id), {
      assurance: 2,
    })
    return ann.send('/account/new-recovery-codes', {})
  }

  async function secondStep() {
    const next = people.browser()
    return next.send('/account/sign-in', { email: anns, password })
  }
})

test('a page of an app keeps what belongs to its form, whatever it draws', async (context) => {
  const people = await stand(context, {
    pages: {
      replace: {
        deleteAccount: ({ form, delayDays, failure, links }) => html`<h1>Leave</h1>
<p role="alert">${failure}</p><p>${delayDays}</p>
<form method="post" action="${form.action}"><input type="hidden" name="sure" value="yes">
<button>Leave</button></form><a href="${links.account}">Stay</a>`,
      },
    },
  })
  await people.tested.user({ email: anns, password })
  const ann = people.browser()
  await ann.send('/account/sign-in', { email: anns, password })
  await ann.open('/account/delete')
  assert.match((await ann.press({ button: 'Leave' })).text, /Your account is deleted/)
})

// Those behind walks of their own (programs, organisations, identities) are drawn by the same call.
test('each page is drawn by what stands in its place', () => {
  const site = { title: 'People', spec: {}, looks: { ...looks, ...replace }, home: '/account' }
  const visit = { site, headers: () => ({}) } as unknown as Visit
  for (const name of names) {
    const { body } = showPage(visit, name, { view: {} as never })
    assert.match(String(body), RegExp(`<h1>own ${name}</h1>`), name)
  }
})
