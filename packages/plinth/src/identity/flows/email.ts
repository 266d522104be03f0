/** Owns the address of an account: showing that it is one's own, and changing it. */

import { Failure, invalidInput } from '../../base/failure.ts'
import type { Action, ActionScope } from '../../engine/runtime.ts'
import { booleanKind, emailKind } from '../../kinds/kinds.ts'
import { holderOf } from '../accounts/unclaimed.ts'
import { tellOfChange } from '../mail/telling.ts'
import { rotation } from '../second-factor/rotation.ts'
import { demandAllFactors } from '../second-factor/totp.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { demandMail, mailAllowances, recipientAllowances } from './allowances.ts'
import { beginSession } from './begin.ts'
import { usedUp, useProof } from './mail-proof.ts'
import {
  given,
  type IdentityParts,
  maybe,
  operation,
  passwordInput,
  tokenInput,
} from './operation.ts'
import { checkPassword, demandOwner, wrongPassword } from './password.ts'
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
      const { remoteAddress } = scope.call
      for (const one of recipientAllowances(String(user?.email), remoteAddress)) {
        await scope.take(one)
      }
      await scope.commit<void, Sight>(async (inside) => {
        const { email } = await inside.data.unrestricted.user.get(userId)
        if (email !== null) await parts.mailing.ask(inside, { email, purpose: 'verify-email' })
      })
      return { status: 202, value: {} }
    },
  }
}

/**
 * Confirms an address by what was mailed to it. Of an account that was never confirmed the token
 * alone shows whose the mailbox is, not who made the account: a click on a mail must not bless the
 * password of somebody else. So it is asked for, too, and then a session begins right there.
 */
export function verifyEmail(parts: IdentityParts): Action {
  return {
    operation: operation('verifyEmail', {
      path: 'verify-email',
      description:
        'Confirms an address by the token that was mailed to it. Whoever is not signed in gives ' +
        'the password of the account as well, and a session begins, as by `sign-in`.',
      input: [
        given('token', tokenInput),
        maybe('password', passwordInput),
        maybe('trusted', tokenInput),
        maybe('cookie', booleanKind()),
      ],
    }),
    allowances: mailAllowances('verify-email'),
    async run(scope) {
      const { input } = scope
      const shown = { token: String(input.token), purpose: 'verify-email' } as const
      const confirm = async (inside: IdentityScope): Promise<string> => {
        const { userId } = await useProof(parts, inside, shown)
        const { user } = inside.data.unrestricted
        await user.update(userId, { emailVerifiedAt: inside.now })
        return userId
      }
      const asked = await ownerToAsk(scope, parts)
      if (asked === undefined) {
        await scope.commit<string, Sight>(confirm)
        return { status: 204, value: undefined }
      }
      if (input.password === null) {
        const detail = 'Give the password that you chose for the account.'
        throw invalidInput([{ pointer: '/password', code: 'required', detail }])
      }
      const checked = await checkPassword(scope, parts, asked)
      return beginSession(scope, parts, {
        ...{ method: 'password', cookie: input.cookie === true, checked },
        trusted: typeof input.trusted === 'string' ? input.trusted : undefined,
        whose: confirm,
      })
    },
  }
}

/**
 * Whose password is asked for beside the token: that of an account with one that was never
 * confirmed, unless they are signed in. Fails with `invalid_credentials` where no token is good.
 */
async function ownerToAsk(
  { input, caller, now, unrestricted }: ActionScope,
  { tokens }: IdentityParts,
): Promise<string | undefined> {
  const tokenHash = tokens.hash(String(input.token))
  const filter = { tokenHash, expiresAt: { gt: now }, usedAt: null }
  const [proof] = await unrestricted.find('emailVerification', { filter, limit: 1 })
  if (!proof) throw usedUp()
  const [user] = await unrestricted.find('user', { filter: { id: proof.userId }, limit: 1 })
  const inPerson = caller.is === 'user' && caller.impersonator === undefined
  const here = inPerson && caller.id === user?.id && caller.sessionId !== undefined
  const open = here || typeof user?.passwordHash !== 'string' || user.emailVerifiedAt !== null
  return open ? undefined : String(user?.id)
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
        const { passwordHash, email: before } = await inside.data.unrestricted.user.get(userId)
        if (passwordHash !== checked) throw wrongPassword()
        await demandAllFactors(scope, inside, userId)
        // While the mails of the old address still lead back into the account.
        const what = `Somebody asked to sign in with ${email} from now on. Nothing has changed yet.`
        await tellOfChange(parts, inside, { to: before, what })
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
      const inPerson = caller.is === 'user' && caller.impersonator === undefined
      const keep = inPerson ? caller.sessionId : undefined
      await commit<void, Sight>(async (scope) => {
        const shown = { token: String(input.token), purpose: 'change-email' } as const
        const { userId, email } = await useProof(parts, scope, shown)
        const { user } = scope.data.unrestricted
        const before = (await user.get(userId)).email
        const holder = await holderOf(scope, email)
        if (holder !== undefined && holder !== 'unclaimed' && holder.id !== userId) {
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
