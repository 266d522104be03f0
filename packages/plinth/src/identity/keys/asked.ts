/** Owns what somebody asks a key for: who may ask, for which scopes, from where, for how long. */

import { Failure, invalidInput, type Problem } from '../../base/failure.ts'
import { rangeOf } from '../../base/network.ts'
import { dayMs, instantText } from '../../base/time.ts'
import type { ActionInput } from '../../catalog/catalog.ts'
import type { ActionScope } from '../../engine/runtime.ts'
import { integerKind, listKind, textKind } from '../../kinds/kinds.ts'
import { given, type IdentityParts, maybe } from '../flows/operation.ts'
import { demandAllFactors, demandFreshProof } from '../second-factor/totp.ts'

/** Such as `["read", "order.write"]`. */
export const scopesInput: ActionInput = given(
  'scopes',
  listKind(textKind({ max: 130 }), { min: 1, max: 50 }),
  'What it may do, such as ["order.read"]. All that it may is also allowed to you.',
)

/** From where. */
export const networksInput: ActionInput = maybe(
  'networks',
  listKind(textKind({ max: 50 }), { max: 20 }),
  'Where it can be used from, such as ["192.0.2.0/24"]. Default: from everywhere.',
)

/** For how long. */
export function daysInput(most: number, usual: number): ActionInput {
  const kind = integerKind({ min: 1, max: most })
  return maybe('expiresInDays', kind, `Default ${usual}, at most ${most}.`)
}

/**
 * The caller's id, where they are there themselves, and have just shown it. Whoever acts as a user
 * leaves nothing behind that goes on acting. Fails with `step_up_required` and `forbidden`.
 */
export function demandMaker(scope: ActionScope): string {
  const userId = demandFreshProof(scope)
  const { caller } = scope
  if (caller.is === 'user' && caller.impersonator !== undefined) {
    throw new Failure('forbidden', { detail: 'Only the users themselves make keys.' })
  }
  return userId
}

/** The same inside of the transaction, where the session may have ended, or lacks a factor. */
export const demandStillMaker = demandAllFactors

/** Fails with `invalid_input` where scopes or networks are none. */
export function demandReadable(
  { scopeProblems }: IdentityParts,
  {
    scopes,
    networks,
  }: { readonly scopes: readonly string[]; readonly networks: readonly string[] },
): void {
  const problems: Problem[] = [...scopeProblems(scopes)]
  for (const [index, network] of networks.entries()) {
    if (rangeOf(network)) continue
    const detail = 'Write an address, or a network such as 192.0.2.0/24 or 2001:db8::/32.'
    problems.push({ pointer: `/networks/${index}`, code: 'bad_network', detail })
  }
  if (problems.length > 0) throw invalidInput(problems)
}

/** Each word once, in order: what is shown is what counts. */
export function wordsOf(value: unknown): readonly string[] {
  return [...new Set(Array.isArray(value) ? value.map(String) : [])].sort()
}

/** The moment so many days from now. */
export function inDays(nowMs: number, days: unknown, usual: number): string {
  return instantText(nowMs + (typeof days === 'number' ? days : usual) * dayMs)
}

/** Its first letters, by which people tell it from others. */
export function shownPrefix(token: string): string {
  return token.slice(0, 8)
}

/** Fails with `conflict` where somebody has as many as anybody can have. */
export function demandRoom(found: readonly unknown[], most: number): void {
  if (found.length < most) return
  throw new Failure('conflict', { detail: `There are ${most} of them: end one that is not used.` })
}
