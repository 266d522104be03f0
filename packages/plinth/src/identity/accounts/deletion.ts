/** Owns the deletion of an account by its owner, at once or after a delay, and the way back. */

import { Failure } from '../../base/failure.ts'
import { dayMs, instantText } from '../../base/time.ts'
import type { Action, ActionResult, ActionScope } from '../../engine/runtime.ts'
import { type IdentityParts, operation } from '../flows/operation.ts'
import { endSessions } from '../flows/sessions.ts'
import { demandUser } from '../flows/sign-in.ts'
import { tellOfChange } from '../mail/telling.ts'
import { demandNoSoleOwner } from '../organisations/last-owner.ts'
import { demandAllFactors, demandFreshProof } from '../second-factor/totp.ts'
import type { IdentityScope, Sight } from '../sight.ts'

/** Deletes the account of the caller, or says when it will be. */
export function deleteAccount(parts: IdentityParts): Action {
  return {
    operation: operation('deleteAccount', {
      path: 'delete-account',
      description:
        'Deletes the account of the caller. Asks for a fresh proof by all factors. `outcome` is ' +
        '`deleted`; `anonymised` where others refer to the account: then its row stays, without ' +
        'anything of the person; or `scheduled` where the app waits for some days.',
      input: [],
    }),
    async run(scope) {
      const userId = demandFreshProof(scope)
      const { deletionDelayDays } = parts.accounts
      if (deletionDelayDays > 0) return schedule(scope, parts, userId)
      const outcome = await parts.removeAccount({
        ...{ userId, name: 'identity.deleteAccount', caller: scope.caller },
        traceId: scope.call.traceId,
        async before(inside) {
          await demandDeletable(scope, inside, userId)
          const { email } = await inside.data.unrestricted.user.get(userId)
          if (!parts.sendsMail || email === null) return
          const input = { title: parts.title, when: inside.now }
          await inside.send(parts.mailing.mails.accountDeleted, { to: email, input })
        },
      })
      return { status: 200, value: { outcome }, session: null }
    },
  }
}

async function schedule(
  scope: ActionScope,
  parts: IdentityParts,
  userId: string,
): Promise<ActionResult> {
  const deletionAt = instantText(scope.nowMs + parts.accounts.deletionDelayDays * dayMs)
  await scope.commit<void, Sight>(async (inside) => {
    await demandDeletable(scope, inside, userId)
    const { user } = inside.data.unrestricted
    const { email } = await user.update(userId, { deletionAt })
    const here = scope.caller.is === 'user' ? scope.caller.sessionId : undefined
    await endSessions(inside, userId, here)
    const what = `It will be deleted at ${deletionAt}; until then you can sign in and keep it.`
    await tellOfChange(parts, inside, { to: email, what })
  })
  return { status: 200, value: { outcome: 'scheduled', deletionAt } }
}

/** Keeps an account whose deletion was asked for. */
export function keepAccount(parts: IdentityParts): Action {
  return {
    operation: operation('keepAccount', {
      path: 'keep-account',
      description: 'Keeps the account of the caller, whose deletion was asked for.',
      input: [],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      await scope.commit<void, Sight>(async (inside) => {
        const { user } = inside.data.unrestricted
        if ((await user.get(userId)).deletionAt === null) return
        const { email } = await user.update(userId, { deletionAt: null })
        await tellOfChange(parts, inside, { to: email, what: 'It will not be deleted.' })
      })
      return { status: 204, value: undefined }
    },
  }
}

/** An app without anybody who may do everything could be mended by its operator alone. */
async function demandDeletable(
  scope: ActionScope,
  inside: IdentityScope,
  userId: string,
): Promise<void> {
  await demandAllFactors(scope, inside, userId)
  await demandNoSoleOwner(inside, userId)
  const { user } = inside.data.unrestricted
  if (!(await user.get(userId)).roles.includes('admin')) return
  const filter = {
    ...({ roles: { has: 'admin' }, suspended: false, id: { ne: userId } } as const),
    deletionAt: { isNull: true },
  } as const
  const { data: others } = await user.find({ filter, limit: 1 })
  if (others.length > 0) return
  throw new Failure('conflict', {
    detail: 'You are the last admin: give the role to somebody else first.',
  })
}
