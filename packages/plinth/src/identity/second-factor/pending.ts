/** Owns the sign-in that waits for a second factor. What it is waited with is no session. */

import { limits } from '../../base/limits.ts'
import { dayMs, instantText } from '../../base/time.ts'
import type { Action, ActionScope } from '../../engine/runtime.ts'
import { booleanKind, jsonKind, textKind } from '../../kinds/kinds.ts'
import { signInAllowances } from '../flows/allowances.ts'
import { beginSession, deviceWords, wrongCredentials } from '../flows/begin.ts'
import { given, type IdentityParts, maybe, operation, tokenInput } from '../flows/operation.ts'
import type { IdentityScope } from '../sight.ts'
import { prefixes } from '../tokens.ts'
import { withFactor } from './shown.ts'

/** Ends a sign-in by the second factor that it waits for. */
export function secondFactor(parts: IdentityParts): Action {
  return {
    operation: operation('secondFactor', {
      path: 'second-factor',
      description:
        'Ends a sign-in that answered `pending`: with six digits of the authenticator app or a ' +
        'recovery code (`code`), or with what a browser made of `begin-second-factor-passkey` ' +
        '(`passkey`). Where `trust` is true the answer holds `trusted`: sent with later ' +
        'sign-ins from this device, it stands for the second factor for 30 days.',
      input: [
        given('pending', tokenInput),
        maybe('code', textKind({ min: 1, max: 40 })),
        maybe('passkey', jsonKind()),
        maybe('trust', booleanKind()),
        maybe('cookie', booleanKind()),
      ],
    }),
    allowances: (_, { remoteAddress }) => signInAllowances(remoteAddress),
    async run(scope) {
      const { input, now, unrestricted } = scope
      const filter = {
        tokenHash: parts.tokens.hash(String(input.pending)),
        expiresAt: { gt: now },
        usedAt: null,
      }
      const [pending] = await unrestricted.find('pendingSignIn', { filter, limit: 1 })
      if (!pending) throw wrongCredentials('The sign-in is too old, or has ended: begin it again.')
      const userId = String(pending.userId)
      const boundTo = String(pending.id)
      const trusted = input.trust === true ? parts.tokens.make(prefixes.trusted) : undefined
      const result = await withFactor(scope, parts, {
        ...{ purpose: 'second-factor', userId, boundTo },
        work: (take) =>
          beginSession(scope, parts, {
            method: pending.method as 'password',
            ...{ cookie: input.cookie === true, twoFactors: true },
            async whose(inside) {
              await take(inside)
              const { pendingSignIn } = inside.data.unrestricted
              const first = await pendingSignIn.consumeOnce(boundTo, 'usedAt')
              if (!first) throw wrongCredentials('The sign-in has ended: begin it again.')
              if (trusted) await trust(scope, inside, { userId, tokenHash: trusted.hash })
              return userId
            },
          }),
      })
      if (!trusted) return result
      return { ...result, value: { ...(result.value as object), trusted: trusted.token } }
    },
  }
}

async function trust(
  { call, now, nowMs }: ActionScope,
  { data }: IdentityScope,
  owned: { readonly userId: string; readonly tokenHash: string },
): Promise<void> {
  await data.unrestricted.trustedDevice.create({
    ...owned,
    device: deviceWords(call),
    expiresAt: instantText(nowMs + limits.trustedDeviceDays * dayMs),
    lastUsedAt: now,
  })
}
