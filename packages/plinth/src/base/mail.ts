/** Owns the form of a mail, the same wherever it is made, stored, sent and shown. */

/** Where a mail stands. */
export const mailStatuses = ['queued', 'sent', 'kept', 'rejected', 'unknown', 'expired'] as const

/** Where a mail stands: see the guide to mail. */
export type MailStatus = (typeof mailStatuses)[number]

/** What a mail says, and to whom. */
export interface MailContent {
  /** `Name <address>` or an address; null: the app's sender. */
  readonly from: string | null
  readonly to: readonly string[]
  readonly replyTo: string | null
  readonly subject: string
  readonly text: string
  readonly html: string | null
}

/** A mail of the app, and where it stands. */
export interface MailRecord extends MailContent {
  readonly id: string
  /** `<kit>.<mail>`. */
  readonly template: string
  readonly status: MailStatus
  readonly detail: string | null
  /** Null until it is first tried. */
  readonly messageId: string | null
  readonly attempts: number
}
