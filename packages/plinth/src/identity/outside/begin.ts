/** Owns sending somebody to a provider, and that they come back once, in the browser that left. */

import type { Failure } from '../../base/failure.ts'
import { instantText, minuteMs } from '../../base/time.ts'
import { localPlace } from '../../base/web/local-place.ts'
import type { Action, ActionScope } from '../../engine/runtime.ts'
import { choiceKind, textKind } from '../../kinds/kinds.ts'
import { signInAllowances } from '../flows/allowances.ts'
import { wrongCredentials } from '../flows/begin.ts'
import { given, type IdentityParts, maybe, operation } from '../flows/operation.ts'
import { demandUser } from '../flows/sign-in.ts'
import { type OutsidePurpose, outsidePurposes } from '../models/outside.ts'
import type { Sight } from '../sight.ts'
import { prefixes } from '../tokens.ts'
import { demandTellsTime } from './fresh.ts'
import { demandProvider, type OutsideParts, providerInput, type Ties } from './parts.ts'

/** How long somebody may be away. */
export const attemptMinutes = 10

/** Tells by which providers people can sign in. */
export function listProviders({ providers }: OutsideParts): Action {
  return {
    operation: operation('providers', {
      path: 'providers',
      safe: true,
      description: 'The providers that people can sign in with, in the order of the app.',
      input: [],
    }),
    run: async () => ({
      status: 200,
      value: { providers: providers.map(({ name, title }) => ({ name, title })) },
    }),
  }
}

/** Sends somebody to a provider. */
export function beginOutside(parts: IdentityParts, outside: OutsideParts): Action {
  return {
    operation: operation('beginOutside', {
      path: 'begin-outside',
      description:
        'Begins a sign-in by another provider. Answers with `url`, to which the person is to be ' +
        'sent, and `attempt`: keep it where that person alone can read it, and send it to ' +
        '`finish-outside` with what the provider has added to the address that it leads back to. ' +
        'With the purpose `link` a signed-in caller adds an identity to the account, with ' +
        '`step-up` they show again who they are, where the provider says when it has asked.',
      input: [
        given('provider', providerInput),
        maybe('purpose', choiceKind([...outsidePurposes])),
        maybe('next', textKind({ max: 1_000 })),
      ],
    }),
    allowances: (_, call) => signInAllowances(call.remoteAddress),
    async run(scope) {
      const { input, caller } = scope
      const provider = demandProvider(outside, input.provider)
      const purpose = (input.purpose ?? 'sign-in') as OutsidePurpose
      if (purpose !== 'sign-in') demandUser(scope)
      if (purpose === 'step-up') demandTellsTime(provider)
      const bound =
        purpose !== 'sign-in' && caller.is === 'user'
          ? { userId: caller.id, sessionId: caller.sessionId ?? null }
          : {}
      const state = parts.tokens.make(prefixes['outside-state'])
      const kept = parts.tokens.make(prefixes['outside-attempt'])
      const ties = {
        ...{ state: state.token, verifier: parts.tokens.make('').token },
        nonce: parts.tokens.make('').token,
      }
      // Asked first: where the provider does not answer, nothing has begun.
      const url = await outside.client.begin(provider, ties, purpose === 'step-up')
      const sealed = await outside.sealer.seal(JSON.stringify(ties), state.hash)
      await scope.commit<void, Sight>(async ({ data }) => {
        const { outsideAttempt, outsideState } = data.unrestricted
        const { id: attemptId } = await outsideAttempt.create({
          ...{ provider: provider.name, purpose, sealed, ...bound, tokenHash: kept.hash },
          next: localPlace(typeof input.next === 'string' ? input.next : undefined) ?? null,
          expiresAt: instantText(scope.nowMs + attemptMinutes * minuteMs),
        })
        await outsideState.create({ attemptId, tokenHash: state.hash })
      })
      return { status: 200, value: { url, attempt: kept.token } }
    },
  }
}

/** An attempt that has come back. */
export interface Back {
  readonly ties: Ties
  readonly purpose: OutsidePurpose
  readonly userId: string | null
  readonly sessionId: string | null
  readonly next: string | null
}

/** What came back, and what the browser has kept. */
export interface Brought {
  readonly provider: string
  readonly state: string | undefined
  readonly attempt: string
}

/**
 * Uses an attempt up, before anything is asked of the provider: what comes back twice is worth
 * nothing, whatever became of the first time. The attempt is the one that this browser began, of
 * this provider and of no other. Fails with `invalid_credentials`.
 */
export async function useAttempt(
  scope: ActionScope,
  { parts, outside }: { readonly parts: IdentityParts; readonly outside: OutsideParts },
  { provider, state, attempt }: Brought,
): Promise<Back> {
  if (state === undefined) throw strayed()
  const stateHash = parts.tokens.hash(state)
  const tokenHash = parts.tokens.hash(attempt)
  const found = await scope.commit<Kept | undefined, Sight>(async ({ data, now }) => {
    const { outsideAttempt, outsideState } = data.unrestricted
    const came = { filter: { tokenHash: stateHash }, limit: 1 }
    const { data: states } = await outsideState.find(came)
    const [back] = states
    if (!back) return undefined
    const filter = { id: back.attemptId, tokenHash, provider, expiresAt: { gt: now } }
    const { data: list } = await outsideAttempt.find({ filter, limit: 1 })
    const [one] = list
    return one && (await outsideAttempt.consumeOnce(one.id, 'usedAt')) ? one : undefined
  })
  const opened = found && (await outside.sealer.open(found.sealed, stateHash))
  if (found === undefined || opened === undefined) throw strayed()
  const { purpose, userId, sessionId, next } = found
  return { ...{ purpose, userId, sessionId, next }, ties: JSON.parse(opened) as Ties }
}

interface Kept extends Omit<Back, 'ties'> {
  readonly sealed: string
}

function strayed(): Failure {
  return wrongCredentials(
    'This sign-in was not begun in this browser, was used, or is too old: begin it again.',
  )
}
