/** Owns the looks of the pages of organisations. */

import { type Html, html, htmlOf } from '../../../define/html.ts'
import type {
  OrganisationView,
  PageAnsweredInvitation,
  PageMember,
  PageOrganisation,
  PageViews,
} from '../../../define/pages.ts'
import type { Looks } from '../../visit.ts'
import { button, formOf, hiddenOf, opening, timeOf, ways } from '../parts.ts'

type Ours = 'organisations' | 'organisation' | 'acceptInvitation'

/** Organisations. */
export const organisationLooks: Pick<Looks, Ours> = {
  organisations: (view) => html`${opening('Your organisations', view)}
${none(view.organisations)}
<ul class="sessions" aria-label="Your organisations">
${view.organisations.map((one) => entry(one, view.actions.choose))}
</ul>
${view.founds ? founding(view.form) : undefined}
${ways([['Back to the account', view.links.account]])}`,

  organisation: (view) => ({ title: view.name, content: organisationOf(view) }),

  acceptInvitation: (view) => {
    const title = invitationHeading(view)
    const { invitation, signedIn, links } = view
    const content = html`${opening(title, view)}
${invitation === undefined ? undefined : answering(view, invitation)}
${ways([['Your account', signedIn ? links.account : undefined]])}`
    return { title, content }
  },
}

function organisationOf(view: OrganisationView): Html {
  return html`${opening(view.name, view)}
<p>You are ${view.role} here.</p>
<h2 id="members">Members</h2>
<ul class="sessions" aria-labelledby="members">
${view.members.map((member) => memberOf(member, view.actions))}
</ul>
${invited(view)}
${inviting(view)}
${keysOf(view)}
<h2>Leaving</h2>
<p>An organisation always has an owner: the last one makes somebody else an owner first, or deletes
it.</p>
<div class="buttons">
${button(view.actions.leave, 'Leave', { weight: 'ends', about: view.name })}
</div>
${deletion(view)}
${ways([['All your organisations', view.links.organisations]])}`
}

type AcceptView = PageViews['acceptInvitation']

function invitationHeading({ invitation }: AcceptView): string {
  return invitation === undefined
    ? 'An invitation'
    : `You are invited to ${invitation.organisation}`
}

function answering(view: AcceptView, invitation: PageAnsweredInvitation): Html {
  const { invitedBy = 'Somebody', organisation, role, expiresAt } = invitation
  const declining = button(view.actions.decline, 'Decline the invitation', {
    hidden: view.form.hidden,
  })
  return html`<p>${invitedBy} invites you to work in ${organisation}, as ${role}. The invitation
counts until ${time(expiresAt)}.</p>
${wayIn(view, invitation)}
<div class="buttons">${declining}</div>`
}

function wayIn({ signedIn, form, actions, links }: AcceptView, { yours }: PageAnsweredInvitation) {
  if (yours) return formOf(form, { fields: [], button: 'Join' })
  if (signedIn) {
    return html`<p>It was sent to another address than the one that you are signed in with. Sign in
with that one, or ask to be invited by yours.</p>
<div class="buttons">${button(actions.signOut, 'Sign out, and in again', { weight: 'main' })}</div>`
  }
  return html`<p>Sign in with the address that the invitation was sent to, or make an account with
it. After that, open the link of the mail again if you are not led back here.</p>
${ways([
  ['Sign in', links.signIn],
  ['Make an account', links.signUp],
])}`
}

function none(all: readonly PageOrganisation[]): Html | undefined {
  return all.length > 0 ? undefined : html`<p>You are in none yet.</p>`
}

function entry({ id, name, role, active, address }: PageOrganisation, choose: string): Html {
  const state = active
    ? button(choose, 'Work in none', { hidden: { organisation: '' } })
    : button(choose, 'Work here', { hidden: { organisation: id }, about: `in ${name}` })
  const here = active ? html` <strong class="good">You work here</strong>` : undefined
  return html`<li><div><a href="${address}"><strong>${name}</strong></a>${here}<br>
<span class="faint">You are ${role}</span></div>
${state}</li>`
}

function founding(form: Parameters<typeof formOf<'name'>>[0]): Html {
  return html`<h2>Found an organisation</h2>
${formOf(form, {
  fields: [{ name: 'name', label: 'Name', type: 'text', fill: 'organization' }],
  button: 'Found it',
})}`
}

