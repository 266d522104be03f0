/** Owns changing a password that is known, and setting a new one where it was forgotten. */

import { limits } from '../../base/limits.ts'
import { minuteMs } from '../../base/time.ts'
import type { Action, ActionScope } from '../../engine/runtime.ts'
import { booleanKind, emailKind } from '../../kinds/kinds.ts'
import { endKeys } from '../keys/left.ts'
import { endMailed } from '../mail/mailed.ts'
import { tellOfPassword } from '../mail/telling.ts'
import type { KnownOf } from '../passwords/rules.ts'
import { forgiveTries } from '../second-factor/check.ts'
import { rotation } from '../second-factor/rotation.ts'
import { demandAllFactors, demandFreshProof } from '../second-factor/totp.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import {
  accountTries,
  byNetwork,
  demandMail,
  forgetTriesAt,
  mailAllowances,
  takeTries,
} from './allowances.ts'
import { wrongValue } from './begin.ts'
import { type UsedProof, useProof } from './mail-proof.ts'
import {
  given,
  type IdentityParts,
  maybe,
  operation,
  passwordInput,
  tokenInput,
} from './operation.ts'
import { endOtherWays, endSessions, endTrust } from './sessions.ts'
import { demandUser } from './sign-in.ts'

/** Changes the password of a caller who knows it. */
export function changePassword(parts: IdentityParts): Action {
  return {
    operation: operation('changePassword', {
      path: 'change-password',
      description:
        'Sets a new password. Where the account has a second factor it asks for a fresh proof by ' +
        'it. All other sessions end, and this one goes on under a new token; a mail tells of it.',
      input: [given('password', passwordInput), given('newPassword', passwordInput)],
    }),
    allowances: (_, { remoteAddress }) =>
      byNetwork(remoteAddress, {
        what: 'change-password',
        limit: limits.signInsPerMinutePerNetwork,
        windowMs: minuteMs,
      }),
    async run(scope) {
      await demandNewPassword(scope, parts, demandUser(scope))
      const { userId, checked } = await demandOwner(scope, parts)
      const passwordHash = await parts.passwords.hash(String(scope.input.newPassword))
      const keep = scope.caller.is === 'user' ? scope.caller.sessionId : undefined
      const { put, answer } = rotation(scope, parts)
      const expiresAt = await scope.commit<string, Sight>(async (inside) => {
        const { user } = inside.data.unrestricted
        const { passwordHash: kept, secondFactor } = await user.get(userId)
        if (kept !== checked) throw wrongPassword()
        await demandAllFactors(scope, inside, userId)
        // Where there is a second factor, the password alone makes the proof of both no fresher.
        const proof = { factors: 1, at: inside.now } as const
        const ends = await put(inside, secondFactor ? {} : { proof })
        await setPassword(parts, inside, { userId, passwordHash, keep })
        return ends
      })
      return answer(expiresAt)
    },
  }
}

/** Mails a link by which a new password can be set. */
export function forgotPassword(parts: IdentityParts): Action {
  return {
    operation: operation('forgotPassword', {
      path: 'forgot-password',
      description:
        'Mails a link by which a new password can be set. The answer is always the same.',
      input: [given('email', emailKind())],
    }),
    allowances: mailAllowances('forgot-password'),
    async run({ input, commit }) {
      demandMail(parts)
      const email = String(input.email)
      await commit<void, Sight>((scope) => {
        return parts.mailing.ask(scope, { email, purpose: 'reset-password' })
      })
      return { status: 202, value: { email } }
    },
  }
}

