/** Owns founding, listing, renaming and deleting organisations, and working in one of them. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { dayMs } from '../../base/time.ts'
import type { Action, ActionScope, PlainRecord } from '../../engine/runtime.ts'
import { slugKind, textKind, uuidKind } from '../../kinds/kinds.ts'
import { given, maybe, operation } from '../flows/operation.ts'
import { demandUser } from '../flows/sign-in.ts'
import { demandAllFactors, demandFreshProof } from '../second-factor/totp.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import type { OrganisationParts } from './parts.ts'
import {
  demandMay,
  demandMember,
  organisationInput,
  organisationOf,
  ownerRole,
} from './standing.ts'

const nameInput = textKind({ min: 1, max: 200 })

/** Founds an organisation: whoever does owns it, and works in it from now on. */
export function createOrganisation({ known, tokens }: OrganisationParts): Action {
  return {
    operation: operation('createOrganisation', {
      path: 'create-organisation',
      description:
        'Founds an organisation. The caller becomes its owner, and it becomes the active one. ' +
        'Without a slug one is made of the name.',
      input: [given('name', nameInput), maybe('slug', slugKind({ max: 60 }))],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      const { caller, input } = scope
      const staff = caller.is === 'user' && caller.roles.has('admin')
      if (known.create === 'staff' && !staff) {
        throw new Failure('forbidden', {
          detail: 'Organisations are made by the staff of this app.',
        })
      }
      const key = `organisation:user:${userId}`
      await scope.take({ key, limit: limits.organisationsPerDay, windowMs: dayMs })
      const name = String(input.name)
      const slug = input.slug === null ? `${slugOf(name)}-${tokens.code(6)}` : String(input.slug)
      const made = await scope.commit<PlainRecord, Sight>(async (inside) => {
        const { organisation, membership } = inside.data.unrestricted
        const { id } = await organisation.create({ name, slug })
        await membership.create({ organisationId: id, userId, role: ownerRole })
        await activate(scope, inside, id)
        return { id, name, slug, role: ownerRole }
      })
      return { status: 201, value: { organisation: made } }
    },
  }
}

function slugOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
  return (
    plain
      .replace(/^-+|-+$/g, '')
      .slice(0, 50)
      .replace(/-+$/, '') || 'organisation'
  )
}

/** The session of the call works in this organisation from the next call on; null: in none. */
export async function activate(
  { caller }: Pick<ActionScope, 'caller'>,
  { data }: IdentityScope,
  organisationId: string | null,
): Promise<void> {
  const id = caller.is === 'user' ? caller.sessionId : undefined
  if (id === undefined) return
  const { session } = data.unrestricted
  const { data: found } = await session.find({ filter: { id }, limit: 1 })
  if (found.length > 0) await session.update(id, { organisationId })
}

/** Works in another organisation, or in none. */
export function switchOrganisation(): Action {
  return {
    operation: operation('switchOrganisation', {
      path: 'switch-organisation',
      description: 'Makes an organisation of the caller the active one of the session; null: none.',
      input: [maybe('organisation', uuidKind())],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      if (scope.caller.is !== 'user' || scope.caller.sessionId === undefined) {
        throw new Failure('session_required', {
          detail: 'Only a session has an active organisation: sign in to switch.',
        })
      }
      const organisationId =
        scope.input.organisation === null ? null : String(scope.input.organisation)
      await scope.commit<void, Sight>(async (inside) => {
        if (organisationId !== null) await demandMember(inside, { organisationId, userId })
        await activate(scope, inside, organisationId)
      })
      return { status: 204, value: undefined }
    },
  }
}

/** The organisations of the caller. */
export function listOrganisations({ known }: OrganisationParts): Action {
  return {
    operation: operation('organisations', {
      path: 'organisations',
      safe: true,
      description: 'The organisations of the caller, with their role in each; which one is active.',
      input: [],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      const { unrestricted, caller } = scope
      const places = await unrestricted.find('membership', {
        filter: { userId },
        include: { organisation: true },
        limit: 200,
      })
      const all = places.map(({ role, organisation }) => {
        const { id, name, slug } = organisation as PlainRecord
        return { id, name, slug, role }
      })
      const active = caller.is === 'user' ? (caller.organisation ?? null) : null
      const permissions = [...(known.roles.get(active?.role ?? '') ?? [])].sort()
      return { status: 200, value: { organisations: all, active, permissions } }
    },
  }
}

/** Gives an organisation another name. */
export function renameOrganisation({ known }: OrganisationParts): Action {
  return {
    operation: operation('renameOrganisation', {
      path: 'rename-organisation',
      description: 'Renames an organisation. Takes the permission organisation.rename.',
      input: [organisationInput, given('name', nameInput), maybe('slug', slugKind({ max: 60 }))],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      const organisationId = organisationOf(scope)
      const { name, slug } = scope.input
      await scope.commit<void, Sight>(async (inside) => {
        const standing = await demandMember(inside, { organisationId, userId })
        demandMay(known, standing, 'organisation.rename')
        await inside.data.unrestricted.organisation.update(organisationId, {
          ...{ name: String(name) },
          ...(slug === null ? {} : { slug: String(slug) }),
        })
      })
      return { status: 204, value: undefined }
    },
  }
}

/** Deletes an organisation. */
export function deleteOrganisation({ known }: OrganisationParts): Action {
  return {
    operation: operation('deleteOrganisation', {
      path: 'delete-organisation',
      description:
        'Deletes an organisation with its memberships and invitations. Takes the permission ' +
        'organisation.delete and a fresh proof by all factors. Data of its own that does not go ' +
        'with it has to be deleted first.',
      input: [organisationInput],
    }),
    async run(scope) {
      const userId = demandFreshProof(scope)
      const organisationId = organisationOf(scope)
      await scope.commit<void, Sight>(async (inside) => {
        await demandAllFactors(scope, inside, userId)
        const standing = await demandMember(inside, { organisationId, userId })
        demandMay(known, standing, 'organisation.delete')
        await inside.data.unrestricted.organisation.delete(organisationId)
      })
      return { status: 204, value: undefined }
    },
  }
}
