/** Owns the looks of the pages of guests, of leaving, and of taking one's data along. */

import { type Html, html } from '../../define/html.ts'
import type { PageViews } from '../../define/pages.ts'
import type { Looks } from '../visit.ts'
import { codeField, formOf, newPasswordField, opening, tickOf, ways } from './parts.ts'

type Standing = 'upgrade' | 'confirmUpgrade' | 'deleteAccount' | 'download' | 'removePassword'

const back = 'Back to the account'

/** Guests, deletion, data. */
export const standingLooks: Pick<Looks, Standing> = {
  upgrade: (view) => html`${opening('Make an account', view)}
<p>What you have here as a guest stays yours. You get a mail with a link and a code: follow the
link in this browser, or type the code here.</p>
${formOf(view.form, {
  fields: [
    { name: 'email', label: 'E-mail address', type: 'email', fill: 'username' },
    { name: 'name', label: 'Name', type: 'text', fill: 'name', optional: true },
    newPasswordField('password', 'Password'),
  ],
  button: 'Make an account',
})}
${ways([['I have an account', view.links.signIn]])}`,

  confirmUpgrade: (view) => html`${opening('Confirm your address', view)}
${view.here ? confirming(view) : elsewhere()}
${ways([
  ['Ask for another mail', view.links.upgrade],
  ['I have an account', view.links.signIn],
])}`,

  deleteAccount: (view) => html`${opening('Delete your account', view)}
<p>${consequence(view.delayDays)}</p>
<p>What is yours alone goes with it. Where others refer to you, such as in orders and bills, that
stays without your name and address.</p>
${formOf(view.form, {
  fields: [],
  more: tickOf(view.form, { name: 'sure', label: 'Delete my account, with what is mine' }),
  button: 'Delete my account',
  weight: 'ends',
})}
${ways([
  ['Download your data first', view.links.download],
  [back, view.links.account],
])}`,

  download: (view) => html`${opening('Download your data', view)}
<p>You get a file (JSON) with your account, and with whatever in this app is yours and you may
see.</p>
${formOf(view.form, { fields: [], button: 'Download the file' })}
${ways([[back, view.links.account]])}`,

  removePassword: (view) => html`${opening('Remove your password', view)}
<p>From then on you sign in by a passkey, by another provider, or by a mail. A new password can be
set by mail. All your other sessions end.</p>
${formOf(view.form, { fields: [], button: 'Remove the password' })}
${ways([['Back to the second factor', view.links.factors]])}`,
}

function confirming({ asked, form }: PageViews['confirmUpgrade']): Html {
  const words = asked
    ? 'Type the code of the mail, or follow its link in this browser.'
    : 'The mail reached you: its address becomes that of your account.'
  return html`<p>${words}</p>
${formOf(form, {
  fields: asked ? [{ ...codeField, keys: 'numeric', hint: 'Eight digits.' }] : [],
  button: 'Make my account',
})}`
}

function consequence(delayDays: number): string {
  if (delayDays === 0) return 'It ends at once, and nobody can bring it back.'
  const days = delayDays === 1 ? '1 day' : `${delayDays} days`
  return `It ends in ${days}. Until then you can sign in and keep it.`
}

function elsewhere(): Html {
  return html`<p class="problem">This is not the browser in which you began: go back to it, and
follow the link of the mail there, or type its code.</p>`
}