/** Sets a new password by what was mailed. */
export function resetPassword(parts: IdentityParts): Action {
  return {
    operation: operation('resetPassword', {
      path: 'reset-password',
      description:
        'Sets a new password by the token of a mail. All sessions end, as does what was lent to ' +
        'agents and granted to programs. API keys go on, and a mail tells which there are; where ' +
        '`endKeys` is true they end as well, and programs have to ask again.',
      input: [
        given('token', tokenInput),
        given('newPassword', passwordInput),
        maybe('endKeys', booleanKind()),
      ],
    }),
    allowances: mailAllowances('reset-password', limits.signInsPerMinutePerNetwork),
    async run(scope) {
      const { input } = scope
      const { unrestricted, now } = scope
      const tokenHash = parts.tokens.hash(String(input.token))
      const good = { tokenHash, expiresAt: { gt: now }, usedAt: null }
      // Only whoever holds the mail's token learns what the new password is measured by.
      const [proof] = await unrestricted.find('passwordReset', { filter: good, limit: 1 })
      await demandNewPassword(scope, parts, proof && String(proof.userId))
      const passwordHash = await parts.passwords.hash(String(input.newPassword))
      const owner = await scope.commit<UsedProof, Sight>(async (inside) => {
        const shown = { token: String(input.token), purpose: 'reset-password' } as const
        const { userId, email } = await useProof(parts, inside, shown)
        const endedKeys = input.endKeys === true
        await setPassword(parts, inside, { userId, passwordHash, provedEmail: email, endedKeys })
        return { userId, email }
      })
      // Whoever has used up the tries knew the old password, if any.
      await forgetTriesAt(scope, accountTries(owner.email))
      await forgiveTries(scope, owner.userId)
      return { status: 204, value: undefined }
    },
  }
}

/** Measures a new password by what others know of its owner, where one is known. */
async function demandNewPassword(
  { input, unrestricted }: ActionScope,
  { passwords }: IdentityParts,
  userId: string | undefined,
): Promise<void> {
  const filter = { id: userId }
  const [owner] = userId ? await unrestricted.find('user', { filter, limit: 1 }) : []
  await passwords.demand(String(input.newPassword), '/newPassword', owner as KnownOf | undefined)
}

interface NewPassword {
  readonly userId: string
  readonly passwordHash: string
  /** The session that goes on. */
  readonly keep?: string | undefined
  /** Where the mail went that brought the token. */
  readonly provedEmail?: string
  /** True: its keys end with its sessions. Default false. */
  readonly endedKeys?: boolean
}

async function setPassword(
  parts: IdentityParts,
  scope: IdentityScope,
  { userId, passwordHash, keep, provedEmail, endedKeys = false }: NewPassword,
): Promise<void> {
  const { user } = scope.data.unrestricted
  const { email, emailVerifiedAt } = await user.get(userId)
  const proves = provedEmail === email && emailVerifiedAt === null
  await user.update(userId, { passwordHash, ...(proves ? { emailVerifiedAt: scope.now } : {}) })
  await endSessions(scope, userId, keep)
  await endTrust(scope, userId)
  if (proves) await endOtherWays(scope, userId)
  // Whatever was mailed before speaks of an account whose password somebody else may have known.
  await endMailed(scope, userId)
  if (endedKeys) await endKeys(scope, userId)
  await tellOfPassword(parts, scope, { to: email, userId, endedKeys })
}

/**
 * Whoever knows the password and, where the account has a second factor, has shown it in the last
 * minutes; the proof is asked for before the password, so that no guess learns anything. Ask
 * `demandAllFactors` inside. Fails with `sign_in_required`, `step_up_required`,
 * `invalid_credentials` and `rate_limited`.
 */
export async function demandOwner(
  scope: ActionScope,
  parts: IdentityParts,
): Promise<{ readonly userId: string; readonly checked: string }> {
  const userId = demandUser(scope)
  const [user] = await scope.unrestricted.find('user', { filter: { id: userId }, limit: 1 })
  if (user?.secondFactor === true) demandFreshProof(scope)
  return { userId, checked: await checkPassword(scope, parts, userId) }
}

/**
 * The hash that the given password fits. Tries count before they are checked, whichever flow they
 * come through: a stolen session is no way to guess on. Fails with `invalid_credentials` and
 * `rate_limited`.
 */
export async function checkPassword(
  { input, unrestricted, take, restore }: ActionScope,
  { passwords }: IdentityParts,
  userId: string,
): Promise<string> {
  const key = `password:account:${userId}`
  await takeTries({ take }, key)
  const [user] = await unrestricted.find('user', { filter: { id: userId }, limit: 1 })
  const stored = typeof user?.passwordHash === 'string' ? user.passwordHash : undefined
  const fits = await passwords.verify(stored, String(input.password))
  if (!fits || stored === undefined) throw wrongPassword()
  await forgetTriesAt({ restore }, key)
  return stored
}

/** The answer to a password that is not the account's, or not any more. */
export function wrongPassword() {
  return wrongValue('password', 'The password is not right.')
}
