/** Owns staff acting as a user: for a while, for a reason, seen by the user and in the audit. */

import { Failure } from '../../../base/failure.ts'
import { limits } from '../../../base/limits.ts'
import { hourMs, instantText, minuteMs } from '../../../base/time.ts'
import type { Action, ActionScope } from '../../../engine/runtime.ts'
import { booleanKind, textKind, uuidKind } from '../../../kinds/kinds.ts'
import { deviceWords } from '../../flows/begin.ts'
import { given, type IdentityParts, maybe, operation } from '../../flows/operation.ts'
import { demandAllFactors, demandFreshProof } from '../../second-factor/totp.ts'
import type { IdentityScope, Sight } from '../../sight.ts'
import { prefixes } from '../../tokens.ts'

/** Begins a session in which a member of staff acts as a user. */
export function impersonate(parts: IdentityParts, role: string): Action {
  return {
    operation: operation('impersonate', {
      path: 'impersonate',
      description:
        `Begins a session in which the caller, of the role ${role}, acts as a user for ` +
        `${limits.impersonationMinutes} minutes. Asks for a fresh proof by all factors. The user ` +
        'sees it in their sessions, with the reason. What only the person may do stays refused.',
      input: [
        given('user', uuidKind()),
        given('reason', textKind({ min: 3, max: 500 })),
        maybe('cookie', booleanKind()),
      ],
    }),
    async run(scope) {
      const { input, caller, nowMs, take } = scope
      const staffId = demandFreshProof(scope)
      const staffSessionId = demandStaff(caller, role)
      await take({
        key: `impersonate:${staffId}`,
        limit: limits.impersonationsPerHourPerStaff,
        windowMs: hourMs,
      })
      const { token, hash } = parts.tokens.make(prefixes.session)
      const expiresAt = instantText(nowMs + limits.impersonationMinutes * minuteMs)
      const userId = String(input.user)
      const user = await scope.commit<object, Sight>(
        async (inside) => {
          await demandAllFactors(scope, inside, staffId)
          const target = await demandTarget(inside, { userId, staffId, role })
          await inside.data.unrestricted.session.create({
            ...{ userId, tokenHash: hash, method: 'impersonation', expiresAt },
            ...{ lastUsedAt: inside.now, device: deviceWords(scope.call) },
            ...{ impersonatorId: staffId, staffSessionId, reason: String(input.reason) },
          })
          if (parts.accounts.impersonationMail) await tell(parts, inside, target)
          const { email, name, roles } = target
          return { id: userId, email, name, roles }
        },
        { actor: () => ({ is: 'user', id: userId, roles: none, impersonator: staffId }) },
      )
      if (input.cookie === true) {
        return { status: 200, value: { expiresAt, user }, session: { token, expiresAt } }
      }
      return { status: 200, value: { token, expiresAt, user } }
    },
  }
}

const none: ReadonlySet<string> = new Set()

/** The id of the caller's own session. A key or an agent never acts as somebody else. */
function demandStaff(caller: ActionScope['caller'], role: string): string {
  if (caller.is === 'user' && caller.via === undefined && caller.roles.has(role)) {
    if (caller.sessionId !== undefined) return caller.sessionId
  }
  throw new Failure('forbidden', { detail: `Only ${role} can act as a user, in person.` })
}

interface Asked {
  readonly userId: string
  readonly staffId: string
  readonly role: string
}

/**
 * Nobody gets a right by it that they lack: not another member of staff, and none whose roles the
 * caller has not, save for admins. The same is asked of every call in the session.
 */
async function demandTarget(
  { data }: IdentityScope,
  { userId, staffId, role }: Asked,
): Promise<{ email: string | null; name: string | null; roles: readonly string[] }> {
  const { user } = data.unrestricted
  const { data: found } = await user.find({ filter: { id: userId }, limit: 1 })
  const [target] = found
  if (!target || target.suspended || target.guest || target.unclaimed)
    throw new Failure('not_found', { detail: 'There is no such user to act as.' })
  const { roles: own } = await user.get(staffId)
  const isProtected = [role, 'admin'].some((each) => target.roles.includes(each))
  const isWider = !own.includes('admin') && target.roles.some((each) => !own.includes(each))
  if (userId === staffId || isProtected || isWider || !own.includes(role)) {
    throw new Failure('forbidden', {
      detail: 'You cannot act as staff, or as somebody whose roles you have not.',
    })
  }
  return target
}

async function tell(
  parts: IdentityParts,
  inside: IdentityScope,
  { email }: { readonly email: string | null },
): Promise<void> {
  const { sendsMail, title, address, mailing } = parts
  if (!sendsMail || email === null) return
  const minutes = limits.impersonationMinutes
  const input = { title, link: address('/account'), when: inside.now, minutes }
  await inside.send(mailing.mails.actedAs, { to: email, input })
}
