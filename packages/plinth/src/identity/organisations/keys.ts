/** Owns the keys that work in an organisation: whoever manages its members sees and ends them. */

import { Failure } from '../../base/failure.ts'
import type { Action, ActionScope, PlainRecord } from '../../engine/runtime.ts'
import { uuidKind } from '../../kinds/kinds.ts'
import { given, maybe, operation } from '../flows/operation.ts'
import { demandUser } from '../flows/sign-in.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import type { KeySort } from './mailing.ts'
import type { OrganisationParts } from './parts.ts'
import { programIn, programsIn } from './programs.ts'
import {
  demandCovers,
  demandMay,
  demandMember,
  organisationInput,
  organisationOf,
  type Standing,
} from './standing.ts'

const listedMax = 200

/** Every key, token of an agent, and program of others that works in an organisation. */
export function organisationKeys(parts: OrganisationParts): Action {
  return {
    operation: operation('organisationKeys', {
      path: 'organisation-keys',
      safe: true,
      description:
        'What works in an organisation without a session: keys, tokens of agents, and programs ' +
        'that members have let in (`sort`). Whose each is, what it may do, and when it was used ' +
        `last; of each sort the newest ${listedMax}, of one member by \`user\`. Takes the ` +
        'permission members.manage.',
      input: [organisationInput, maybe('user', uuidKind(), 'Whose. Default: of every member.')],
    }),
    async run(scope) {
      const { known } = parts
      const userId = demandUser(scope)
      const organisationId = organisationOf(scope)
      const mine = { filter: { organisationId, userId }, limit: 1 }
      const [standing] = await scope.unrestricted.find('membership', mine)
      if (!standing) throw unknown('You are not a member of it, or there is no such organisation.')
      const role = String(standing.role)
      demandMay(known, { role }, 'members.manage')
      const whose = typeof scope.input.user === 'string' ? { userId: scope.input.user } : {}
      const found = await keysIn(scope, parts, { organisationId, ...whose })
      const keys = found.map(({ membership, user, ...key }) => ({
        ...key,
        user: { id: user.id, name: user.name, email: user.email },
        endable: known.covers(role, String(membership?.role)),
      }))
      return { status: 200, value: { keys } }
    },
  }
}

/** Without its hash, as its owner sees it. */
interface Found extends PlainRecord {
  readonly sort: KeySort
  readonly user: PlainRecord
  readonly membership: PlainRecord | null
}

async function keysIn(
  scope: ActionScope,
  { programs }: OrganisationParts,
  filter: Readonly<Record<string, unknown>>,
): Promise<readonly Found[]> {
  const { unrestricted, now } = scope
  const living = {
    ...{ filter: { ...filter, expiresAt: { gt: now } }, limit: listedMax },
    ...{ include: { user: true, membership: true }, sort: ['-createdAt', '-id'] },
  }
  const [keys, agents, letIn] = await Promise.all([
    unrestricted.find('apiKey', living),
    unrestricted.find('agentToken', living),
    programs ? programsIn(scope, { filter, limit: listedMax }) : [],
  ])
  return [
    ...keys.map((row) => shown(row, 'key')),
    ...agents.map((row) => shown(row, 'agent')),
    ...letIn.map((one): Found => ({ sort: 'program', prefix: null, ...one })),
  ]
}

function shown(row: PlainRecord, sort: KeySort): Found {
  const { id, name, prefix, scopes, createdAt, expiresAt, lastUsedAt } = row
  const [user, membership] = [row.user as PlainRecord, row.membership as PlainRecord | null]
  const key = { id, sort, name, prefix, scopes, createdAt, expiresAt, lastUsedAt }
  return { ...key, program: null, user, membership }
}

/** Ends a key of a member, in the organisation alone in which it works. */
export function endOrganisationKey(parts: OrganisationParts): Action {
  return {
    operation: operation('endOrganisationKey', {
      path: 'end-organisation-key',
      description:
        'Ends a key, the token of an agent, or what a program was given, that works in an ' +
        'organisation, whoever of its members made it or let it in: it is dead for the next ' +
        'call, and a mail tells its owner. Takes the permission members.manage, and everything ' +
        'that the role of that member brings.',
      input: [organisationInput, given('key', uuidKind(), 'The id that the list has.')],
    }),
    async run(scope) {
      const { known } = parts
      const userId = demandUser(scope)
      const organisationId = organisationOf(scope)
      const id = String(scope.input.key)
      await scope.commit<void, Sight>(async (inside) => {
        const by = await demandMember(inside, { organisationId, userId })
        demandMay(known, by, 'members.manage')
        const found = await keyIn(inside, parts, { id, organisationId })
        if (!found) throw unknown('No key of this id works in this organisation.')
        const whose = await demandMember(inside, { organisationId, userId: found.userId })
        demandCovers(known, by, whose.role)
        await found.end()
        if (found.userId !== userId) await tellOwner(inside, parts, { found, by })
      })
      return { status: 204, value: undefined }
    },
  }
}

/** What is ended, and how its owner knows it. */
interface Ending {
  readonly sort: KeySort
  readonly userId: string
  readonly name: string
  /** What it begins with. */
  readonly prefix?: string
  end(): Promise<void>
}

async function keyIn(
  inside: IdentityScope,
  { programs }: OrganisationParts,
  asked: { readonly id: string; readonly organisationId: string },
): Promise<Ending | undefined> {
  const { apiKey, agentToken } = inside.data.unrestricted
  const { id } = asked
  const [key] = (await apiKey.find({ filter: asked, limit: 1 })).data
  if (key) return { ...key, sort: 'key', end: () => apiKey.delete(id) }
  const [agent] = (await agentToken.find({ filter: asked, limit: 1 })).data
  if (agent) return { ...agent, sort: 'agent', end: () => agentToken.delete(id) }
  const program = programs ? await programIn(inside, asked) : undefined
  return program && { ...program, sort: 'program' }
}

/** Whose key it was learns that it ended, and by whom: what fails from now on is no riddle. */
async function tellOwner(
  inside: IdentityScope,
  { sendsMail, mailing }: OrganisationParts,
  { found, by }: { readonly found: Ending; readonly by: Standing },
): Promise<void> {
  const { user, organisation } = inside.data.unrestricted
  const { email } = await user.get(found.userId)
  if (!sendsMail || email === null) return
  const { name } = await organisation.get(by.organisationId)
  const who = await user.get(by.userId)
  const { sort, name: key, prefix = null } = found
  await mailing.tellOfEnd(inside, {
    ...{ to: email, sort, key, prefix, organisation: name },
    by: { name: who.name, role: by.role },
  })
}

function unknown(detail: string): Failure {
  return new Failure('not_found', { detail })
}
