/** Owns the way from a guest to an account: the same user, once a mail was answered. */

import { Failure, invalidInput } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { dayMs, hourMs, instantText, minuteMs } from '../../base/time.ts'
import type { Action, ActionScope } from '../../engine/runtime.ts'
import { booleanKind, emailKind, textKind } from '../../kinds/kinds.ts'
import {
  byNetwork,
  demandMail,
  recipientAllowances,
  signInAllowances,
} from '../flows/allowances.ts'
import { fingerprintOf, wrongCredentials } from '../flows/begin.ts'
import {
  given,
  type IdentityParts,
  maybe,
  operation,
  passwordInput,
  tokenInput,
} from '../flows/operation.ts'
import { endSessions } from '../flows/sessions.ts'
import { rotation } from '../second-factor/rotation.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { prefixes } from '../tokens.ts'
import { demandGuest } from './guests.ts'
import { holderOf } from './unclaimed.ts'

/**
 * Asks to become an account. The guest stays a guest until the mail is answered: so that nobody
 * learns by it whether an address has an account, and nobody gets one under a foreign address.
 */
export function upgrade(parts: IdentityParts): Action {
  return {
    operation: operation('upgrade', {
      path: 'upgrade',
      description:
        'Asks to make an account of a guest: the same user, with all that is theirs. A mail ' +
        'brings a link and a code for `confirm-upgrade`. The answer is the same whether the ' +
        'address is new or taken.',
      input: [
        given('email', emailKind()),
        given('password', passwordInput),
        maybe('name', textKind({ max: 200 })),
      ],
    }),
    allowances: ({ email }, { remoteAddress }) => [
      ...byNetwork(remoteAddress, {
        ...{ what: 'sign-up', limit: limits.signUpsPerHourPerNetwork, windowMs: hourMs },
      }),
      ...recipientAllowances(String(email), remoteAddress),
    ],
    async run(scope) {
      const userId = demandGuest(scope)
      if (parts.signUp === 'nobody') {
        throw new Failure('forbidden', { detail: 'Accounts are made by the staff of this app.' })
      }
      demandMail(parts)
      const { input, nowMs } = scope
      const email = String(input.email)
      const name = input.name === null ? null : String(input.name)
      await parts.passwords.demand(String(input.password), '/password', { email, name })
      const passwordHash = await parts.passwords.hash(String(input.password))
      // Nobody’s secret: by it the mail belongs to this wish alone.
      const attemptHash = parts.tokens.make(prefixes.upgrade).hash
      const expiresAt = instantText(nowMs + hourMs)
      await scope.commit<void, Sight>(async (inside) => {
        const { guestUpgrade } = inside.data.unrestricted
        const { data: before } = await guestUpgrade.find({ filter: { userId }, limit: 1 })
        for (const { id } of before) await guestUpgrade.delete(id)
        const asked = { userId, email, passwordHash, name, attemptHash, expiresAt }
        await guestUpgrade.create(asked)
        await parts.mailing.ask(inside, { purpose: 'upgrade', email, userId, attemptHash })
      })
      return { status: 202, value: { email } }
    },
  }
}

/** Makes the account, in the guest's own session, by what was mailed. */
export function confirmUpgrade(parts: IdentityParts): Action {
  return {
    operation: operation('confirmUpgrade', {
      path: 'confirm-upgrade',
      description:
        'Makes an account of a guest by the token or the code that was mailed. It counts in the ' +
        'session of the guest alone, which goes on under a new token.',
      input: [
        maybe('token', tokenInput),
        maybe('code', textKind({ min: 1, max: 12 })),
        maybe('cookie', booleanKind()),
      ],
    }),
    allowances: (_, { remoteAddress }) => signInAllowances(remoteAddress),
    async run(scope) {
      const userId = demandGuest(scope)
      const { token, code } = scope.input
      if (token === null && code === null) {
        const detail = 'Give the token of the mail, or its code.'
        throw invalidInput([{ pointer: '/token', code: 'required', detail }])
      }
      const key = `upgrade:${userId}`
      await scope.take({ key, limit: limits.mailCodeTriesMax, windowMs: 15 * minuteMs })
      const fresh = rotation(scope, parts)
      const user = await scope.commit<object, Sight>(async (inside) => {
        const asked = await useUpgrade(parts, inside, { userId, token, code })
        await demandFree(inside, asked.email)
        const { email, name, passwordHash } = asked
        const emailVerifiedAt = inside.now
        const values = { email, emailVerifiedAt, name, passwordHash, guest: false }
        const { roles } = await inside.data.unrestricted.user.update(userId, values)
        await inside.data.unrestricted.guestUpgrade.delete(asked.id)
        await becomeSession(scope, inside, userId)
        // The device that a new account knows, so that the next one is told of.
        const fingerprint = fingerprintOf(parts, scope.call)
        const device = { userId, fingerprint, lastSeenAt: inside.now }
        await inside.data.unrestricted.knownDevice.upsert(device)
        await fresh.put(inside, { proof: { factors: 1, at: inside.now } })
        return { id: userId, email, name, roles }
      })
      await scope.restore(key)
      return fresh.answer(instantText(scope.nowMs + limits.sessionLifeDays * dayMs), { user })
    },
  }
}

interface ShownUpgrade {
  readonly userId: string
  readonly token: unknown
  readonly code: unknown
}

/** Uses up what was mailed for the last wish of a guest. One answer for all that is wrong. */
async function useUpgrade(
  { tokens }: IdentityParts,
  { data, now }: IdentityScope,
  { userId, token, code }: ShownUpgrade,
) {
  const { guestUpgrade, upgradeLink, user } = data.unrestricted
  const { data: found } = await guestUpgrade.find({ filter: { userId }, limit: 1 })
  const [asked] = found
  if (!asked || asked.expiresAt <= now || !(await user.get(userId)).guest) throw notGood()
  const { attemptHash } = asked
  const shown =
    typeof token === 'string'
      ? { tokenHash: tokens.hash(token) }
      : { codeHash: tokens.hash(`${attemptHash} ${String(code).replace(/\D/g, '')}`) }
  const mailed = { userId, attemptHash, expiresAt: { gt: now } }
  const { data: proofs } = await upgradeLink.find({ filter: { ...mailed, ...shown }, limit: 1 })
  const [proof] = proofs
  if (!proof || !(await upgradeLink.consumeOnce(proof.id, 'usedAt'))) throw notGood()
  return asked
}

function notGood(): Failure {
  const what = 'The link or the code is wrong, was used, or is too old'
  return wrongCredentials(`${what}: ask for another, in the browser where you began.`)
}

/** An account that nobody has claimed gives way to whoever reads the mails of its address. */
async function demandFree(inside: IdentityScope, email: string): Promise<void> {
  const other = await holderOf(inside, email)
  if (other === undefined || other === 'unclaimed') return
  throw new Failure('conflict', {
    detail: 'You have an account with this address already: sign in to it.',
  })
}

/** The session of a guest becomes one of an account; all others end. */
async function becomeSession(
  { caller, now, nowMs }: ActionScope,
  inside: IdentityScope,
  userId: string,
): Promise<void> {
  const here = caller.is === 'user' ? caller.sessionId : undefined
  await endSessions(inside, userId, here)
  if (here === undefined) return
  const expiresAt = instantText(nowMs + limits.sessionLifeDays * dayMs)
  const values = { method: 'password', expiresAt, lastUsedAt: now } as const
  await inside.data.unrestricted.session.update(here, values)
}
