/** Owns the looks of sign-in by other providers: their buttons, and the pages of identities. */

import { type Html, html } from '../../define/html.ts'
import type { PageIdentity, PageProvider } from '../../define/pages.ts'
import type { Looks } from '../visit.ts'
import { button, emailField, formOf, opening, timeOf, ways } from './parts.ts'

/** Ways in by other providers: plain links, which no script and no form has to help. */
export function providerLinks(
  providers: readonly PageProvider[],
  words = 'Sign in with',
): Html | undefined {
  if (providers.length === 0) return undefined
  return html`<ul class="providers">${providers.map(
    ({ title, address }) => html`<li><a href="${address}">${words} ${title}</a></li>`,
  )}</ul>`
}

type Outside = 'identities' | 'linkIdentity' | 'giveAddress' | 'finishSignUp'

/** Identities: the list, linking one, an account for one. */
export const outsideLooks: Pick<Looks, Outside> = {
  identities: (view) => html`${opening('Other ways to sign in', view)}
${view.links.waiting === undefined ? undefined : waits(view.links.waiting)}
${
  view.identities.length === 0
    ? html`<p>No other provider is linked to your account.</p>`
    : html`<ul class="sessions">${view.identities.map((one) =>
        identityOf(one, view.actions.unlink),
      )}</ul>`
}
${providerLinks(view.providers, 'Link an identity of')}
${ways([['Back to the account', view.links.account]])}`,

  linkIdentity: (view) => html`${opening(`Link your identity of ${view.provider}`, view)}
<p>From now on you can sign in to this account with ${who(view)}. Do it only if that is you.</p>
${formOf(view.form, { fields: [], button: 'Link it' })}
${ways([['Do not link it', view.links.account]])}`,

  giveAddress: (view) => html`${opening('One more step', view)}
<p>${view.provider} does not vouch for an e-mail address of yours. You get a mail with a link that
makes your account: open it in this browser.</p>
${formOf(view.form, { fields: [emailField], button: 'Mail me a link' })}
${ways([['I have an account', view.links.signIn]])}`,

  finishSignUp: (view) => html`${opening('Make your account', view)}
<p>The address is yours, and so is the identity that you began with in this browser.</p>
${formOf(view.form, { fields: [], button: 'Make the account' })}
${ways([['Sign in another way', view.links.signIn]])}`,
}

function who({
  provider,
  email,
}: {
  readonly provider: string
  readonly email?: string | undefined
}) {
  return email === undefined
    ? html`<strong>${provider}</strong>`
    : html`<strong>${provider}</strong>, as <strong>${email}</strong>`
}

function waits(address: string): Html {
  return html`<p class="notice"><a href="${address}">An identity waits to be linked</a></p>`
}

function identityOf({ id, title, email, lastUsedAt }: PageIdentity, action: string): Html {
  const place = email === undefined ? undefined : html`<br><span class="faint">${email}</span>`
  const time = html`<time datetime="${lastUsedAt}">${timeOf(lastUsedAt)}</time>`
  const about = `the identity of ${title}`
  const unlink = button(action, 'Unlink', { weight: 'ends', hidden: { id }, about })
  return html`<li><div><strong>${title}</strong>${place}<br>
<span class="faint">Last used ${time}</span></div>
${unlink}</li>`
}
