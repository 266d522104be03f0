/** Owns the model of mails: every mail of the app, what became of it, and why. */

import { mailStatuses } from '../base/mail.ts'
import { boolean, choice, email, instant, integer, json, list, text } from '../define/fields.ts'
import { kit } from '../define/kit.ts'
import { nobody } from '../define/rule.ts'

const body = { max: 1_048_576, trim: false, multiline: true } as const

/**
 * Mails. An app that declares a mail holds it by itself. The role `admin` reads them at
 * `/api/mails`; the text of secret ones is readable by nobody, and nobody writes any of it.
 */
export const mail = kit('mail', {
  models: {
    mail: {
      description: 'A mail, and what became of it.',
      fields: {
        template: text({ max: 130, description: 'The declared mail: `<kit>.<mail>`.' }),
        from: text({ max: 400, optional: true, description: 'Absent: the app’s sender.' }),
        to: list(email(), { min: 1, max: 50 }),
        replyTo: email({ optional: true }),
        subject: text({ max: 250 }),
        text: text(body),
        html: text({ ...body, optional: true }),
        secret: boolean({ default: false, description: 'True: its text is readable by nobody.' }),
        status: choice(mailStatuses, {
          default: 'queued',
          description:
            'sent: the mail server has taken it. kept: it stays in the mailbox of development. ' +
            'rejected: it was refused for good. unknown: the connection broke after it was ' +
            'handed over. expired: it could not be delivered for three days.',
        }),
        detail: text({ max: 1_000, optional: true, multiline: true }),
        messageId: text({ max: 300, optional: true }),
        attempts: integer({ min: 0, default: 0 }),
        nextAttemptAt: instant({ optional: true }),
        sendingSince: instant({ optional: true }),
        sentAt: instant({ optional: true }),
        heldSince: instant({
          optional: true,
          description: 'Since when it waits because an address has had its share of such mails.',
        }),
        recipients: json({ default: [], description: 'What became of each address.' }),
        log: json({ default: [], description: 'The latest attempts.' }),
      },
      access: {
        read: ({ me }) => me.is('admin'),
        fields: {
          text: { read: ({ row, me }) => me.is('admin').and(row.secret.eq(false)), write: nobody },
          html: { read: ({ row, me }) => me.is('admin').and(row.secret.eq(false)), write: nobody },
        },
      },
      indexes: [['status', 'createdAt'], ['createdAt']],
    },
  },
})
