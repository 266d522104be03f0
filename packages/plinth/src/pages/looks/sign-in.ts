/** Owns the looks of the pages on which somebody signs in or makes an account. */

import { type Html, html } from '../../define/html.ts'
import type { PageViews } from '../../define/pages.ts'
import type { Looks } from '../visit.ts'
import { providerLinks } from './outside.ts'
import {
  button,
  codeField,
  emailField,
  formOf,
  newPasswordField,
  opening,
  passwordField,
  tickOf,
  ways,
} from './parts.ts'
import { passkeyForm } from './passkeys.ts'

type SigningIn =
  | 'signIn'
  | 'signUp'
  | 'sendLink'
  | 'enterCode'
  | 'signInByLink'
  | 'secondFactor'
  | 'stepUp'

/** Where browsers offer passkeys beside addresses. */
const passkeyField = Object.freeze({ ...emailField, fill: 'username webauthn' } as const)

/** Signing in, signing up, the second step. */
export const signInLooks: Pick<Looks, SigningIn> = {
  signIn: (view) => html`${opening('Sign in', view)}
${formOf(view.form, {
  fields: [view.passkey === undefined ? emailField : passkeyField, passwordField],
  button: 'Sign in',
})}
${passkeyForm(view.passkey, { use: 'sign-in', label: 'Sign in with a passkey' })}
${providerLinks(view.providers)}
${ways([
  ['Mail me a link or a code instead', view.links.sendLink],
  ['I forgot my password', view.links.forgotPassword],
  ['Make an account', view.links.signUp],
])}`,

  signUp: (view) => html`${opening('Make an account', view)}
${formOf(view.form, {
  fields: [
    emailField,
    { name: 'name', label: 'Name', type: 'text', fill: 'name', optional: true },
    newPasswordField('password', 'Password'),
  ],
  button: 'Make an account',
})}
${providerLinks(view.providers, 'Go on with')}
${ways([['I have an account', view.links.signIn]])}`,

  sendLink: (view) => html`${opening('Sign in by mail', view)}
<p>You get a mail with a link and a code. Either signs you in, once.</p>
${formOf(view.form, { fields: [emailField], button: 'Mail me a link or a code' })}
${ways([['Sign in by password', view.links.signIn]])}`,

  enterCode: (view) => html`${opening('Enter the code', view)}
<p>Follow the link of the mail, or type its code here. Never tell it to anybody.</p>
${formOf(view.form, {
  fields: [{ ...codeField, keys: 'numeric', hint: 'Eight digits.' }],
  button: 'Sign in',
})}
${ways([['Ask for another mail', view.links.sendLink]])}`,

  signInByLink: (view) => html`${opening('Sign in by link', view)}
<p>The link of the mail signs you in, once.</p>
${formOf(view.form, { fields: [], button: 'Sign in' })}
${ways([['Sign in another way', view.links.signIn]])}`,

  secondFactor: (view) => html`${opening('Second step', view)}
${passkeyForm(view.passkey, { use: 'show', label: 'Use a passkey' })}
${formOf(view.form, {
  fields: [{ ...codeField, hint: 'Six digits of your authenticator app, or a recovery code.' }],
  more: tickOf(view.form, {
    ...{ name: 'trust', label: 'Do not ask for a code on this device for 30 days' },
  }),
  button: 'Sign in',
})}
${ways([['Begin again', view.links.signIn]])}`,

  stepUp: (view) => html`${opening('Show that it is you', view)}
<p>What you are about to do needs a fresh proof. It counts for five minutes.</p>
${passkeyForm(view.passkey, { use: 'show', label: 'Use a passkey' })}
${view.asked && shownAgain(view.form, view.asked)}
${providerLinks(view.providers, 'Show it with')}
<details><summary>I have none of these at hand</summary>
<p>Sign out, and sign in again as you do: that is a fresh proof, too. By another provider it is one
only where that says when it has asked you.</p>
${button(view.actions.signOut, 'Sign out')}</details>
${ways([['Back to the account', view.links.account]])}`,
}

function shownAgain(form: PageViews['stepUp']['form'], asked: 'password' | 'code'): Html {
  const field =
    asked === 'code'
      ? { ...codeField, hint: 'Six digits of your authenticator app, or a recovery code.' }
      : passwordField
  return formOf(form, { fields: [field], button: 'Go on' })
}
