/** Owns the frame around every page: title, name of the app, the page's own content. */

import { html } from '../define/html.ts'
import type { PageName } from '../define/pages.ts'
import type { HttpResponse } from '../http/message.ts'
import { htmlPage } from '../http/page.ts'
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
  consent: 'Let a program in',
  goOn: 'Going on',
  device: 'Let a device in',
  deviceAsked: 'Let a device in',
  deviceDone: 'Your device',
  apps: 'Programs you let in',
  signOutOf: 'Sign out',
  failed: 'That did not work',
})

/** Draws a page and answers with it. */
export function showPage<P extends PageName>(
  visit: Visit,
  name: P,
  { view, status = 200, headers = {} }: Drawn<P>,
): HttpResponse {
  const { site } = visit
  const { logo = site.title, language = 'en' } = site.spec
  const drawn = site.looks[name](view)
  const { title, content } = 'content' in drawn ? drawn : { title: titles[name], content: drawn }
  const body = html`<header><p class="logo">${logo}</p></header>
<main id="main">
${content}
</main>`
  // Told first by a screen reader, and seen in the list of windows.
  const wrong = view.failure !== undefined && name !== 'failed' ? 'Problem: ' : ''
  const page = htmlPage({
    title: `${wrong}${title} – ${site.title}`,
    body: body.text,
    styles: stylesPath,
    ...(runsOn(name, site) ? { script: scriptPath } : {}),
    language,
  })
  return { ...page, status, headers: { ...page.headers, ...headers, ...visit.headers() } }
}
