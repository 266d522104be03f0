/** Owns the mails that bring a token or a code: asked for at once, made and sent by a job. */

import { limits } from '../../base/limits.ts'
import { dayMs, hourMs, instantText, minuteMs } from '../../base/time.ts'
import type { PlaceOf } from '../../define/app/sign-in.ts'
import { choice, email, text, uuid } from '../../define/fields.ts'
import type { Log } from '../../engine/runtime.ts'
import { type MailProofPurpose, mailProofPurposes } from '../models/proofs.ts'
import type { IdentityScope } from '../sight.ts'
import { prefixes, type Tokens } from '../tokens.ts'
import { mailedFor } from './mailed.ts'
import { placing } from './place.ts'
import { accountMails } from './texts.ts'

const lifeMs = Object.freeze({
  'verify-email': dayMs,
  'change-email': hourMs,
  'reset-password': 15 * minuteMs,
  'sign-in': 10 * minuteMs,
  upgrade: hourMs,
} as const)

const pages = Object.freeze({
  'verify-email': '/account/verify-email',
  'change-email': '/account/confirm-email',
  'reset-password': '/account/reset-password',
  'sign-in': '/account/sign-in-by-link',
  upgrade: '/account/confirm-upgrade',
} as const)

/** What a mail is asked for. */
export interface AskedMail {
  /** `sign-up-again`: tells the owner that somebody signed up with their address. */
  readonly purpose: MailProofPurpose | 'sign-up-again'
  readonly email: string
  /** change-email: whose address it becomes. Else the user of the address is meant. */
  readonly userId?: string
  /** change-email: the password's hash that was checked. Another one by then: nothing is sent. */
  readonly checked?: string
  /** sign-in: what its asker has kept, as a hash; the mail's code is good beside it alone. */
  readonly attemptHash?: string
}

/** How the flows send mails. */
export type AccountMailing = ReturnType<typeof accountMailing>

/** What sending needs to know of an app. */
export interface MailingParts {
  readonly tokens: Tokens
  readonly title: string
  /** The address of a page of the app. */
  readonly address: (path: string) => string
}

/** What the mails of accounts need to know beside that. */
interface AccountMailingParts extends MailingParts {
  /** Where a network address is; undefined: the app does not say. */
  readonly place: PlaceOf | undefined
  readonly log: Log
}

/**
 * The mails of an app's accounts, and the job that sends those with a token. What is asked for an
 * address that nobody has is stored, answered and run like everything else, and then sends
 * nothing: so that neither the answer nor its time tells who has an account.
 */
export function accountMailing(parts: AccountMailingParts) {
  const mails = accountMails()
  const { place, log } = parts
  const placed = place && placing({ ...parts, mails, place, log })
  const send = mails.kit.job('send', {
    input: {
      purpose: choice([...mailProofPurposes, 'sign-up-again']),
      email: email(),
      userId: uuid({ optional: true }),
      attemptHash: text({ max: 100, optional: true }),
      // The hash of a hash: a job's input is read by more people than an account is.
      checkedHash: text({ max: 100, optional: true }),
    },
    async run(scope) {
      const { purpose, email: to, userId, attemptHash, checkedHash } = scope.input
      const { user } = scope.data.unrestricted
      const filter = userId === null ? { email: to } : { id: userId }
      const { data: found } = await user.find({ filter, limit: 1 })
      const [owner] = found
      if (!owner || owner.suspended) return
      // A job may run late: after a password that somebody else knew was changed.
      if (checkedHash !== null && parts.tokens.hash(owner.passwordHash ?? '') !== checkedHash)
        return
      const { title } = parts
      // A guest learns by the mail alone, if at all, that an address has an account.
      const taken = purpose === 'upgrade' && (await isTaken(scope, to))
      if (purpose === 'sign-up-again' || taken) {
        const link = parts.address('/account/forgot-password')
        await scope.send(mails.signUpAgain, { to, input: { title, link } })
        return
      }
      const proof = { userId: owner.id, email: to, purpose, attemptHash }
      const { passwordHash } = owner
      const { token, code } = await makeProof(parts, scope, { ...proof, passwordHash })
      const input = { title, link: `${parts.address(pages[purpose])}?token=${token}` }
      const byPurpose = {
        'verify-email': () => scope.send(mails.verifyEmail, { to, input }),
        'change-email': () => scope.send(mails.changeEmail, { to, input }),
        'reset-password': () => scope.send(mails.resetPassword, { to, input }),
        upgrade: () => scope.send(mails.upgrade, { to, input: { ...input, code } }),
        'sign-in': () => scope.send(mails.signInLink, { to, input: { ...input, code } }),
      }
      await byPurpose[purpose]()
    },
  })
  return {
    ...{ mails, kit: mails.kit },
    /** Finds out where somebody signed in, afterwards; undefined: the app cannot say. */
    placed,
    /** Asks for a mail, in the transaction of whoever asks. */
    ask: async (scope: IdentityScope, { userId, attemptHash, checked, ...asked }: AskedMail) => {
      const checkedHash = checked === undefined ? null : parts.tokens.hash(checked)
      const more = { userId: userId ?? null, attemptHash: attemptHash ?? null, checkedHash }
      await scope.enqueue(send, { ...asked, ...more })
    },
  }
}

async function isTaken({ data }: IdentityScope, email: string): Promise<boolean> {
  const { data: found } = await data.unrestricted.user.find({ filter: { email }, limit: 1 })
  return found.some(({ unclaimed }) => !unclaimed)
}

interface NewProof {
  readonly userId: string
  readonly email: string
  readonly purpose: MailProofPurpose
  readonly passwordHash: string | null
  readonly attemptHash: string | null
}

/** Makes a proof. Those of the same purpose that were sent before end by it. */
async function makeProof(
  { tokens }: Pick<MailingParts, 'tokens'>,
  { data, now }: IdentityScope,
  { attemptHash, purpose, ...proof }: NewProof,
): Promise<{ readonly token: string; readonly code: string }> {
  const { upgradeLink, signInAttempt } = data.unrestricted
  const mailed = mailedFor({ data }, purpose)
  const { userId } = proof
  const { data: before } = await mailed.find({ filter: { userId }, limit: 200 })
  for (const { id } of before) await mailed.delete(id)
  const { token, hash: tokenHash } = tokens.make(prefixes[purpose])
  const code = tokens.code(limits.mailCodeDigits)
  const codeHash = tokens.hash(`${attemptHash} ${code}`)
  const expiresAt = instantText(Date.parse(now) + lifeMs[purpose])
  const kept = { ...proof, tokenHash, expiresAt }
  if (purpose === 'upgrade') await upgradeLink.create({ ...kept, attemptHash, codeHash })
  else {
    const { id: linkId } = await mailed.create(kept)
    const waits = purpose === 'sign-in' && attemptHash !== null
    if (waits) await signInAttempt.create({ linkId, tokenHash: attemptHash, codeHash })
  }
  return { token, code }
}
