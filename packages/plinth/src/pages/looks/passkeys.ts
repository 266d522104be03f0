/** Owns the looks of passkeys: the form that the script sends, and the list of an account. */

import { type Html, html } from '../../define/html.ts'
import type { FactorsView, PageKeptPasskey, PagePasskey } from '../../define/pages.ts'
import { button } from './parts.ts'

/** A form as it is drawn; hidden until the script knows that the browser has passkeys. */
export function passkeyForm(
  passkey: PagePasskey | undefined,
  { use, label, more }: { use: 'sign-in' | 'show' | 'add'; label: string; more?: Html },
): Html | undefined {
  if (passkey === undefined) return undefined
  const { action, begin, options = '' } = passkey
  return html`<form method="post" action="${action}" class="passkey" data-passkey="${use}"
data-begin="${begin}" data-options="${options}" hidden>
<input type="hidden" name="passkey" value="">
${more}
<p class="problem" role="status" data-told></p>
<button class="quiet">${label}</button>
</form>`
}

/** The passkeys of an account. */
export function passkeyList({ passkeys }: FactorsView): Html | undefined {
  if (passkeys === undefined) return undefined
  const { list, actions, add } = passkeys
  const more = html`<div class="field"><label for="passkey-name">Name of the new passkey
<span class="faint">(optional)</span></label>
<input type="text" id="passkey-name" name="name" value="" maxlength="60" autocomplete="off"></div>`
  return html`<h2 id="passkeys">Passkeys</h2>
<p>A passkey signs you in without a password: your device or your password manager keeps it, and
checks that it is you.</p>
<ul class="sessions" aria-labelledby="passkeys">
${list.map((one) => entry(one, actions))}
</ul>
${passkeyForm(add, { use: 'add', label: 'Add a passkey', more })}`
}

type Actions = NonNullable<FactorsView['passkeys']>['actions']

function entry(one: PageKeptPasskey, actions: Actions): Html {
  const { id, name, provider, backedUp, createdAt, lastUsedAt, locked } = one
  const used = lastUsedAt === undefined ? 'not used yet' : html`last used ${time(lastUsedAt)}`
  const kept = provider === undefined ? undefined : html`${provider}, `
  const copied = backedUp ? ', kept in more than one place' : ''
  const trouble = locked
    ? html`<br><strong class="bad">Locked: a copy of it may be in use. Remove it.</strong>`
    : undefined
  const about = `the passkey ${name}`
  const remove = button(actions.remove, 'Remove', { weight: 'ends', hidden: { id }, about })
  return html`<li><div><strong>${name}</strong>${trouble}<br>
<span class="faint">${kept}made ${time(createdAt)}, ${used}${copied}</span>
<details><summary>Rename<span class="unseen"> the passkey ${name}</span></summary>
<form method="post" action="${actions.rename}"><input type="hidden" name="id" value="${id}">
<div class="field"><label for="name-${id}">Name</label>
<input type="text" id="name-${id}" name="name" value="${name}" maxlength="60" autocomplete="off"
required></div>
<button class="quiet">Rename</button></form></details></div>
${remove}
</li>`
}

const clock = new Intl.DateTimeFormat('en-GB', {
  ...{ dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' },
})

function time(instant: string): Html {
  const words = `${clock.format(new Date(instant))} UTC`
  return html`<time datetime="${instant}">${words}</time>`
}
