/** Owns the programs of others that were let into an organisation: their list, their end there. */

import { limits } from '../../base/limits.ts'
import { dayMs, instantText } from '../../base/time.ts'
import type { ActionScope, PlainRecord } from '../../engine/runtime.ts'
import { endProgram } from '../provider/endings.ts'
import type { ProviderScope } from '../provider/kit.ts'
import type { IdentityScope } from '../sight.ts'

/** A program as it was let in by one member: all of it ends together. */
export interface LetIn {
  /** Of what was agreed to; where that is for another organisation by now, of the newest grant. */
  readonly id: unknown
  readonly name: string
  /** What the program is known by: its id, or the address of its own description. */
  readonly program: string
  readonly scopes: readonly string[]
  readonly createdAt: string
  /** Null: it gets new tokens until it is ended, as its user has agreed. */
  readonly expiresAt: string | null
  readonly lastUsedAt: string | null
  readonly user: PlainRecord
  readonly membership: PlainRecord | null
}

/** Whose programs are looked for, and how many at most. */
interface Asked {
  readonly filter: Readonly<Record<string, unknown>>
  readonly limit: number
}

const include = { user: true, membership: true }

/** The programs that members have let into an organisation, one entry for each of a member's. */
export async function programsIn(
  { unrestricted, now, nowMs }: Pick<ActionScope, 'unrestricted' | 'now' | 'nowMs'>,
  { filter, limit }: Asked,
): Promise<readonly LetIn[]> {
  const asked = { include, limit, sort: ['-createdAt', '-id'] }
  const [agreed, found] = await Promise.all([
    unrestricted.find('oauthConsent', { filter, ...asked }),
    unrestricted.find('oauthGrant', {
      ...{ filter: { ...filter, expiresAt: { gt: now } }, ...asked },
      include: { ...include, session: true },
    }),
  ])
  const idleSince = instantText(nowMs - limits.sessionIdleDays * dayMs)
  const grants = found.filter(({ session }) => isLiving(session, { now, idleSince }))
  const all = Map.groupBy([...agreed, ...grants], ({ userId, clientId }) => `${userId} ${clientId}`)
  const names = await namesOf(unrestricted, grants)
  return [...all.values()].flatMap((rows) => letIn(rows, names) ?? [])
}

/** A grant that ends with a session counts as long as the session does. */
function isLiving(
  session: unknown,
  { now, idleSince }: { readonly now: string; readonly idleSince: string },
): boolean {
  if (session === null || session === undefined) return true
  const { expiresAt, lastUsedAt } = session as PlainRecord
  return String(expiresAt) > now && String(lastUsedAt) > idleSince
}

/** What its user has agreed to, and what came of it. */
function letIn(
  rows: readonly PlainRecord[],
  names: ReadonlyMap<string, string>,
): LetIn | undefined {
  const consent = rows.find((row) => 'clientName' in row)
  const [first] = rows
  if (!first) return undefined
  const { id, userId, clientId, user, membership } = first
  const grants = rows.filter((row) => row !== consent)
  const last = (field: string): string | undefined =>
    grants
      .flatMap((grant) => (grant[field] ? [String(grant[field])] : []))
      .sort()
      .at(-1)
  return {
    ...{ id, program: String(clientId) },
    name: names.get(`${String(userId)} ${String(clientId)}`) ?? nameOf(consent) ?? String(clientId),
    scopes: [...new Set(rows.flatMap(({ scopes }) => scopes as readonly string[]))].sort(),
    createdAt: rows.map(({ createdAt }) => String(createdAt)).sort()[0] ?? '',
    expiresAt: consent ? null : (last('expiresAt') ?? null),
    lastUsedAt: last('lastUsedAt') ?? null,
    user: user as PlainRecord,
    membership: membership as PlainRecord | null,
  }
}

function nameOf(consent: PlainRecord | undefined): string | undefined {
  return consent && String(consent.clientName)
}

/** What programs are called: as their users saw it, in whichever organisation they agreed last. */
async function namesOf(
  unrestricted: ActionScope['unrestricted'],
  grants: readonly PlainRecord[],
): Promise<ReadonlyMap<string, string>> {
  if (grants.length === 0) return new Map()
  const among = (field: string) => ({ in: [...new Set(grants.map((row) => row[field]))] })
  const filter = { userId: among('userId'), clientId: among('clientId') }
  const consents = await unrestricted.find('oauthConsent', { filter, limit: namesMax })
  return new Map(
    consents.map((one) => [
      `${String(one.userId)} ${String(one.clientId)}`,
      String(one.clientName),
    ]),
  )
}

const namesMax = 200

/** A program that a member has let in, found by the id of its entry in the list. */
export interface EndingProgram {
  readonly userId: string
  readonly name: string
  end(): Promise<void>
}

/** Finds what an id of the list stands for. Undefined: nothing of it is in this organisation. */
export async function programIn(
  { data }: IdentityScope,
  { id, organisationId }: { readonly id: string; readonly organisationId: string },
): Promise<EndingProgram | undefined> {
  const { unrestricted } = data as ProviderScope['data']
  const asked = { filter: { id, organisationId }, limit: 1 }
  const [agreed] = (await unrestricted.oauthConsent.find(asked)).data
  const [grant] = agreed ? [] : (await unrestricted.oauthGrant.find(asked)).data
  const found = agreed ?? grant
  if (!found) return undefined
  const { userId, clientId } = found
  const filter = { userId, clientId }
  const [named] = agreed
    ? [agreed]
    : (await unrestricted.oauthConsent.find({ filter, limit: 1 })).data
  return {
    ...{ userId, name: named?.clientName ?? clientId },
    end: () => endProgram(unrestricted, { ...filter, organisationId }),
  }
}
