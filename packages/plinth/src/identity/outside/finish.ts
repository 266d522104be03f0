/** Owns the coming back from a provider: who it is decides by issuer and subject, never by mail. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Action, ActionResult, ActionScope } from '../../engine/runtime.ts'
import { booleanKind, textKind } from '../../kinds/kinds.ts'
import { holderOf, tellOfUnclaimed } from '../accounts/unclaimed.ts'
import { signInAllowances } from '../flows/allowances.ts'
import { beginSession, wrongCredentials } from '../flows/begin.ts'
import { given, type IdentityParts, maybe, operation, tokenInput } from '../flows/operation.ts'
import { endSessions } from '../flows/sessions.ts'
import { demandUser } from '../flows/sign-in.ts'
import type { OutsideNeed } from '../models/outside.ts'
import { rotation } from '../second-factor/rotation.ts'
import { stepUpRequired } from '../second-factor/totp.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { type Back, useAttempt } from './begin.ts'
import { freshThere, provedThere } from './fresh.ts'
import { accountAddress, findIdentity, keepIdentity, touchIdentity } from './identities.ts'
import { demandProvider, type OutsideParts, type OutsideWho, providerInput } from './parts.ts'
import { makeLink, type NewLink } from './waiting.ts'

/** Takes in somebody who came back from a provider. */
export function finishOutside(parts: IdentityParts, outside: OutsideParts): Action {
  return {
    operation: operation('finishOutside', {
      path: 'finish-outside',
      description:
        'Ends what `begin-outside` has begun: `answer` is the query that the provider added to ' +
        'the address. Answers with a session, or with `pending` where the account has a second ' +
        'factor. An identity that nobody has yet gets an account where the provider vouches for ' +
        'the address; else the answer holds `link`, and what it `needs`: `sign-in` (an account ' +
        'has the address: sign in to it, then `link-outside`), `confirm` (`link-outside`), or ' +
        '`email` (`send-finish-sign-up`).',
      input: [
        given('provider', providerInput),
        given('attempt', tokenInput),
        given('answer', textKind({ max: limits.addressBytesMax })),
        maybe('trusted', tokenInput),
        maybe('cookie', booleanKind()),
      ],
    }),
    allowances: (_, call) => signInAllowances(call.remoteAddress),
    async run(scope) {
      const { input } = scope
      const provider = demandProvider(outside, input.provider)
      const brought = new URLSearchParams(String(input.answer))
      const states = brought.getAll('state')
      const back = await useAttempt(
        scope,
        { parts, outside },
        {
          ...{ provider: provider.name, attempt: String(input.attempt) },
          state: states.length === 1 ? states[0] : undefined,
        },
      )
      const who = await outside.client.finish(provider, back.ties, brought)
      const result = await takeIn(scope, parts, { provider, back, who })
      const { next } = back
      return next === null ? result : { ...result, value: { ...(result.value as object), next } }
    },
  }
}

interface Came {
  readonly provider: { readonly name: string; readonly title: string }
  readonly back: Back
  readonly who: OutsideWho
}

async function takeIn(scope: ActionScope, parts: IdentityParts, came: Came): Promise<ActionResult> {
  if (came.back.purpose === 'link') return addTo(scope, parts, came)
  if (came.back.purpose === 'step-up') return proveAgain(scope, parts, came)
  const { provider, who } = came
  const met = await scope.commit<NewLink | 'known' | 'made', Sight>(async (inside) => {
    if (await findIdentity(inside, who)) return 'known'
    return meet(scope, parts, { ...came, inside })
  })
  if (met !== 'known' && met !== 'made') return answerLink(met, came)
  const { input, now, nowMs } = scope
  return beginSession(scope, parts, {
    ...{ method: 'outside', cookie: input.cookie === true },
    // Of an account that was made just now nothing is older than this proof.
    provedAt: met === 'made' ? now : provedThere(who, nowMs),
    trusted: typeof input.trusted === 'string' ? input.trusted : undefined,
    async whose(inside) {
      const known = await findIdentity(inside, who)
      if (!known) throw wrongCredentials('The identity was unlinked meanwhile: begin again.')
      await touchIdentity(inside, known, { provider: provider.name, who })
      return known.userId
    },
  })
}

interface Meeting extends Came {
  readonly inside: IdentityScope
}

/**
 * Somebody who was never here. An address alone opens no account, verified or not (C17): where one
 * has it, its owner signs in first. Where the provider is not the one who gives the address out,
 * nothing is told of it, and a mail asks whose it is.
 */
