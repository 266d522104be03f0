/** Owns the identities that belong to nobody yet: each waits for one thing, in one browser. */

import { instantText, minuteMs } from '../../base/time.ts'
import { wrongCredentials } from '../flows/begin.ts'
import type { IdentityParts } from '../flows/operation.ts'
import type { OutsideNeed } from '../models/outside.ts'
import type { IdentityScope } from '../sight.ts'
import { prefixes } from '../tokens.ts'
import type { OutsideWho } from './parts.ts'

const waitMinutes = 10

/** An identity that waits. */
export interface NewLink {
  /** Shows that it was this browser that came back with it. */
  readonly link: string
  readonly need: OutsideNeed
  /** What the provider said. */
  readonly email: string | undefined
}

interface Making {
  readonly provider: string
  readonly who: OutsideWho
  readonly need: OutsideNeed
  /** For this account alone; null: for a new one. */
  readonly userId: string | null
}

/** Lets an identity wait. */
export async function makeLink(
  { tokens }: IdentityParts,
  { data, now }: IdentityScope,
  { provider, who, need, userId }: Making,
): Promise<NewLink> {
  const { token, hash } = tokens.make(prefixes['outside-link'])
  const { issuer, subject } = who
  const email = who.email?.slice(0, 320)
  await data.unrestricted.outsideLink.create({
    ...{ tokenHash: hash, need, userId, provider, issuer, subject },
    ...{ email: email ?? null, name: who.name?.slice(0, 200) ?? null },
    expiresAt: instantText(Date.parse(now) + waitMinutes * minuteMs),
  })
  return { link: token, need, email }
}

/** What waits behind a token. Fails with `invalid_credentials`. */
export async function waitingLink(
  { tokens }: Pick<IdentityParts, 'tokens'>,
  { data, now }: IdentityScope,
  token: unknown,
) {
  const filter = { tokenHash: tokens.hash(String(token)), expiresAt: { gt: now } }
  const { data: found } = await data.unrestricted.outsideLink.find({ filter, limit: 1 })
  const [link] = found
  if (!link || link.usedAt !== null) throw goneLink()
  return link
}

/** Uses it up. Fails with `invalid_credentials` where another call was first. */
export async function useLink({ data }: IdentityScope, id: string): Promise<void> {
  if (!(await data.unrestricted.outsideLink.consumeOnce(id, 'usedAt'))) throw goneLink()
}

/** The one answer to what waits no more, or never did in this browser. */
export function goneLink() {
  return wrongCredentials(
    'This identity does not wait in this browser, was used, or waited too long: begin again.',
  )
}
