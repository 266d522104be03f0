/** Owns the looks of the pages about programs of others: let in, listed, shut out. */

import type {
  PageApp,
  PageChoice,
  PageScope,
  ProgramPageViews,
} from '../../define/app/program-pages.ts'
import { type Html, html } from '../../define/html.ts'
import type { Looks } from '../visit.ts'
import { button, codeField, formOf, hiddenOf, opening, organisationField, ways } from './parts.ts'

/** Programs of others. */
export const consentLooks: Pick<Looks, keyof ProgramPageViews> = {
  consent: (view) => html`${opening(`Let ${view.program.name} in?`, view)}
<p><strong>${view.program.name}</strong> asks to be let into your account at ${view.app}.</p>
${unknown(view.program.registered)}
${list(view)}
<p>You will be sent to <strong>${view.host}</strong>.</p>
${answers(view)}`,

  goOn: (view) => html`${opening('Going on', view)}
<p>You are being sent on. If nothing happens, <a href="${view.place}">go on here</a>.</p>`,

  device: (view) => html`${opening('Let a device in', view)}
<p>Type the code that your device shows. Where it stands here already, compare it with your
device. Never use a code that somebody sent you or told you.</p>
${formOf(view.form, { fields: [{ ...codeField, fill: 'off' }], button: 'Look what it asks for' })}`,

  deviceAsked: (view) => html`${opening(`Let ${view.program.name} in?`, view)}
<p>A device that shows the code <strong>${view.code}</strong> wants
<strong>${view.program.name}</strong> to be let into your account at ${view.app}.</p>
<p>Say no where you have not just begun this yourself, where another code stands on your device, or
where somebody sent you here: whoever holds the device is let in.</p>
${unknown(view.program.registered)}
${list(view)}
${answers(view)}`,

  deviceDone: (view) =>
    view.allowed
      ? html`${opening('Your device is let in', view)}<p>Go on there. You can close this page.</p>`
      : html`${opening('Your device is not let in', view)}<p>You can close this page.</p>`,

  apps: (view) => html`${opening('Programs you let in', view)}
${
  view.apps.length === 0
    ? html`<p>There are none.</p>`
    : html`<ul class="sessions">${view.apps.map((one) => appOf(one, view.actions.remove))}</ul>`
}
${ways([['Back to the account', view.links.account]])}`,

  signOutOf: (view) => html`${opening('Sign out?', view)}
<p>A program asks that you sign out of ${view.app}.${
    view.host === undefined ? undefined : html` You will be sent to <strong>${view.host}</strong>.`
  }</p>
${button(view.action, 'Sign out', { weight: 'main', hidden: view.hidden })}
${ways([['Stay signed in', view.links.account]])}`,
}

function unknown(registered: boolean): Html | undefined {
  if (registered) return undefined
  return html`<p class="bad">Nobody here has checked this program: all that is known of it is its
address.</p>`
}

interface Offered {
  readonly scopes: readonly PageScope[]
  readonly lasting: boolean
  readonly days: number
}

function list({ scopes, lasting, days }: Offered): Html {
  const until = lasting ? html`also when you sign out` : html`until you sign out`
  return html`<p>It would:</p>
<ul>${scopes.map(({ words }) => html`<li>${words}</li>`)}</ul>
<p>For at most ${days} days, ${until}, unless you shut it out before.</p>`
}

interface Answered {
  readonly action: string
  readonly hidden: Readonly<Record<string, string>>
  readonly organisations: readonly PageChoice[]
}

function answers({ action, hidden, organisations }: Answered): Html {
  if (organisations.length > 0) {
    return html`<form method="post" action="${action}">${hiddenOf(hidden)}
${organisationField(organisations)}
<div class="buttons"><button class="main" name="allow" value="yes">Let it in</button>
<button class="quiet" name="allow" value="no">No</button></div></form>`
  }
  return html`<div class="buttons">
${button(action, 'Let it in', { weight: 'main', hidden: { ...hidden, allow: 'yes' } })}
${button(action, 'No', { hidden: { ...hidden, allow: 'no' } })}
</div>`
}

function appOf({ id, name, scopes, organisation }: PageApp, action: string): Html {
  const place = organisation === null ? undefined : html` in ${organisation.name}`
  return html`<li><div><strong>${name}</strong>${place}
<ul class="scopes">${scopes.map(({ words }) => html`<li>${words}</li>`)}</ul></div>
${button(action, 'Shut out', { hidden: { id }, about: name, weight: 'ends' })}</li>`
}