async function meet(
  scope: ActionScope,
  parts: IdentityParts,
  { inside, provider, who }: Meeting,
): Promise<NewLink | 'made'> {
  const email = who.vouched ? accountAddress(who.email) : undefined
  const of = { provider: provider.name, who }
  if (email === undefined) {
    demandSignUp(parts)
    return makeLink(parts, inside, { ...of, need: 'email', userId: null })
  }
  const owner = await holderOf(inside, email)
  if (owner !== undefined && owner !== 'unclaimed') {
    return makeLink(parts, inside, { ...of, need: 'sign-in', userId: owner.id })
  }
  demandSignUp(parts)
  await keepIdentity(inside, { ...of, userId: await newUser(scope, inside, { email, who }) })
  if (owner === 'unclaimed') await tellOfUnclaimed(parts, inside, email)
  return 'made'
}

/** Fails with `forbidden` where the staff makes accounts. */
export function demandSignUp({ signUp }: Pick<IdentityParts, 'signUp'>): void {
  if (signUp === 'anyone') return
  throw new Failure('forbidden', {
    detail:
      'Accounts are made by the staff of this app. If you have one, sign in to it as you do, ' +
      'then link this identity.',
  })
}

/** Makes an account whose address is known to be its owner's. A guest becomes it. */
export async function newUser(
  { caller }: Pick<ActionScope, 'caller'>,
  inside: IdentityScope,
  { email, who }: { readonly email: string; readonly who: { readonly name?: string | undefined } },
): Promise<string> {
  const { data, now } = inside
  const { user } = data.unrestricted
  const name = who.name?.slice(0, 200) ?? null
  const values = { email, name, emailVerifiedAt: now }
  if (caller.is === 'user' && caller.guest === true && caller.sessionId !== undefined) {
    await user.update(caller.id, { ...values, guest: false })
    // Whoever has seen the token of the guest has nothing of the account.
    await endSessions(inside, caller.id)
    return caller.id
  }
  return (await user.create(values)).id
}

/** For a signed-in caller: nothing is linked yet, a button of theirs does it (login CSRF). */
async function addTo(scope: ActionScope, parts: IdentityParts, came: Came): Promise<ActionResult> {
  const userId = demandSame(scope, came.back)
  const { provider, who } = came
  const waits = await scope.commit<NewLink, Sight>(async (inside) => {
    const known = await findIdentity(inside, who)
    if (known) throw taken(provider.title, known.userId === userId)
    return makeLink(parts, inside, { provider: provider.name, who, need: 'confirm', userId })
  })
  return answerLink(waits, came)
}

/** The answer where an identity is linked already. */
export function taken(title: string, here: boolean): Failure {
  const whose = here ? 'to your account already' : 'to another account'
  return new Failure('conflict', { detail: `This identity of ${title} is linked ${whose}.` })
}

/** Who came back is who was sent, in the same session. */
function demandSame(scope: ActionScope, { userId, sessionId }: Back): string {
  const id = demandUser(scope)
  const { caller } = scope
  if (caller.is === 'user' && id === userId && caller.sessionId === (sessionId ?? undefined)) {
    return id
  }
  throw wrongCredentials('You have signed in as somebody else meanwhile: begin again.')
}

/** A session goes on under a new token, and its proof is as fresh as the provider says. */
async function proveAgain(
  scope: ActionScope,
  parts: IdentityParts,
  { back, provider, who }: Came,
): Promise<ActionResult> {
  const userId = demandSame(scope, back)
  const at = freshThere(provider, who, scope.nowMs)
  const { put, answer } = rotation(scope, parts)
  const expiresAt = await scope.commit<string, Sight>(async (inside) => {
    const known = await findIdentity(inside, who)
    if (known?.userId !== userId) {
      throw wrongCredentials(`This is not an identity of ${provider.title} that you have linked.`)
    }
    // Where the account has a second factor, that is what is asked for: also of a session that has
    // shown it once, since one factor makes no proof of two fresh again.
    const { secondFactor } = await inside.data.unrestricted.user.get(userId)
    if (secondFactor) throw stepUpRequired()
    await touchIdentity(inside, known, { provider: provider.name, who })
    return put(inside, { proof: { factors: 1, at } })
  })
  return answer(expiresAt)
}

function answerLink({ link, need, email }: NewLink, { provider }: Came): ActionResult {
  const { name, title } = provider
  const needs: OutsideNeed = need
  return { status: 202, value: { link, needs, provider: name, title, email } }
}
