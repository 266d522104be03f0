/** Owns the mails to an address that a provider does not vouch for: whose it is shows by them. */

import { instantText, minuteMs } from '../../base/time.ts'
import { email, text, uuid } from '../../define/fields.ts'
import { type Html, html } from '../../define/html.ts'
import type { AccountMailing, MailingParts } from '../mail/sending.ts'
import type { IdentityScope } from '../sight.ts'
import { prefixes } from '../tokens.ts'

/** How the flows ask for these mails. */
export type OutsideMailing = ReturnType<typeof outsideMailing>

/** The page on which an account is made by such a mail. */
export const finishPath = '/account/finish-sign-up'

/** How long the token of such a mail is good for. */
export const finishMinutes = 10

/**
 * Mails that ask whether an address is somebody's, and the job that sends them. Whether an account
 * has the address is found out by the job alone: neither answer nor time tells it.
 */
export function outsideMailing({ kit }: Pick<AccountMailing, 'kit'>, parts: MailingParts) {
  const fields = { title: text({ max: 200 }), link: text({ max: 2_000 }), provider: text() }
  const finish = kit.mail('finishSignUp', {
    input: fields,
    secret: true,
    subject: (mail) => `Make your account at ${mail.title}`,
    text: (mail) => `${asked(mail.provider)}\n\n${mail.link}\n\n${ignore}\n`,
    html: (mail) => page(asked(mail.provider), mail.link),
  })
  const have = kit.mail('haveAccount', {
    input: fields,
    subject: (mail) => `You have an account at ${mail.title} already`,
    text: (mail) =>
      `Somebody, perhaps you, signed in with ${mail.provider} and gave this address. You have an ` +
      'account with it already: sign in to it as you do, then link the identity there.\n\n' +
      `${mail.link}\n\n${ignore}\n`,
  })
  const send = kit.job('sendFinish', {
    input: { link: uuid(), email: email(), provider: text({ max: 100 }) },
    async run(scope) {
      const { link: id, email: to, provider } = scope.input
      const { user, outsideLink } = scope.data.unrestricted
      const { data: found } = await outsideLink.find({ filter: { id }, limit: 1 })
      const [link] = found
      if (!link || link.usedAt !== null || link.mailEmail !== to) return
      const { title } = parts
      const { data: taken } = await user.find({ filter: { email: to }, limit: 1 })
      // One that nobody has claimed gives way to whoever answers this mail.
      if (taken.some(({ unclaimed }) => !unclaimed)) {
        const address = parts.address('/account/sign-in')
        await scope.send(have, { to, input: { title, link: address, provider } })
        return
      }
      const { token, hash } = parts.tokens.make(prefixes['outside-mail'])
      const expiresAt = instantText(Date.parse(scope.now) + finishMinutes * minuteMs)
      await outsideLink.update(id, { expiresAt })
      await scope.data.unrestricted.outsideMail.upsert({ linkId: id, tokenHash: hash })
      const address = `${parts.address(finishPath)}?token=${token}`
      await scope.send(finish, { to, input: { title, link: address, provider } })
    },
  })
  return {
    /** Asks for a mail, in the transaction of whoever asks. */
    ask: async (
      scope: IdentityScope,
      wanted: { readonly link: string; readonly email: string; readonly provider: string },
    ) => {
      await scope.enqueue(send, wanted)
    },
  }
}

function asked(provider: string): string {
  return (
    `You signed in with ${provider} and gave this address. Make your account within ` +
    `${finishMinutes} minutes, in the browser in which you began:`
  )
}

const ignore = 'If you did not ask for this, ignore this mail: nothing has changed.'

function page(words: string, link: string): Html {
  return html`<p>${words}</p><p><a href="${link}">Make the account</a></p><p>${ignore}</p>`
}
