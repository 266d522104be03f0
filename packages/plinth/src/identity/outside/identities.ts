/** Owns the identities that are linked: found by issuer and subject, and by nothing else. */

import { emailKind } from '../../kinds/kinds.ts'
import type { IdentityScope } from '../sight.ts'
import type { OutsideWho } from './parts.ts'

/** What an identity is kept by. */
export type Known = Pick<OutsideWho, 'issuer' | 'subject'>

/** Somebody, by a provider. */
export interface Of {
  /** The provider's name. */
  readonly provider: string
  readonly who: Known & Pick<OutsideWho, 'email'>
}

/** Who has an identity; undefined: nobody. */
export async function findIdentity(
  { data }: IdentityScope,
  { issuer, subject }: Known,
): Promise<{ readonly id: string; readonly userId: string } | undefined> {
  const filter = { issuer, subject }
  const { data: found } = await data.unrestricted.outsideIdentity.find({ filter, limit: 1 })
  return found[0]
}

/** Links an identity to an account. */
export async function keepIdentity(
  { data, now }: IdentityScope,
  { userId, ...of }: Of & { readonly userId: string },
): Promise<void> {
  const { issuer, subject } = of.who
  await data.unrestricted.outsideIdentity.create({
    ...{ userId, issuer, subject, ...told(of), lastUsedAt: now },
  })
}

/** Keeps when an identity was used, and what the provider said of it. */
export async function touchIdentity(
  { data, now }: IdentityScope,
  { id }: { readonly id: string },
  of: Of,
): Promise<void> {
  await data.unrestricted.outsideIdentity.update(id, { ...told(of), lastUsedAt: now })
}

function told({ provider, who }: Of) {
  return { provider, email: who.email?.slice(0, 320) ?? null }
}

const addresses = emailKind()

/**
 * What a provider calls an address, as an account has it; undefined where no account could have it.
 * Lower case alone would make of a letter such as U+212A another one, of somebody else's mailbox.
 */
export function accountAddress(email: string | null | undefined): string | undefined {
  return addresses.check(email, () => undefined)
}
