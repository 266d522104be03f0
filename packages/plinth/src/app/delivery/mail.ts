/** Owns the wiring of mail: which apps have it, how mails are stored, who sends them. */

import { present } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import { mailJob, storeMails } from '../../effects/mails.ts'
import type { Effects } from '../../engine/logic/effects.ts'
import type { Action, Runtime } from '../../engine/runtime.ts'
import { mailActions } from '../../mail/flows.ts'
import { mailContent, mailProblem } from '../../mail/message.ts'
import { type MailSettings, mailbox, parseSmtpUrl } from '../../mail/settings.ts'
import { smtpSender } from '../../mail/smtp.ts'
import type { Runner } from '../../work/lease.ts'
import { mailSender } from '../../work/mail/again.ts'
import { mailRunner } from '../../work/mail/runner.ts'

export { type MailSettings, mailbox }

/** The settings of a mail server by its address, for tests. Fails with `configuration_invalid`. */
export function mailSettings(smtpUrl: string): MailSettings {
  const smtp = parseSmtpUrl(smtpUrl)
  if (!('wrong' in smtp)) return { ...mailbox, smtp }
  throw new Failure('configuration_invalid', { detail: smtp.wrong })
}

/** The actions of mail. */
export function mailFlows(runtime: () => Runtime): readonly Action[] {
  return mailActions(mailSender(runtime))
}

/**
 * Fails with `configuration_invalid` where mails would stay in the house unnoticed, and with
 * `declaration_invalid` where a mail cannot be sent as it is declared.
 */
export function demandMail(
  { logic }: Catalog,
  { settings, production }: { readonly settings: MailSettings; readonly production: boolean },
): void {
  for (const [name, declared] of logic.mails) {
    const problem = mailProblem(declared)
    if (problem)
      throw new Failure('declaration_invalid', { detail: `The mail ${name} ${problem}.` })
  }
  // Those of identity say so themselves where somebody asks for one.
  const own = [...logic.mails.values()].some(({ kit }) => kit !== 'identityMail')
  if (!production || !own || settings.smtp || settings.kept) return
  throw new Failure('configuration_invalid', {
    detail:
      'The app sends mails, but SMTP_URL is not set: set it to the mail server, such as ' +
      'smtp://user:password@mail.example.com:587, or to "mailbox" to keep every mail here.',
  })
}

/** How the mails of a transaction are stored: filled in, checked, and with the job that sends. */
export function mailStore(logic: Catalog['logic'], newId: () => string): Effects['storeMails'] {
  return async (session, mails, now) => {
    const stored = mails.map(({ id, mail: name, to, replyTo, input, traceId }) => {
      const declared = present(logic.mails.get(name), name)
      const content = mailContent(declared, { to, replyTo, input })
      return { ...content, id, template: name, secret: declared.secret, traceId }
    })
    await storeMails(session, stored, { now, newId })
  }
}

/** Who runs the jobs of mail. */
export function mailRunners(
  runtime: Runtime,
  settings: MailSettings,
): readonly (readonly [string, Runner])[] {
  if (runtime.catalog.logic.mails.size === 0) return []
  const send = settings.smtp && smtpSender(settings.smtp, settings.from)
  return [[mailJob, mailRunner({ runtime, settings, send })]]
}
