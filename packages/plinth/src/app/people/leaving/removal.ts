/** Owns the removal of accounts: deleted, or emptied of the person where others refer to them. */

import { actorOf } from '../../../access/caller.ts'
import { present } from '../../../base/assert.ts'
import { instantText } from '../../../base/time.ts'
import type { Catalog } from '../../../catalog/catalog.ts'
import { databaseErrorOf } from '../../../database/errors.ts'
import type { Models } from '../../../define/infer.ts'
import type { LogicScope } from '../../../define/logic/scope.ts'
import { appendCall, redactAudit } from '../../../effects/audit.ts'
import { demandAdmin, holdAdmins } from '../../../engine/identify/admins.ts'
import { logicTransaction } from '../../../engine/logic/transaction.ts'
import type { Runtime } from '../../../engine/runtime.ts'
import type { Removal, Removed } from '../../../identity/accounts/removal.ts'
import { demandNoSoleOwner } from '../../../identity/organisations/last-owner.ts'

// What the audit has recorded of the person goes with them. That something was changed, when and by
// whom, stays: their id alone says who it was.
const personal = ['email', 'name']

/**
 * Removes an account. What refers to it goes by the rules of its relations; where one of them
 * forbids it, the row stays as that of a deleted user, without anything of the person, and what
 * would have gone with it goes all the same, save what others refer to in turn.
 */
export async function removeAccount(runtime: Runtime, removing: Removal): Promise<Removed> {
  const { userId, version } = removing
  try {
    await inTransaction(runtime, removing, async ({ data }) => {
      const users = present(data.unrestricted.user, 'the model of users')
      await users.delete(userId, version === undefined ? {} : { version })
    })
    return 'deleted'
  } catch (error) {
    if (!isStillReferred(error)) throw error
  }
  const kept = new Set<string>()
  for (;;) {
    const progress: { at?: string } = {}
    try {
      await inTransaction(runtime, removing, async (scope) => {
        for (const link of linksOf(runtime.catalog)) {
          progress.at = link.model
          if (!kept.has(link.model)) await letGo(scope, userId, link)
        }
        delete progress.at
        await empty(runtime.catalog, scope, userId)
      })
      return 'anonymised'
    } catch (error) {
      if (!isStillReferred(error) || progress.at === undefined) throw error
      kept.add(progress.at)
    }
  }
}

function isStillReferred(error: unknown): boolean {
  const { sqlState } = databaseErrorOf(error) ?? {}
  return sqlState === '23503' || sqlState === '23001'
}

function inTransaction(
  runtime: Runtime,
  { caller, name, traceId, userId, before }: Removal,
  work: (scope: LogicScope<Models>) => Promise<void>,
): Promise<void> {
  let wasAdmin = false
  return logicTransaction(
    runtime,
    {
      ...{ caller, name, traceId },
      async before(session) {
        wasAdmin = caller.is !== 'unrestricted' && (await holdAdmins(session, userId))
      },
      async after(session) {
        if (wasAdmin) await demandAdmin(session)
        const now = instantText(runtime.clock.now())
        await redactAudit(session, { model: 'user', record: userId, fields: personal })
        await appendCall(session, { operation: name, actor: actorOf(caller), trace: traceId, now })
      },
    },
    async ({ scope }) => {
      await before?.(scope as never)
      // Whoever asks, and however long ago: what was true then need not be so now.
      await demandNoSoleOwner(scope as never, userId)
      await work(scope)
    },
  )
}

interface Link {
  readonly model: string
  readonly field: string
  readonly onDelete: 'cascade' | 'clear'
}

/** What goes with a user, or lets go of them. */
function linksOf({ models }: Catalog): readonly Link[] {
  return [...models.values()].flatMap((model) =>
    [...model.relations.values()].flatMap(({ type, target, onDelete, local }): Link[] => {
      if (!model.exposed || type !== 'belongsTo' || target !== 'user') return []
      return onDelete === 'restrict' ? [] : [{ model: model.name, field: local, onDelete }]
    }),
  )
}

async function letGo(
  { data }: LogicScope<Models>,
  userId: string,
  { model: name, field, onDelete }: Link,
): Promise<void> {
  // What is theirs goes with them in all organisations.
  const model = present(data.unrestricted.acrossOrganisations[name], name)
  for (;;) {
    const { data: found } = await model.find({ filter: { [field]: userId }, limit: 200 } as never)
    for (const { id } of found as readonly { readonly id: string }[]) {
      if (onDelete === 'cascade') await model.delete(id)
      else await model.update(id, { [field]: null } as never)
    }
    if (found.length < 200) return
  }
}

/** Nobody signs in to it again: it is suspended, too, for whatever asks only for that. */
async function empty(
  { models }: Catalog,
  { data, now }: LogicScope<Models>,
  userId: string,
): Promise<void> {
  const links = [...(models.get('user')?.relations.values() ?? [])]
  const nothing = links.flatMap(({ inputName }) => (inputName ? [[inputName, []]] : []))
  const person = { email: null, emailVerifiedAt: null, name: null, passwordHash: null, roles: [] }
  const states = { guest: false, secondFactor: false, suspended: true, deletionAt: null }
  const values = { ...person, ...states, ...Object.fromEntries(nothing), erasedAt: now }
  await present(data.unrestricted.user, 'the model of users').update(userId, values as never)
}
