/** Owns the API keys of users as an operator works with them: list, make, rotate, end. */

import { actorOf } from '../../access/caller.ts'
import { Failure } from '../../base/failure.ts'
import { hex, randomBytes } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import { dayMs, hourMs, instantText } from '../../base/time.ts'
import { appendCall } from '../../effects/audit.ts'
import { logicTransaction } from '../../engine/logic/transaction.ts'
import { recordAccess } from '../../engine/records.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { IdentityParts } from '../../identity/flows/operation.ts'
import { demandReadable, wordsOf } from '../../identity/keys/asked.ts'
import { boundTo } from '../../identity/keys/bound.ts'
import { type MadeKey, storeKey } from '../../identity/keys/make.ts'
import { rotateKey } from '../../identity/keys/rotate.ts'
import type { IdentityScope } from '../../identity/sight.ts'
import { findUser, type UserParts } from './users.ts'

/** What an operator does with keys of users. */
export interface OperatorKeys {
  /** Keys and agent tokens that count, the newest first. Fails with `not_found`. */
  list(who: string): Promise<readonly ListedCredential[]>
  /** Makes a key for a user, who is told by mail. Fails with `not_found`, `invalid_input`. */
  make(key: OperatorKey): Promise<MadeKey>
  /** Makes the key that takes another one's place. Fails with `not_found` and `conflict`. */
  rotate(rotating: { readonly id: string; readonly overlapHours: number }): Promise<MadeKey>
  /** Ends a key, or the token of an agent. Fails with `not_found`. */
  revoke(id: string): Promise<void>
}

/** A key or an agent's token, as it is listed. */
export interface ListedCredential {
  readonly id: string
  readonly sort: 'key' | 'agent'
  readonly name: string
  readonly prefix: string
  readonly scopes: readonly string[]
  /** In which it works; null: in none. */
  readonly organisation: { readonly id: string; readonly slug: string } | null
  readonly expiresAt: string
  readonly lastUsedAt: string | null
}

/** A key that an operator makes. */
export interface OperatorKey {
  /** E-mail address or id. */
  readonly user: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly days: number
  readonly networks: readonly string[]
  /** The id of the organisation in which it works. Default: in none. */
  readonly organisation?: string | undefined
}

interface OperatorParts {
  readonly runtime: Runtime
  readonly users: UserParts
  readonly identity: IdentityParts
}

const caller = Object.freeze({ is: 'unrestricted', reason: 'plinth key' } as const)
const models = [
  ['key', 'apiKey'],
  ['agent', 'agentToken'],
] as const
const idForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What an operator does with keys of users. */
export function operatorKeys(parts: OperatorParts): OperatorKeys {
  const { users, identity } = parts
  return {
    list: (who) => listed(parts, who),
    async make({ user, name, scopes: asked, days, networks: from, organisation }) {
      const { id: userId, erasedAt } = await findUser(users, user)
      if (erasedAt) throw new Failure('conflict', { detail: 'The account was deleted.' })
      const [scopes, networks] = [wordsOf(asked), wordsOf(from)]
      demandReadable(identity, { scopes, networks })
      if (days < 1 || days > limits.apiKeyDaysMax) {
        const detail = `A key is good for 1 to ${limits.apiKeyDaysMax} days.`
        throw new Failure('invalid_input', { detail })
      }
      const expiresAt = instantText(users.clock.now() + days * dayMs)
      const key = { userId, name, scopes, networks, expiresAt }
      return asOperator(parts, 'identity.makeApiKey', async (inside) => {
        const bound = await boundTo(inside, { userId, organisation }).catch(noMember(user))
        return storeKey(identity, inside, { ...key, ...bound })
      })
    },
    async rotate({ id, overlapHours }) {
      const { userId } = await found(parts, id, ['apiKey'])
      if (overlapHours > limits.apiKeyOverlapHoursMax) {
        const detail = `The old one is good for at most ${limits.apiKeyOverlapHoursMax} hours more.`
        throw new Failure('invalid_input', { detail })
      }
      const deadAt = users.clock.now() + overlapHours * hourMs
      const rotating = { userId: String(userId), id, deadAt }
      return asOperator(parts, 'identity.rotateApiKey', (inside) =>
        rotateKey(identity, inside, rotating),
      )
    },
    async revoke(id) {
      const { model } = await found(parts, id, ['apiKey', 'agentToken'])
      await asOperator(parts, `${model}.delete`, ({ data }) => data.unrestricted[model].delete(id))
    },
  }
}

function noMember(user: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof Failure) || error.code !== 'not_found') throw error
    const detail = `${user} is no member of that organisation: a key works where its owner does.`
    throw new Failure('conflict', { detail, cause: error })
  }
}

async function listed(
  { runtime, users }: OperatorParts,
  who: string,
): Promise<readonly ListedCredential[]> {
  const { id: userId } = await findUser(users, who)
  const filter = { userId, expiresAt: { gt: instantText(runtime.clock.now()) } }
  const all = models.map(async ([sort, model]) => {
    const question = { filter, sort: ['-createdAt'], limit: 200, include: { organisation: true } }
    const rows = await users.records.find(model, question)
    return rows.map((row) => ({ sort, ...(row as unknown as Omit<ListedCredential, 'sort'>) }))
  })
  return (await Promise.all(all)).flat()
}

type KeyModel = 'apiKey' | 'agentToken'

async function found<M extends KeyModel>(
  { runtime }: OperatorParts,
  id: string,
  among: readonly M[],
): Promise<{ readonly model: M; readonly userId: unknown }> {
  const records = recordAccess(runtime, runtime.database)
  for (const model of idForm.test(id) ? among : []) {
    const [row] = await records.find(model, { filter: { id }, limit: 1 })
    if (row) return { model, userId: row.userId }
  }
  throw new Failure('not_found', { detail: `There is no key ${id}: see plinth key list <user>.` })
}

/** One transaction with its mails, and an entry in the audit that names the command. */
function asOperator<T>(
  { runtime }: OperatorParts,
  name: string,
  work: (inside: IdentityScope) => Promise<T>,
): Promise<T> {
  const traceId = hex(randomBytes(16))
  return logicTransaction<T>(
    runtime,
    {
      ...{ caller, name, traceId },
      async after(session) {
        const now = instantText(runtime.clock.now())
        const entry = { operation: name, actor: actorOf(caller), trace: traceId, now }
        await appendCall(session, entry)
      },
    },
    ({ scope }) => work(scope as unknown as IdentityScope),
  )
}
