/** Owns the programs that somebody has let in: their list, their end, and signing out for one. */

import { limits } from '../../base/limits.ts'
import type { Action, PlainRecord } from '../../engine/runtime.ts'
import { textKind } from '../../kinds/kinds.ts'
import { given, operation } from '../flows/operation.ts'
import { endProgram } from './endings.ts'
import type { ProviderSight } from './kit.ts'
import { demandPerson, gone, type ProviderParts } from './parts.ts'
import { inWords } from './words.ts'

/** The programs that somebody has let in. */
export function apps({ scopes }: ProviderParts): Action {
  return {
    operation: operation('apps', {
      path: 'apps',
      safe: true,
      description: 'The programs that the caller has let in, what each may do, and where.',
      input: [],
    }),
    async run(scope) {
      const { userId } = demandPerson(scope)
      const query = {
        filter: { userId },
        sort: ['clientName', 'id'],
        include: { organisation: true },
        limit: limits.oauthProgramsPerUserMax,
      }
      const found = await scope.unrestricted.find('oauthConsent', query)
      const list = found.map(({ clientId, clientName, scopes: agreed, createdAt, ...more }) => ({
        ...{ id: clientId, name: clientName, since: createdAt },
        scopes: inWords(agreed as readonly string[], scopes),
        organisation: named(more.organisation as PlainRecord | null),
      }))
      return { status: 200, value: { apps: list } }
    },
  }
}

function named(organisation: PlainRecord | null): object | null {
  return organisation && { id: organisation.id, name: organisation.name }
}

/** Shuts a program out: its tokens are dead at once, and it has to ask again. */
export function removeApp(): Action {
  return {
    operation: operation('removeApp', {
      path: 'remove-app',
      description: 'Takes back all that a program was given. Its tokens are dead at once.',
      input: [given('id', textKind({ max: 2_000 }))],
    }),
    async run(scope) {
      const { userId } = demandPerson(scope)
      const clientId = String(scope.input.id)
      await scope.commit<void, ProviderSight>(({ data }) =>
        endProgram(data.unrestricted, { userId, clientId }),
      )
      return { status: 204, value: undefined }
    },
  }
}

/** Where somebody goes after signing out, where a program has asked for that. */
export function signOutRequest({ tokens }: ProviderParts): Action {
  return {
    operation: operation('signOutRequest', {
      path: 'sign-out-request',
      safe: true,
      description: 'Where a program wants its user to be once they have signed out.',
      input: [given('request', textKind({ max: 100 }))],
    }),
    async run(scope) {
      demandPerson(scope)
      const tokenHash = tokens.hash(`sign-out ${String(scope.input.request)}`)
      const filter = { tokenHash, expiresAt: { gt: scope.now } }
      const [row] = await scope.unrestricted.find('oauthInteraction', { filter, limit: 1 })
      if (!row) throw gone()
      return { status: 200, value: JSON.parse(String(row.payload)) as unknown }
    },
  }
}
