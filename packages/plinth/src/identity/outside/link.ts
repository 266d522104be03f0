/** Owns linking an identity to an account, under proof of both, and unlinking it. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { minuteMs } from '../../base/time.ts'
import type { Action, ActionScope } from '../../engine/runtime.ts'
import { uuidKind } from '../../kinds/kinds.ts'
import { byNetwork } from '../flows/allowances.ts'
import { given, type IdentityParts, operation, tokenInput } from '../flows/operation.ts'
import { tellOfChange } from '../mail/telling.ts'
import {
  demandAllFactors,
  demandFreshProof,
  demandVerified,
  factorsChanged,
} from '../second-factor/totp.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { demandWayIn } from '../ways-in.ts'
import { taken } from './finish.ts'
import { accountAddress, findIdentity, keepIdentity } from './identities.ts'
import type { OutsideParts } from './parts.ts'
import { goneLink, useLink, waitingLink } from './waiting.ts'

/** Tells what waits in a browser, for the page that asks about it. */
export function lookAtLink(parts: IdentityParts, outside: OutsideParts): Action {
  return {
    operation: operation('waitingOutside', {
      path: 'waiting-outside',
      description: 'What waits behind a `link`: the provider, the address it told, what it needs.',
      input: [given('link', tokenInput)],
    }),
    allowances: linkAllowance,
    async run(scope) {
      const value = await scope.look<object, Sight>(async (inside) => {
        const { provider, email, need } = await waitingLink(parts, inside, scope.input.link)
        return { provider, title: titleOf(outside, provider), email, needs: need }
      })
      return { status: 200, value }
    },
  }
}

/** Links what waits to the account of the caller. */
export function linkOutside(parts: IdentityParts, outside: OutsideParts): Action {
  return {
    operation: operation('linkOutside', {
      path: 'link-outside',
      description:
        'Links the identity behind a `link` to the account of the caller: the one that asked for ' +
        'it, or the one that has its address. Asks for a fresh proof and a confirmed address; a ' +
        'mail tells of it.',
      input: [given('link', tokenInput)],
    }),
    allowances: linkAllowance,
    async run(scope) {
      const userId = demandInPerson(scope)
      await scope.commit<void, Sight>(async (inside) => {
        const link = await waitingLink(parts, inside, scope.input.link)
        // The proof is of one identity for one account (C18): nobody else can use it, and where
        // the account was chosen by its address, it has that address still.
        if (link.userId !== userId || link.need === 'email') throw goneLink()
        await demandAllFactors(scope, inside, userId)
        const { email, emailVerifiedAt } = await inside.data.unrestricted.user.get(userId)
        if (link.need === 'sign-in' && accountAddress(link.email) !== email) throw goneLink()
        demandVerified(parts, emailVerifiedAt)
        const title = titleOf(outside, link.provider)
        const known = await findIdentity(inside, link)
        if (known) throw taken(title, known.userId === userId)
        await useLink(inside, link.id)
        const who = { ...link, email: link.email ?? undefined }
        await keepIdentity(inside, { userId, provider: link.provider, who })
        await tell(parts, inside, { to: email, what: `An identity of ${title} was linked.` })
      })
      return { status: 204, value: undefined }
    },
  }
}

/** Takes an identity away from the account of the caller. */
export function unlinkOutside(parts: IdentityParts, outside: OutsideParts): Action {
  return {
    operation: operation('unlinkOutside', {
      path: 'unlink-outside',
      description:
        'Unlinks an identity of the caller. Asks for a fresh proof. All other sessions end; a ' +
        'mail tells of it. The last way into an account stays.',
      input: [given('identity', uuidKind())],
    }),
    async run(scope) {
      const userId = demandInPerson(scope)
      const { caller, input } = scope
      const here = caller.is === 'user' ? caller.sessionId : undefined
      await scope.commit<void, Sight>(async (inside) => {
        await demandAllFactors(scope, inside, userId)
        const { outsideIdentity } = inside.data.unrestricted
        const filter = { id: String(input.identity), userId }
        const { data: found } = await outsideIdentity.find({ filter, limit: 1 })
        const [kept] = found
        if (!kept) throw new Failure('not_found')
        await outsideIdentity.delete(kept.id)
        await demandWayIn(parts, inside, userId)
        const what = `An identity of ${titleOf(outside, kept.provider)} was unlinked.`
        await factorsChanged(parts, inside, { userId, here, what })
      })
      return { status: 204, value: undefined }
    },
  }
}

/**
 * The caller's id, where they are there themselves and have shown so in the last minutes. Fails
 * with `sign_in_required`, `step_up_required` and `forbidden`.
 */
function demandInPerson(scope: ActionScope): string {
  const { caller } = scope
  const acts = caller.is === 'user' && (caller.impersonator ?? caller.via) !== undefined
  if (acts || (caller.is === 'user' && caller.guest === true)) {
    throw new Failure('forbidden', { detail: 'Only the owner of an account changes its ways in.' })
  }
  return demandFreshProof(scope)
}

async function tell(
  parts: IdentityParts,
  inside: IdentityScope,
  { to, what }: { readonly to: string | null; readonly what: string },
): Promise<void> {
  if (to !== null) await tellOfChange(parts, inside, { to, what })
}

/** A provider's title; its name where the app has left it out by now. */
export function titleOf({ providers }: OutsideParts, name: string): string {
  return providers.find((one) => one.name === name)?.title ?? name
}

/** Whoever tries tokens tries few. */
export const linkAllowance: NonNullable<Action['allowances']> = (_, { remoteAddress }) =>
  byNetwork(remoteAddress, {
    what: 'outside-link',
    limit: limits.signInsPerMinutePerNetwork,
    windowMs: minuteMs,
  })
