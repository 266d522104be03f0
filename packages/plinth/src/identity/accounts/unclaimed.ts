/** Owns what becomes of an account that nobody has claimed once somebody shows its address. */

import type { IdentityParts } from '../flows/operation.ts'
import { tellOfChange } from '../mail/telling.ts'
import type { IdentityScope } from '../sight.ts'

/**
 * Who has an address, asked by whoever has just shown that it is theirs; undefined: nobody. An
 * account that was made by a sign-up whose mail nobody has answered is nobody's, and its password
 * may be anybody's: it gives way, so that nobody is kept out by it or shares an account with it.
 */
export async function holderOf(
  { data }: IdentityScope,
  email: string,
): Promise<{ readonly id: string } | 'unclaimed' | undefined> {
  const { user } = data.unrestricted
  const { data: found } = await user.find({ filter: { email }, limit: 1 })
  const [holder] = found
  if (!holder?.unclaimed) return holder
  await user.delete(holder.id)
  return 'unclaimed'
}

/** Tells whoever got an address that a password which they may have chosen opens nothing. */
export async function tellOfUnclaimed(
  parts: IdentityParts,
  inside: IdentityScope,
  email: string,
): Promise<void> {
  const what =
    'Somebody had signed up with this address and a password, and never answered the mail that ' +
    'asked whose it is. That password opens nothing: the account was made anew, without it.'
  await tellOfChange(parts, inside, { to: email, what })
}
