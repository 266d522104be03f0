/** Owns the address of an account: showing that it is one's own, and changing it. */

import { Failure } from '../../base/failure.ts'
import type { Action } from '../../engine/runtime.ts'
import { emailKind } from '../../kinds/kinds.ts'
import { tellOfChange } from '../mail/telling.ts'
import { rotation } from '../second-factor/rotation.ts'
import { demandAllFactors } from '../second-factor/totp.ts'
import type { Sight } from '../sight.ts'
import { demandMail, mailAllowances, recipientAllowance } from './allowances.ts'
import { useProof } from './mail-proof.ts'
import { given, type IdentityParts, operation, passwordInput, tokenInput } from './operation.ts'
import { demandOwner, wrongPassword } from './password.ts'
import { endSessions } from './sessions.ts'
import { demandUser } from './sign-in.ts'

/** Mails the link again that shows whose the address is. */
export function sendVerification(parts: IdentityParts): Action {
  return {
    operation: operation('sendVerification', {
      path: 'send-verification',
      description: 'Mails a link that confirms the address of the caller.',
      input: [],
    }),
    allowances: mailAllowances('send-verification'),
    async run(scope) {
      demandMail(parts)
      const userId = demandUser(scope)
      const [user] = await scope.unrestricted.find('user', { filter: { id: userId }, limit: 1 })
      await scope.take(recipientAllowance(String(user?.email)))
      await scope.commit<void, Sight>(async (inside) => {
        const { email } = await inside.data.unrestricted.user.get(userId)
        if (email !== null) await parts.mailing.ask(inside, { email, purpose: 'verify-email' })
      })
      return { status: 202, value: {} }
    },
  }
}

/** Confirms an address by what was mailed to it. */
export function verifyEmail(parts: IdentityParts): Action {
  return {
    operation: operation('verifyEmail', {
      path: 'verify-email',
      description: 'Confirms an address by the token that was mailed to it.',
      input: [given('token', tokenInput)],
    }),
    allowances: mailAllowances('verify-email'),
    async run({ input, commit }) {
      await commit<void, Sight>(async (scope) => {
        const shown = { token: String(input.token), purpose: 'verify-email' } as const
        const { userId } = await useProof(parts, scope, shown)
        await scope.data.unrestricted.user.update(userId, { emailVerifiedAt: scope.now })
      })
      return { status: 204, value: undefined }
    },
  }
}

/** Asks to sign in with another address from now on. */
export function changeEmail(parts: IdentityParts): Action {
  return {
    operation: operation('changeEmail', {
      path: 'change-email',
      description:
        'Mails a link to a new address; once it is followed, the caller signs in with that one. ' +
        'The answer is the same whether the address is free or taken. Where the account has a ' +
        'second factor it asks for a fresh proof by it. The session goes on under a new token.',
      input: [given('email', emailKind()), given('password', passwordInput)],
    }),
    allowances: mailAllowances('change-email'),
    async run(scope) {
      demandMail(parts)
      const { userId, checked } = await demandOwner(scope, parts)
      const email = String(scope.input.email)
      const { put, answer } = rotation(scope, parts)
      const expiresAt = await scope.commit<string, Sight>(async (inside) => {
        const { passwordHash } = await inside.data.unrestricted.user.get(userId)
        if (passwordHash !== checked) throw wrongPassword()
        await demandAllFactors(scope, inside, userId)
        await parts.mailing.ask(inside, { email, userId, purpose: 'change-email', checked })
        return put(inside)
      })
      return { ...answer(expiresAt, { email }), status: 202 }
    },
  }
}

/** Puts a new address in the place of the old one, by what was mailed to the new one. */
export function confirmEmail(parts: IdentityParts): Action {
  return {
    operation: operation('confirmEmail', {
      path: 'confirm-email',
      description:
        'Puts a new address in place by the token that was mailed to it. All other sessions end.',
      input: [given('token', tokenInput)],
    }),
    allowances: mailAllowances('confirm-email'),
    async run({ input, commit, caller }) {
      const keep = caller.is === 'user' ? caller.sessionId : undefined
      await commit<void, Sight>(async (scope) => {
        const shown = { token: String(input.token), purpose: 'change-email' } as const
        const { userId, email } = await useProof(parts, scope, shown)
        const { user } = scope.data.unrestricted
        const before = (await user.get(userId)).email
        const { data: taken } = await user.find({ filter: { email }, limit: 1 })
        if (taken.some(({ id }) => id !== userId)) {
          // Only whoever reads the mails of the address learns of it.
          throw new Failure('conflict', { detail: 'Another account has this address.' })
        }
        await user.update(userId, { email, emailVerifiedAt: scope.now })
        await endSessions(scope, userId, keep)
        const what = `From now on you sign in with ${email}.`
        await tellOfChange(parts, scope, { to: before, what })
      })
      return { status: 204, value: undefined }
    },
  }
}
