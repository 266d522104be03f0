/** Owns the page of one organisation: its members, who is invited, and what may be done there. */

import { invalidInput } from '../../../base/failure.ts'
import type { OrganisationView, PageMember, PageOrganisationKey } from '../../../define/pages.ts'
import type { FormValues } from '../../../http/form/read-form.ts'
import type { HttpResponse } from '../../../http/message.ts'
import { leadTo, type Visit } from '../../visit.ts'
import { buttonOn, demandSignedIn, type FormPage, formPage, type Page } from '../form-page.ts'
import type { Done } from '../notices.ts'
import { doneAt } from '../sign-in.ts'
import { organisationsPath } from './organisations.ts'

const idForm = /^[0-9a-f-]{36}$/

/** The page of an organisation, or one of its buttons, by what follows in the address. */
export function organisationPage([id = '', what, ...more]: readonly string[]): Page | undefined {
  if (!idForm.test(id) || more.length > 0) return undefined
  const page = pageOf(id)
  if (what === undefined) return formPage(page)
  const press = Object.hasOwn(buttons, what) ? buttons[what] : undefined
  return press && buttonOn(page, (visit, values) => press(visit, { organisation: id, values }))
}

function pageOf(organisation: string): FormPage<'organisation'> {
  const path = `${organisationsPath}/${organisation}`
  return {
    ...{ name: 'organisation', path, fields: ['email', 'role'], enter: demandSignedIn },
    async view(common, visit) {
      const { userId } = (await visit.who()) ?? { userId: '' }
      const asked = { input: { organisation } }
      const found = (await visit.ask('identity.members', asked)) as Found
      const manages = found.permissions.includes('members.manage')
      const listed = manages ? await visit.ask('identity.organisationKeys', asked) : undefined
      const { keys } = (listed ?? {}) as { readonly keys?: readonly FoundKey[] }
      return { ...common, ...viewOf(found, { path, userId }), keys: keys?.map(keyOf) }
    },
    async send(visit, values) {
      const input = { organisation, email: values.get('email') ?? '', role: values.get('role') }
      await visit.ask('identity.inviteMember', { input })
      return leadTo(visit, doneAt(path, 'invitation-sent'))
    },
  }
}

interface Found {
  readonly organisation: { readonly name: string }
  readonly role: string
  readonly permissions: readonly string[]
  /** The roles that they may give, and take; the one that brings least first. */
  readonly gives: readonly string[]
  readonly members: readonly {
    readonly user: string
    readonly name: string | null
    readonly email?: string
    readonly role: string
  }[]
  readonly invitations?: OrganisationView['invitations']
}

type Maybe = 'prefix' | 'program' | 'expiresAt' | 'lastUsedAt'

interface FoundKey
  extends Omit<PageOrganisationKey, 'owner' | Maybe>,
    Readonly<Record<Maybe, string | null>> {
  readonly user: { readonly name: string | null; readonly email: string | null }
}

function keyOf({ user, prefix, program, expiresAt, ...key }: FoundKey): PageOrganisationKey {
  return {
    ...{ ...key, owner: user.name ?? user.email ?? undefined },
    ...{ prefix: prefix ?? undefined, program: program ?? undefined },
    ...{ expiresAt: expiresAt ?? undefined, lastUsedAt: key.lastUsedAt ?? undefined },
  }
}

type Own = Omit<OrganisationView, 'app' | 'notice' | 'failure' | 'form' | 'keys'>

function viewOf(found: Found, { path, userId }: { path: string; userId: string }): Own {
  const { members, invitations = [], permissions, gives, role } = found
  const may = (permission: string): boolean => permissions.includes(permission)
  const invites = may('members.invite') ? gives : []
  const inviting = (what: string) => (may('members.invite') ? `${path}/${what}` : undefined)
  return {
    ...{ name: found.organisation.name, role, invitations, invites },
    members: members.map((one): PageMember => {
      const self = one.user === userId
      const manages = may('members.manage') && gives.includes(one.role)
      const { user, email, role: held } = one
      const name = one.name ?? email
      const roles = manages ? gives : []
      return { user, name, email, role: held, self, roles, removable: manages && !self }
    }),
    actions: {
      changeRole: `${path}/change-role`,
      remove: `${path}/remove`,
      leave: `${path}/leave`,
      endKey: `${path}/end-key`,
      resend: inviting('resend'),
      withdraw: inviting('withdraw'),
      deleteIt: may('organisation.delete') ? `${path}/delete` : undefined,
    },
    links: { organisations: organisationsPath },
  }
}

interface Pressed {
  readonly organisation: string
  readonly values: FormValues
}

type Press = (visit: Visit, pressed: Pressed) => Promise<HttpResponse>

/** A button that sends some of its hidden fields to an action, and leads on. */
function press(operation: string, fields: readonly string[], done: Done): Press {
  return async (visit, { organisation, values }) => {
    const given = fields.map((field) => [field, values.get(field) ?? ''])
    await visit.ask(operation, { input: { organisation, ...Object.fromEntries(given) } })
    const gone = done === 'organisation-left' || done === 'organisation-deleted'
    const path = gone ? organisationsPath : `${organisationsPath}/${organisation}`
    return leadTo(visit, doneAt(path, done))
  }
}

const buttons: Readonly<Record<string, Press>> = {
  'change-role': press('identity.changeMemberRole', ['user', 'role'], 'role-changed'),
  remove: press('identity.removeMember', ['user'], 'member-removed'),
  leave: press('identity.leaveOrganisation', [], 'organisation-left'),
  resend: press('identity.inviteMember', ['email', 'role'], 'invitation-sent'),
  'end-key': press('identity.endOrganisationKey', ['key'], 'key-ended'),
  withdraw: press('identity.revokeInvitation', ['invitation'], 'invitation-withdrawn'),
  async delete(visit, pressed) {
    if (pressed.values.get('sure') !== 'yes') {
      const detail = 'Tick the box: nobody deletes an organisation by one wrong touch.'
      throw invalidInput([{ pointer: '/sure', code: 'required', detail }])
    }
    return press('identity.deleteOrganisation', [], 'organisation-deleted')(visit, pressed)
  },
}
