/** Owns signing in by mail: a link, or a code beside what its asker has kept. */

import { limits } from '../../base/limits.ts'
import { minuteMs } from '../../base/time.ts'
import type { Action } from '../../engine/runtime.ts'
import { booleanKind, emailKind, textKind } from '../../kinds/kinds.ts'
import { tellOfChange } from '../mail/telling.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { prefixes } from '../tokens.ts'
import { demandMail, mailAllowances, signInAllowances } from './allowances.ts'
import { beginSession } from './begin.ts'
import { type Shown, useProof } from './mail-proof.ts'
import { given, type IdentityParts, maybe, operation, tokenInput } from './operation.ts'
import { endOtherWays, endSessions, endTrust } from './sessions.ts'

/** Mails a link and a code. */
export function sendLink(parts: IdentityParts): Action {
  return {
    operation: operation('sendLink', {
      path: 'send-link',
      description:
        'Mails a link and a code to sign in by. Answers with `attempt`: keep it and send it with ' +
        'the code. The answer is the same whether there is such an account or not.',
      input: [given('email', emailKind())],
    }),
    allowances: mailAllowances('send-link'),
    async run({ input, commit }) {
      demandMail(parts)
      const { token, hash } = parts.tokens.make(prefixes.attempt)
      const email = String(input.email)
      await commit<void, Sight>((scope) => {
        return parts.mailing.ask(scope, { email, purpose: 'sign-in', attemptHash: hash })
      })
      return { status: 202, value: { attempt: token } }
    },
  }
}

/** Begins a session by the token of a mail. */
export function signInByLink(parts: IdentityParts): Action {
  return {
    operation: operation('signInByLink', {
      path: 'sign-in-by-link',
      description: 'Begins a session by the token that was mailed.',
      input: [given('token', tokenInput), maybe('cookie', booleanKind())],
    }),
    allowances: (_, call) => signInAllowances(call.remoteAddress),
    run: (scope) => {
      const shown = { token: String(scope.input.token), purpose: 'sign-in' } as const
      return byMail(parts, { scope, shown, method: 'link' })
    },
  }
}

/** Begins a session by the code of a mail, for whoever asked for it. */
export function signInByCode(parts: IdentityParts): Action {
  return {
    operation: operation('signInByCode', {
      path: 'sign-in-by-code',
      description: 'Begins a session by the code that was mailed, beside the `attempt` it is for.',
      input: [
        given('attempt', tokenInput),
        given('code', textKind({ min: 1, max: 12 })),
        maybe('cookie', booleanKind()),
      ],
    }),
    allowances: (input, call) => [
      ...signInAllowances(call.remoteAddress),
      {
        key: `sign-in-by-code:${parts.tokens.hash(String(input.attempt))}`,
        limit: limits.mailCodeTriesMax,
        windowMs: 15 * minuteMs,
      },
    ],
    run: (scope) => {
      const { attempt, code } = scope.input
      const shown = { attempt: String(attempt), code: String(code).replace(/\D/g, '') }
      return byMail(parts, { scope, shown, method: 'code' })
    },
  }
}

interface ByMail {
  readonly scope: Parameters<Action['run']>[0]
  readonly shown: Shown
  readonly method: 'link' | 'code'
}

/** Whoever has got the mail has shown that the address is theirs. */
async function byMail(parts: IdentityParts, { scope, shown, method }: ByMail) {
  const cookie = scope.input.cookie === true
  return beginSession(scope, parts, {
    ...{ method, cookie },
    async whose(inside: IdentityScope) {
      const { userId, email } = await useProof(parts, inside, shown)
      const { user } = inside.data.unrestricted
      const { emailVerifiedAt } = await user.get(userId)
      if (emailVerifiedAt === null) await claim(parts, inside, { userId, email })
      return userId
    },
  })
}

/**
 * The first to show that an address is theirs gets the account alone: whoever made it may have
 * been somebody else, who waits with a password, a passkey, a key, a session or a trusted device of
 * their own (pre-hijacking: Sudhodanan and Paverd, USENIX Security 2022).
 */
async function claim(
  parts: IdentityParts,
  inside: IdentityScope,
  { userId, email }: { readonly userId: string; readonly email: string },
): Promise<void> {
  const { user } = inside.data.unrestricted
  const { passwordHash } = await user.get(userId)
  await user.update(userId, { emailVerifiedAt: inside.now, passwordHash: null })
  await endSessions(inside, userId)
  await endTrust(inside, userId)
  await endOtherWays(inside, userId)
  if (passwordHash === null) return
  const what = 'Its password was set before the address was confirmed, so it was removed.'
  await tellOfChange(parts, inside, { to: email, what })
}
