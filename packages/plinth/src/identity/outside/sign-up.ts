/** Owns accounts of identities whose provider vouches for no address: a mail shows whose it is. */

import { Failure } from '../../base/failure.ts'
import type { Action } from '../../engine/runtime.ts'
import { booleanKind, emailKind } from '../../kinds/kinds.ts'
import { holderOf, tellOfUnclaimed } from '../accounts/unclaimed.ts'
import { demandMail, mailAllowances, signInAllowances } from '../flows/allowances.ts'
import { beginSession } from '../flows/begin.ts'
import { given, type IdentityParts, maybe, operation, tokenInput } from '../flows/operation.ts'
import type { Sight } from '../sight.ts'
import { demandSignUp, newUser, taken } from './finish.ts'
import { findIdentity, keepIdentity } from './identities.ts'
import { titleOf } from './link.ts'
import type { OutsideParts } from './parts.ts'
import { goneLink, useLink, waitingLink } from './waiting.ts'

/** Mails a link to the address that somebody says is theirs. */
export function sendFinishSignUp(parts: IdentityParts, outside: OutsideParts): Action {
  return {
    operation: operation('sendFinishSignUp', {
      path: 'send-finish-sign-up',
      description:
        'Mails a link to the address that an identity is to get its account with. The answer is ' +
        'the same whether an account has the address or not.',
      input: [given('link', tokenInput), given('email', emailKind())],
    }),
    allowances: mailAllowances('send-finish-sign-up'),
    async run({ input, commit }) {
      demandMail(parts)
      demandSignUp(parts)
      const email = String(input.email)
      await commit<void, Sight>(async (inside) => {
        const link = await waitingLink(parts, inside, input.link)
        if (link.need !== 'email') throw goneLink()
        // Another address: what was mailed before is good for nothing.
        const { outsideLink, outsideMail } = inside.data.unrestricted
        await outsideLink.update(link.id, { mailEmail: email })
        const { data: sent } = await outsideMail.find({ filter: { linkId: link.id }, limit: 1 })
        for (const { id } of sent) await outsideMail.delete(id)
        const provider = titleOf(outside, link.provider)
        await outside.mailing.ask(inside, { link: link.id, email, provider })
      })
      return { status: 202, value: { email } }
    },
  }
}

/** Makes the account. */
export function finishSignUp(parts: IdentityParts, outside: OutsideParts): Action {
  return {
    operation: operation('finishSignUp', {
      path: 'finish-sign-up',
      description:
        'Makes the account of an identity by the token that was mailed, beside the `link` of the ' +
        'browser that began, and begins a session.',
      input: [
        given('link', tokenInput),
        given('token', tokenInput),
        maybe('cookie', booleanKind()),
      ],
    }),
    allowances: (_, call) => signInAllowances(call.remoteAddress),
    async run(scope) {
      demandSignUp(parts)
      const { input } = scope
      return beginSession(scope, parts, {
        ...{ method: 'outside', cookie: input.cookie === true },
        async whose(inside) {
          // Both: whoever reads the mail has not begun it, and whoever began it reads no mail.
          const link = await waitingLink(parts, inside, input.link)
          const { mailEmail: email } = link
          const filter = { linkId: link.id, tokenHash: parts.tokens.hash(String(input.token)) }
          const { outsideMail } = inside.data.unrestricted
          const { data: sent } = await outsideMail.find({ filter, limit: 1 })
          if (sent.length === 0 || email === null) throw goneLink()
          await useLink(inside, link.id)
          const holder = await holderOf(inside, email)
          if (holder !== undefined && holder !== 'unclaimed') {
            throw new Failure('conflict', {
              detail: 'An account has this address by now: sign in to it, then link the identity.',
            })
          }
          const known = await findIdentity(inside, link)
          if (known) throw taken(titleOf(outside, link.provider), false)
          const who = { name: link.name ?? undefined }
          const userId = await newUser(scope, inside, { email, who })
          const { issuer, subject, provider } = link
          const told = { issuer, subject, email: link.email ?? undefined }
          await keepIdentity(inside, { userId, provider, who: told })
          if (holder === 'unclaimed') await tellOfUnclaimed(parts, inside, email)
          return userId
        },
      })
    },
  }
}
