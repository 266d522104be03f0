/** Owns the looks of the pages that mails lead to, and of what could not be shown. */

import { html } from '../../define/html.ts'
import type { Looks } from '../visit.ts'
import {
  emailField,
  formOf,
  newPasswordField,
  opening,
  passwordField,
  tickOf,
  ways,
} from './parts.ts'

type ByMail = 'forgotPassword' | 'resetPassword' | 'verifyEmail' | 'confirmEmail' | 'failed'

/** Forgotten passwords, addresses, failures. */
export const byMailLooks: Pick<Looks, ByMail> = {
  forgotPassword: (view) => html`${opening('Forgotten password', view)}
<p>You get a mail with a link. It lets you set a new password.</p>
${formOf(view.form, { fields: [emailField], button: 'Mail me a link' })}
${ways([['Sign in', view.links.signIn]])}`,

  resetPassword: (view) => html`${opening('Set a new password', view)}
<p>All your sessions end: sign in afterwards with the new password.</p>
${formOf(view.form, {
  fields: [newPasswordField('newPassword', 'New password')],
  more: tickOf(view.form, {
    ...{ name: 'endKeys', label: 'End all API keys, too: somebody else may have made one' },
  }),
  button: 'Set the password',
})}
${ways([['Ask for another mail', view.links.forgotPassword]])}`,

  verifyEmail: (view) => html`${opening('Confirm your address', view)}
<p>The mail reached you: confirm that its address is yours.</p>
${formOf(view.form, {
  fields: view.asked ? [{ ...passwordField, hint: 'The one that you chose.' }] : [],
  button: 'Confirm the address',
})}
${ways([
  ['Forgotten password', view.asked ? view.links.forgotPassword : undefined],
  ['Your account', view.links.account],
])}`,

  confirmEmail: (view) => html`${opening('Confirm your new address', view)}
<p>From then on you sign in with the address that the mail came to.</p>
${formOf(view.form, { fields: [], button: 'Use the new address' })}
${ways([['Your account', view.links.account]])}`,

  failed: (view) => html`<h1>${view.heading}</h1>
<p role="alert">${view.failure}</p>
<p class="faint">Status ${view.status}. If you ask for help, give this:
<code>${view.traceId}</code></p>
${ways([['Your account', view.links.account]])}`,
}