function memberOf(member: PageMember, actions: OrganisationView['actions']): Html {
  const { user, name = 'Without a name', email, role, self, roles, removable } = member
  const shown = email === undefined || email === name ? undefined : html`<br>${email}`
  const you = self ? html` <strong class="good">You</strong>` : undefined
  const hidden = { user }
  const remove = button(actions.remove, 'Remove', { weight: 'ends', hidden, about: name })
  return html`<li><div><strong>${name}</strong>${you}${shown}<br><span class="faint">${role}</span>
${roles.length < 2 ? undefined : roleForm(member, { action: actions.changeRole, name })}</div>
${removable ? remove : undefined}</li>`
}

function roleForm(
  { user, role, roles }: PageMember,
  { action, name }: { readonly action: string; readonly name: string },
): Html {
  return html`<details><summary>Change the role<span class="unseen"> of ${name}</span></summary>
<form method="post" action="${action}">${hiddenOf({ user })}
${choice({ id: `role-${user}`, roles, chosen: role, of: name })}
<button class="quiet">Change the role</button></form></details>`
}

interface Choice {
  readonly id: string
  readonly roles: readonly string[]
  readonly chosen: string | undefined
  /** Whose role it is, where there are several on the page. */
  readonly of?: string
}

function choice({ id, roles, chosen, of }: Choice): Html {
  const options = roles.map((role) =>
    role === chosen
      ? html`<option value="${role}" selected>${role}</option>`
      : html`<option value="${role}">${role}</option>`,
  )
  const whose = of === undefined ? undefined : html`<span class="unseen"> of ${of}</span>`
  return html`<div class="field"><label for="${id}">Role${whose}</label>
<select id="${id}" name="role">${options}</select></div>`
}

function invited({ invitations, actions }: OrganisationView): Html | undefined {
  const { resend, withdraw } = actions
  if (resend === undefined || withdraw === undefined || invitations.length === 0) return undefined
  const list = invitations.map(({ id, email, role, expiresAt }) => {
    const again = button(resend, 'Send again', { hidden: { email, role }, about: `to ${email}` })
    const hidden = { invitation: id }
    const back = button(withdraw, 'Withdraw', { weight: 'ends', hidden, about: `from ${email}` })
    return html`<li><div><strong>${email}</strong><br><span class="faint">${role}, until
<time datetime="${expiresAt}">${timeOf(expiresAt)}</time></span></div>
<div class="buttons">${again}${back}</div></li>`
  })
  return html`<h2 id="invited">Invited</h2>
<ul class="sessions" aria-labelledby="invited">${list}</ul>`
}

function keysOf({ keys, actions }: OrganisationView): Html | undefined {
  if (keys === undefined || keys.length === 0) return undefined
  const list = keys.map((key) => {
    const { id, name, prefix, program, owner = 'somebody', expiresAt, lastUsedAt } = key
    const shown =
      prefix === undefined ? html`<code>${program}</code>` : html`<code>${prefix}…</code>`
    const used = lastUsedAt === undefined ? html`Never used` : html`Last used ${time(lastUsedAt)}`
    const until = expiresAt === undefined ? html`it is ended` : time(expiresAt)
    const end = button(actions.endKey, 'End', { weight: 'ends', hidden: { key: id }, about: name })
    return html`<li><div><strong>${name}</strong> ${shown}<br>
${sortWords[key.sort]} of ${owner}: ${key.scopes.join(', ')}<br>
<span class="faint">${used}. Good until ${until}</span></div>
${key.endable ? end : undefined}</li>`
  })
  return html`<h2 id="keys">Keys and programs that work here</h2>
<ul class="sessions" aria-labelledby="keys">${list}</ul>`
}

const sortWords = Object.freeze({ key: 'Key', agent: 'Agent', program: 'Program' })

function time(instant: string): Html {
  return html`<time datetime="${instant}">${timeOf(instant)}</time>`
}

function inviting({ form, invites }: OrganisationView): Html | undefined {
  const [first] = invites
  if (first === undefined) return undefined
  const chosen = form.values.role === '' ? undefined : form.values.role
  return html`<h2>Invite somebody</h2>
<p>They get a mail that counts for a week.</p>
${formOf(form, {
  fields: [{ name: 'email', label: 'E-mail address', type: 'email', fill: 'off' }],
  more: choice({ id: 'role', roles: invites, chosen }),
  button: 'Invite',
})}`
}

function deletion({ actions, name }: OrganisationView): Html | undefined {
  if (actions.deleteIt === undefined) return undefined
  return html`<h2>Deleting</h2>
<p>It ends at once for everybody in it, and nobody can bring it back.</p>
<form method="post" action="${actions.deleteIt}">
<p class="tick">${sure}<label for="sure">Delete ${name}, with what is its own</label></p>
<button class="ends">Delete the organisation</button></form>`
}

const sure = htmlOf('<input type="checkbox" id="sure" name="sure" value="yes" required>')
