/** Owns the looks of the second factor's pages. */

import { type Html, html } from '../../define/html.ts'
import type { PageViews } from '../../define/pages.ts'
import type { Looks } from '../visit.ts'
import { button, codeField, formOf, opening, ways } from './parts.ts'
import { passkeyList } from './passkeys.ts'

/** The second factor, its set-up, its recovery codes. */
export const factorLooks: Pick<Looks, 'factors' | 'setUpTotp' | 'recoveryCodes'> = {
  factors: (view) => html`${opening('Second factor', view)}
${demanded(view)}
${view.on ? turnedOn(view) : turnedOff(view)}
${passkeyList(view)}
${passwordOf(view)}
${leaving(view)}`,

  setUpTotp: (view) => html`${opening('Set up an authenticator app', view)}
${view.made === undefined ? retry() : shown(view.made)}
${formOf(view.form, {
  fields: [{ ...codeField, keys: 'numeric', hint: 'The six digits that the app shows now.' }],
  button: 'Turn it on',
})}
${ways([['Begin again', view.links.factors]])}`,

  recoveryCodes: (view) => html`${opening('Recovery codes', view)}
<p><strong>Keep these codes now: they are not shown again.</strong> Each stands once for your second
factor where you do not have it at hand. Those that you had before count no more.</p>
<ul class="codes">${view.codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
${ways([['I have kept them: go on', view.links.account]])}`,
}

type Factors = PageViews['factors']

/** Nobody is led round in a circle: what is asked for, and the one other way, out. */
function demanded({ demanded: held, passkeys }: Factors): Html | undefined {
  if (held === undefined) return undefined
  const { sendVerification, changeEmail } = held
  const add = passkeys?.add === undefined ? undefined : html`, or add a passkey below`
  const confirm =
    sendVerification &&
    html`<p>Confirm your address first: a mail brings the link.</p>
<div class="buttons">${button(sendVerification, 'Send the mail', { weight: 'main' })}</div>
${ways([['It is not your address any more', changeEmail]])}`
  return html`<p><strong>Before anything else, this app asks you for a second factor.</strong> Set
up an authenticator app${add}. Then you go on where you were.</p>
${confirm}`
}

function leaving({ demanded: held, links }: Factors): Html | undefined {
  if (held === undefined) return ways([['Back to the account', links.account]])
  return html`<div class="buttons">${button(held.signOut, 'Sign out')}</div>`
}

function turnedOn({ actions, totp, canAsk }: Factors): Html {
  const steps = [...(canAsk ? ['a passkey'] : []), ...(totp ? ['a code of your app'] : [])]
  const fresh = button(actions.newRecoveryCodes, 'Make new recovery codes', { weight: 'main' })
  const off = totp
    ? button(actions.remove, 'Remove the authenticator app', { weight: 'ends' })
    : button(actions.setSecondFactor, 'Ask for no second step', {
        ...{ weight: 'ends', hidden: { on: 'no' } },
      })
  return html`<p>Signing in by a password or a mail takes a second step: ${steps.join(' or ')}, or
a recovery code.</p>
<div class="buttons">
${fresh}
${totp ? undefined : button(actions.setUp, 'Set up an authenticator app')}
${off}
</div>`
}

function turnedOff({ actions, canAsk }: Factors): Html {
  const ask = button(actions.setSecondFactor, 'Ask for a passkey after a password', {
    hidden: { on: 'yes' },
  })
  return html`<p>With a second factor nobody signs in by your password alone. You need an app that
shows codes, such as one that keeps your passwords. All your other sessions end.</p>
<div class="buttons">
${button(actions.setUp, 'Set up an authenticator app', { weight: 'main' })}
${canAsk ? ask : undefined}
</div>`
}

function passwordOf({ password, links }: Factors): Html | undefined {
  if (!password) {
    return html`<h2>Password</h2>
<p>Your account has none.</p>
${ways([['Set one by mail', links.forgotPassword]])}`
  }
  return ways([['Remove the password', links.removePassword]])
}

function shown({ qr, secret, uri }: NonNullable<PageViews['setUpTotp']['made']>): Html {
  // Groups of four are easier to type; the app leaves the spaces out.
  const grouped = secret.replace(/(.{4})(?=.)/g, '$1 ')
  return html`<ol><li>Scan this with the app, or type the key below into it.</li>
<li>Type the code that it shows then.</li></ol>
<div class="plate">${qr}</div>
<dl class="facts"><div><dt>Key</dt><dd><code>${grouped}</code></dd></div></dl>
<details><summary>The same as an address</summary><p><code class="long">${uri}</code></p></details>`
}

function retry(): Html {
  return html`<p>The app has the key already, if you scanned it: type the next code that it shows.
If not, begin again.</p>`
}
