/** Owns the looks of API keys and of what agents were lent. */

import { limits } from '../../../base/limits.ts'
import type { KeysView, PageKey } from '../../../define/app/key-pages.ts'
import type { PageChoice } from '../../../define/app/program-pages.ts'
import { type Html, html } from '../../../define/html.ts'
import type { Looks } from '../../visit.ts'
import { button, formOf, opening, organisationField, timeOf, ways } from '../parts.ts'

type Keys = 'keys' | 'makeKey' | 'makeAgentToken' | 'madeKey'

const back = 'Back to the keys'

/** The keys and what is done with them. */
export const keyLooks: Pick<Looks, Keys> = {
  keys: (view) => html`${opening('Keys and agents', view)}
<p>Programs call in your name by a key, agents by a token that ends soon. Neither may do more than
you, nor more than its scopes say. End what you do not know.</p>
<h2 id="keys">API keys</h2>
${keyList(view)}
${ways([['Make a key', view.links.makeKey]])}
<h2 id="agents">Agents</h2>
${agentList(view)}
${ways([
  ['Lend an agent a token', view.links.makeAgentToken],
  ['Back to the account', view.links.account],
])}`,

  makeKey: (view) => html`${opening('Make a key', view)}
<p>The key is shown once. Whoever has it may do in your name what its scopes say.</p>
${formOf(view.form, {
  fields: [
    { name: 'name', label: 'What it is for', type: 'text', fill: 'off' },
    { ...scopesField, name: 'scopes' },
    { ...daysField, hint: `At most ${limits.apiKeyDaysMax}.` },
    {
      ...{ name: 'networks', label: 'From where', type: 'text', fill: 'off', optional: true },
      hint: 'Networks such as 192.0.2.0/24, with spaces between. Empty: from everywhere.',
    },
  ],
  more: placeOf(view.organisations),
  button: 'Make the key',
})}
${scopeList(view.known)}
${ways([[back, view.links.keys]])}`,

  makeAgentToken: (view) => html`${opening('Lend an agent a token', view)}
<p>The token is shown once. It ends with your other sessions, such as when your password
changes.</p>
${formOf(view.form, {
  fields: [
    { name: 'agent', label: 'What the agent is called', type: 'text', fill: 'off' },
    { ...scopesField, name: 'scopes' },
    { ...daysField, hint: `At most ${limits.agentTokenDaysMax}.` },
  ],
  more: placeOf(view.organisations),
  button: 'Make the token',
})}
${scopeList(view.known)}
${ways([[back, view.links.keys]])}`,

  madeKey: (view) => html`${opening(view.name, view)}
<p><strong>Keep it now: it is not shown again.</strong></p>
<p><code>${view.token}</code></p>
<p>It is good until ${time(view.expiresAt)}.</p>
${view.replaces ? replaced() : undefined}
${ways([['I have kept it: back to the keys', view.links.keys]])}`,
}

const scopesField = Object.freeze({
  ...{ label: 'Scopes', type: 'text', fill: 'off' },
  hint: 'What it may do, such as order.read, with spaces between.',
} as const)

const daysField = Object.freeze({
  ...{ name: 'expiresInDays', label: 'For how many days', type: 'text', fill: 'off' },
  keys: 'numeric',
} as const)

function scopeList(known: readonly string[]): Html {
  return html`<details><summary>All scopes</summary>
<ul>${known.map((scope) => html`<li><code>${scope}</code></li>`)}</ul></details>`
}

function placeOf(organisations: readonly PageChoice[]): Html | undefined {
  return organisations.length === 0 ? undefined : organisationField(organisations)
}

function replaced(): Html {
  const hours = limits.apiKeyOverlapHours
  return html`<p>The one before is good for ${hours} hours more: put this one in its place.</p>`
}

function keyList({ keys, actions }: KeysView): Html {
  if (keys.length === 0) return html`<p>There are none.</p>`
  return html`<ul class="sessions" aria-labelledby="keys">${keys.map((key) =>
    entry(
      key,
      html`${button(actions.rotate, 'Replace', { hidden: { id: key.id }, about: key.name })}
${button(actions.endKey, 'End', { weight: 'ends', hidden: { id: key.id }, about: key.name })}`,
    ),
  )}</ul>`
}

function agentList({ agents, actions }: KeysView): Html {
  if (agents.length === 0) return html`<p>There are none.</p>`
  const list = agents.map((one) => {
    const hidden = { id: one.id }
    return entry(one, button(actions.endAgent, 'End', { weight: 'ends', hidden, about: one.name }))
  })
  return html`<ul class="sessions" aria-labelledby="agents">${list}</ul>
${button(actions.endAgents, 'End all agents', { weight: 'ends' })}`
}

function entry(key: PageKey, buttons: Html): Html {
  const { name, prefix, scopes, networks, organisation, expiresAt, lastUsedAt } = key
  const place = organisation === undefined ? undefined : html` in ${organisation.name}`
  const from = networks.length === 0 ? undefined : html`<br>From ${networks.join(', ')}`
  const used = lastUsedAt === undefined ? html`Never used` : html`Last used ${time(lastUsedAt)}`
  return html`<li><div><strong>${name}</strong> <code>${prefix}…</code>${place}<br>
${scopes.join(', ')}${from}<br>
<span class="faint">${used}. Good until ${time(expiresAt)}</span></div>
<div class="buttons">${buttons}</div></li>`
}

function time(instant: string): Html {
  return html`<time datetime="${instant}">${timeOf(instant)}</time>`
}
