/** Owns the frame around every page: title, name of the app, the page's own content. */

import { type Html, html, type TitledContent } from '../define/html.ts'
import type { PageName } from '../define/pages.ts'
import type { HttpResponse } from '../http/message.ts'
import { htmlPage } from '../http/page.ts'
import { actingBanner } from './looks/banner.ts'
import { runsOn, scriptPath } from './script.ts'
import { stylesPath } from './theme.ts'
import type { Drawn, Visit } from './visit.ts'

/** What the window is called, for pages that do not say so themselves. */
const titles: Readonly<Record<PageName, string>> = Object.freeze({
  signIn: 'Sign in',
  signUp: 'Make an account',
  sendLink: 'Sign in by mail',
  enterCode: 'Enter the code',
  signInByLink: 'Sign in by link',
  secondFactor: 'Second step',
  forgotPassword: 'Forgotten password',
  resetPassword: 'Set a new password',
  verifyEmail: 'Confirm your address',
  confirmEmail: 'Confirm your new address',
  account: 'Your account',
  changeName: 'Change your name',
  changeEmail: 'Change your address',
  changePassword: 'Change your password',
  factors: 'Second factor',
  setUpTotp: 'Set up an authenticator app',
  recoveryCodes: 'Recovery codes',
  stepUp: 'Show that it is you',
  identities: 'Other ways to sign in',
  linkIdentity: 'Link an identity',
  giveAddress: 'One more step',
  finishSignUp: 'Make your account',
  upgrade: 'Make an account',
  confirmUpgrade: 'Confirm your address',
  deleteAccount: 'Delete your account',
  download: 'Download your data',
  removePassword: 'Remove your password',
  keys: 'Keys and agents',
  makeKey: 'Make a key',
  makeAgentToken: 'Lend an agent a token',
  madeKey: 'A new key',
  consent: 'Let a program in',
  goOn: 'Going on',
  device: 'Let a device in',
  deviceAsked: 'Let a device in',
  deviceDone: 'Your device',
  apps: 'Programs you let in',
  signOutOf: 'Sign out',
  organisations: 'Your organisations',
  organisation: 'An organisation',
  acceptInvitation: 'You are invited',
  failed: 'That did not work',
})

/** Draws a page and answers with it. */
export function showPage<P extends PageName>(
  visit: Visit,
  name: P,
  { view, status = 200, headers = {} }: Drawn<P>,
): HttpResponse {
  const { site } = visit
  const drawn = site.looks[name](view)
  const { title, content } = 'content' in drawn ? drawn : { title: titles[name], content: drawn }
  // Told first by a screen reader, and seen in the list of windows.
  const wrong = view.failure !== undefined && name !== 'failed' ? 'Problem: ' : ''
  const page = framed(visit, {
    ...{ title: `${wrong}${title}`, content },
    ...(runsOn(name, site) ? { script: scriptPath } : {}),
  })
  return { ...page, status, headers: { ...page.headers, ...headers, ...visit.headers() } }
}

/** Draws a page of the app's own, and answers with it. */
export function showOwn(visit: Visit, drawn: Html | TitledContent): HttpResponse {
  const page = framed(visit, 'content' in drawn ? drawn : { title: undefined, content: drawn })
  return { ...page, headers: { ...page.headers, ...visit.headers() } }
}

interface Framed {
  /** Undefined: the app's alone. */
  readonly title: string | undefined
  readonly content: Html
  readonly script?: string
}

function framed({ site, acting }: Visit, { title, content, script }: Framed): HttpResponse {
  const { logo = site.title, language = 'en' } = site.spec
  const named = site.home === '/' ? html`<a href="/">${logo}</a>` : html`${logo}`
  const body = html`${acting && actingBanner(acting)}
<header><p class="logo">${named}</p></header>
<main id="main">
${content}
</main>`
  return htmlPage({
    title: title === undefined ? site.title : `${title} – ${site.title}`,
    body: body.text,
    styles: stylesPath,
    language,
    ...(script === undefined ? {} : { script }),
  })
}
