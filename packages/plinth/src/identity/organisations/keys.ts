/** Owns the keys that work in an organisation: whoever manages its members sees and ends them. */

import { Failure } from '../../base/failure.ts'
import type { Action, PlainRecord } from '../../engine/runtime.ts'
import { uuidKind } from '../../kinds/kinds.ts'
import { given, operation } from '../flows/operation.ts'
import { demandUser } from '../flows/sign-in.ts'
import type { Sight } from '../sight.ts'
import type { OrganisationParts } from './parts.ts'
import {
  demandCovers,
  demandMay,
  demandMember,
  organisationInput,
  organisationOf,
} from './standing.ts'

const keyModels = ['apiKey', 'agentToken'] as const
const listedMax = 200

/** Every key, and every token of an agent, that works in an organisation. */
export function organisationKeys({ known }: OrganisationParts): Action {
  return {
    operation: operation('organisationKeys', {
      path: 'organisation-keys',
      safe: true,
      description:
        'The keys and the tokens of agents that work in an organisation: whose each is, what it ' +
        'may do, and when it was used last. Takes the permission members.manage.',
      input: [organisationInput],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      const organisationId = organisationOf(scope)
      const { unrestricted, now } = scope
      const mine = { filter: { organisationId, userId }, limit: 1 }
      const [standing] = await unrestricted.find('membership', mine)
      if (!standing) throw unknown('You are not a member of it, or there is no such organisation.')
      const role = String(standing.role)
      demandMay(known, { role }, 'members.manage')
      const filter = { organisationId, expiresAt: { gt: now } }
      const include = { user: true, membership: true }
      const found = await Promise.all(
        keyModels.map((model) => unrestricted.find(model, { filter, include, limit: listedMax })),
      )
      const covers = (of: unknown): boolean => known.covers(role, String(of))
      const keys = found.flatMap((rows, index) =>
        rows.map((row) => shown(row, { agent: keyModels[index] === 'agentToken', covers })),
      )
      return { status: 200, value: { keys } }
    },
  }
}

interface Showing {
  readonly agent: boolean
  readonly covers: (role: unknown) => boolean
}

/** Without its hash, as its owner sees it; and whose it is. */
function shown(row: PlainRecord, { agent, covers }: Showing): PlainRecord {
  const { id, name, prefix, scopes, createdAt, expiresAt, lastUsedAt } = row
  const [user, membership] = [row.user as PlainRecord, row.membership as PlainRecord | null]
  return {
    ...{ id, agent, name, prefix, scopes, createdAt, expiresAt, lastUsedAt },
    user: { id: user.id, name: user.name, email: user.email },
    endable: covers(membership?.role),
  }
}

/** Ends a key of a member, in the organisation alone in which it works. */
export function endOrganisationKey({ known }: OrganisationParts): Action {
  return {
    operation: operation('endOrganisationKey', {
      path: 'end-organisation-key',
      description:
        'Ends a key, or the token of an agent, that works in an organisation, whoever of its ' +
        'members made it: it is dead for the next call. Takes the permission members.manage, and ' +
        'everything that the role of that member brings.',
      input: [organisationInput, given('key', uuidKind(), 'The id of the key.')],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      const organisationId = organisationOf(scope)
      const id = String(scope.input.key)
      await scope.commit<void, Sight>(async (inside) => {
        const by = await demandMember(inside, { organisationId, userId })
        demandMay(known, by, 'members.manage')
        const { apiKey, agentToken } = inside.data.unrestricted
        const asked = { filter: { id, organisationId }, limit: 1 }
        const [key] = (await apiKey.find(asked)).data
        const [agent] = key ? [] : (await agentToken.find(asked)).data
        const found = key ?? agent
        if (!found) throw unknown('No key of this id works in this organisation.')
        const whose = await demandMember(inside, { organisationId, userId: found.userId })
        demandCovers(known, by, whose.role)
        await (key ? apiKey : agentToken).delete(id)
      })
      return { status: 204, value: undefined }
    },
  }
}

function unknown(detail: string): Failure {
  return new Failure('not_found', { detail })
}
