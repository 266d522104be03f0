/** Owns how fresh a proof is that a provider stands for: as fresh as it says, and no fresher. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { instantText, minuteMs } from '../../base/time.ts'
import type { IdentityProvider } from '../../define/app/sign-in-with.ts'
import type { OutsideWho } from './parts.ts'

type Named = Pick<IdentityProvider, 'title'>

/** How long ago somebody may have shown a provider who they are, where it is to be fresh. */
export const freshMs = limits.provedMinutesForFactors * minuteMs

/**
 * When somebody who came back showed who they are. Null where the provider does not say: it may
 * have let in whoever sat at the browser, and nobody was asked for anything.
 */
export function provedThere(
  { provedAgoMs }: Pick<OutsideWho, 'provedAgoMs'>,
  nowMs: number,
): string | null {
  return provedAgoMs === undefined ? null : instantText(nowMs - provedAgoMs)
}

/**
 * The same, where a fresh proof was asked for. Fails with `step_up_required` where the provider
 * does not say when, or has not asked again.
 */
export function freshThere(provider: Named, who: OutsideWho, nowMs: number): string {
  const at = provedThere(who, nowMs)
  if (at === null) throw tellsNoTime(provider)
  if ((who.provedAgoMs ?? 0) <= freshMs) return at
  throw new Failure('step_up_required', {
    detail: `${provider.title} did not ask you again who you are. ${cure}`,
  })
}

/** Fails with `step_up_required` where a provider could never say when it has asked. */
export function demandTellsTime({ protocol, title }: IdentityProvider): void {
  if (protocol.is !== 'openid') throw tellsNoTime({ title })
}

const cure =
  'Show it by a password, a code or a passkey; where you have none, set a password by a mail, at ' +
  '/account/forgot-password, and repeat this.'

function tellsNoTime({ title }: Named): Failure {
  return new Failure('step_up_required', {
    detail: `${title} does not say when it last asked who you are: it proves nothing now. ${cure}`,
  })
}
