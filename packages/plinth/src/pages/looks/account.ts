/** Owns the looks of an account: what it is, its sessions, and the pages that change it. */

import { type Html, html } from '../../define/html.ts'
import type { AccountView, PageSession } from '../../define/pages.ts'
import type { Looks } from '../visit.ts'
import { button, formOf, newPasswordField, opening, timeOf, ways } from './parts.ts'

type Account = 'account' | 'changeName' | 'changeEmail' | 'changePassword'

const back = 'Back to the account'

/** The account and its changes. */
export const accountLooks: Pick<Looks, Account> = {
  account: (view) => html`${opening('Your account', view)}
<dl class="facts">
${facts(view)}
</dl>
${leaving(view)}
${unconfirmed(view)}
${due(view)}
<h2 id="sessions">Sessions</h2>
<p>Wherever you are signed in. End what you do not know, and change your password.</p>
<ul class="sessions" aria-labelledby="sessions">
${view.sessions.map((session) => sessionOf(session, view.actions.endSession))}
</ul>
<div class="buttons">
${button(view.actions.signOut, 'Sign out', { weight: 'main' })}
${elsewhere(view)}
${button(view.actions.signOutEverywhere, 'Sign out everywhere', { weight: 'ends' })}
</div>
${ways([
  ['Download your data', view.links.download],
  ['Delete your account', view.deletionAt === undefined ? view.links.deleteAccount : undefined],
])}`,

  changeName: (view) => html`${opening('Change your name', view)}
${formOf(view.form, {
  fields: [{ name: 'name', label: 'Name', type: 'text', fill: 'name', optional: true }],
  button: 'Change the name',
})}
${ways([[back, view.links.account]])}`,

  changeEmail: (view) => html`${opening('Change your address', view)}
<p>The new address gets a mail. Once you follow its link, you sign in with that address.</p>
${formOf(view.form, {
  fields: [
    { name: 'email', label: 'New e-mail address', type: 'email', fill: 'email' },
    { name: 'password', label: 'Password', type: 'password', fill: 'current-password' },
  ],
  button: 'Mail me a link',
})}
${ways([[back, view.links.account]])}`,

  changePassword: (view) => html`${opening('Change your password', view)}
<p>All your other sessions end.</p>
${formOf(view.form, {
  fields: [
    { name: 'password', label: 'Password as it is', type: 'password', fill: 'current-password' },
    newPasswordField('newPassword', 'New password'),
  ],
  button: 'Change the password',
})}
${ways([[back, view.links.account]])}`,
}

function facts({ name, secondFactor, links, ...view }: AccountView): readonly Html[] {
  return [
    fact('Name', name ?? 'Not given', change('name', links.changeName)),
    fact('E-mail address', addressOf(view), change('e-mail address', links.changeEmail)),
    fact('Password', 'Not shown', change('password', links.changePassword)),
    fact(
      'Passkeys and second factor',
      secondFactor ? 'Signing in takes a second step' : 'Signing in takes no second step',
      change('factor', links.secondFactor),
    ),
    fact(
      'Keys and agents',
      'What calls in your name',
      html`<a href="${links.keys}">See<span class="unseen"> the keys</span></a>`,
    ),
    ...elsewhereOf(links.identities),
    ...organisationsOf(links.organisations),
    ...programsOf(links.apps),
  ]
}

function organisationsOf(address: string | undefined): readonly Html[] {
  if (address === undefined) return []
  const way = html`<a href="${address}">See<span class="unseen"> the organisations</span></a>`
  return [fact('Organisations', 'Those you work in', way)]
}

function programsOf(address: string | undefined): readonly Html[] {
  if (address === undefined) return []
  const way = html`<a href="${address}">See<span class="unseen"> the programs</span></a>`
  return [fact('Programs', 'Those you let into your account', way)]
}

function elsewhereOf(address: string | undefined): readonly Html[] {
  if (address === undefined) return []
  return [fact('Other ways to sign in', 'By other providers', change('other ways', address))]
}

function elsewhere({ sessions, actions }: AccountView): Html | undefined {
  if (sessions.length < 2) return undefined
  return button(actions.signOutElsewhere, 'End all other sessions')
}

function fact(term: string, value: string | Html, way: Html): Html {
  return html`<div><dt>${term}</dt><dd>${value}</dd><dd class="way">${way}</dd></div>`
}

function change(what: string, address: string): Html {
  return html`<a href="${address}">Change<span class="unseen"> the ${what}</span></a>`
}

function addressOf({ email, emailVerified }: Pick<AccountView, 'email' | 'emailVerified'>): Html {
  const state = emailVerified
    ? html`<span class="good">confirmed</span>`
    : html`<span class="bad">not confirmed yet</span>`
  return html`${email}<br>${state}`
}

function leaving({ deletionAt, actions }: AccountView): Html | undefined {
  if (deletionAt === undefined || actions.keep === undefined) return undefined
  const time = html`<time datetime="${deletionAt}">${timeOf(deletionAt)}</time>`
  return html`<div class="trouble"><p>Your account will be deleted on ${time}.</p>
${button(actions.keep, 'Keep my account', { weight: 'main' })}</div>`
}

function unconfirmed({ actions }: AccountView): Html | undefined {
  if (actions.sendVerification === undefined) return undefined
  return html`<div class="aside"><p>Confirm your address by the link that was mailed to it.</p>
${button(actions.sendVerification, 'Mail me the link again')}</div>`
}

function due({ secondFactorDueAt, links }: AccountView): Html | undefined {
  if (secondFactorDueAt === undefined) return undefined
  const time = html`<time datetime="${secondFactorDueAt}">${timeOf(secondFactorDueAt)}</time>`
  return html`<div class="aside"><p>This app asks you for a second factor: from ${time} on you
reach nothing without one.</p>
${ways([['Set one up now', links.secondFactor]])}</div>`
}

function sessionOf(session: PageSession, action: string): Html {
  const { id, device = 'An unknown device', current } = session
  const end = current
    ? html`<strong class="good">This one</strong>`
    : button(action, 'End', { hidden: { id }, about: `the session on ${device}` })
  return html`<li><div><strong>${device}</strong>${whereOf(session)}
<br><span class="faint">${begunOf(session)}</span>
<br><span class="faint">Last used ${when(session.lastUsedAt)}</span></div>
${end}</li>`
}

const networkWords = Object.freeze({
  same: 'the network you are in now',
  machine: 'the machine of the server',
  local: 'a local network',
})

/** Such as `Berlin, Germany: 192.0.2.1, the network you are in now`. */
function whereOf({ address, place, network }: PageSession): Html | undefined {
  if (address === undefined) return undefined
  const words = network === undefined ? undefined : `, ${networkWords[network]}`
  const at = place === undefined ? undefined : html`${place}<br>`
  return html`<br>${at}<span class="faint">${address}${words}</span>`
}

const methodWords: Readonly<Record<string, string>> = Object.freeze({
  password: 'by password',
  link: 'by a link',
  code: 'by a code',
  passkey: 'by passkey',
  outside: 'by another provider',
  guest: 'as a guest',
})

/** Such as `Signed in 21 Nov 2026, 09:30 UTC by passkey`. */
function begunOf({ method, startedAt, reason = 'none given' }: PageSession): Html {
  if (method === 'impersonation') return html`Acts as you since ${when(startedAt)}: ${reason}`
  return html`Signed in ${when(startedAt)} ${methodWords[method]}`
}

function when(instant: string): Html {
  return html`<time datetime="${instant}">${timeOf(instant)}</time>`
}
