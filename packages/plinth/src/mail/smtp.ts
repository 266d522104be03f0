/** Owns the talk with a mail server: one mail, and exactly what is known of it afterwards. */

import { Readable } from 'node:stream'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import { limits } from '../base/limits.ts'
import type { MailContent } from '../base/mail.ts'
import { parseSender, type Sender, type SmtpSettings } from './settings.ts'

/** A mail for the wire. */
export interface OutgoingMail extends MailContent {
  /** With its angle brackets; the same in every attempt. */
  readonly messageId: string
  /** To whom this attempt goes: of `to`, which the header shows, those who do not have it yet. */
  readonly recipients: readonly string[]
  /** Milliseconds since 1970. */
  readonly dateMs: number
  readonly aborted?: AbortSignal
}

/** What the server said about one address. */
export interface RecipientOutcome {
  readonly address: string
  /** `accepted`: the server has taken the mail for it, and answers for it from now on. */
  readonly is: 'accepted' | 'rejected' | 'deferred'
  readonly response: string
}

/** What is known after an attempt. */
export interface SmtpOutcome {
  /**
   * `answered`: see `recipients`. `failed`: nothing was taken, the next attempt may go better.
   * `rejected`: nothing was taken, and nothing of it ever will be. `unknown`: the mail was handed
   * over and no answer came.
   */
  readonly is: 'answered' | 'failed' | 'rejected' | 'unknown'
  /** The server's last words, or what went wrong. */
  readonly detail: string
  readonly recipients: readonly RecipientOutcome[]
}

/** Sends mails. */
export type SendMail = (mail: OutgoingMail) => Promise<SmtpOutcome>

/** A way to send by a mail server. Every mail has a connection of its own. */
export function smtpSender(settings: SmtpSettings, sender: Sender): SendMail {
  return async (mail) => {
    const from = (mail.from === null ? undefined : parseSender(mail.from)) ?? sender
    const message = await compose(mail, from)
    // Only who sends needs the library, and sending has time.
    const { default: Connection } = await import('nodemailer/lib/smtp-connection')
    const connection = new Connection(optionsOf(settings))
    return new Delivery(connection, settings, { mail, message, from }).run()
  }
}

/** The message as bytes. Nothing is read from files or addresses, whatever a text says. */
async function compose(mail: OutgoingMail, from: Sender): Promise<Buffer> {
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer')
  const composer = new MailComposer({
    from: { name: from.name, address: from.address },
    to: mail.to.map((address) => ({ name: '', address })),
    ...(mail.replyTo === null ? {} : { replyTo: { name: '', address: mail.replyTo } }),
    subject: mail.subject,
    text: mail.text,
    ...(mail.html === null ? {} : { html: mail.html }),
    messageId: mail.messageId,
    date: new Date(mail.dateMs),
    // Out-of-office programs do not answer to this (RFC 3834).
    headers: { 'auto-submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return composer.compile().build()
}

function optionsOf({ host, port, encryption }: SmtpSettings): SMTPConnection.Options {
  return {
    ...{ host, port, secure: encryption === 'at once' },
    ...{ requireTLS: encryption === 'demanded', ignoreTLS: encryption === 'off' },
    connectionTimeout: limits.smtpTimeoutMs,
    greetingTimeout: limits.smtpTimeoutMs,
    socketTimeout: limits.smtpTimeoutMs,
    dnsTimeout: limits.smtpTimeoutMs,
    logger: false,
  }
}

interface Sending {
  readonly mail: OutgoingMail
  readonly message: Buffer
  readonly from: Sender
}

interface SmtpError extends Error {
  readonly code?: string
  readonly command?: string
  readonly response?: string
  readonly responseCode?: number
  readonly rejectedErrors?: readonly (SmtpError & { readonly recipient?: string })[]
}

interface Accepted {
  readonly accepted?: readonly (string | { readonly address: string })[]
  readonly rejectedErrors?: SmtpError['rejectedErrors']
  readonly response?: string
}

class Delivery {
  readonly #connection: SMTPConnection
  readonly #settings: SmtpSettings
  readonly #sending: Sending
  #handedOver = false

  constructor(connection: SMTPConnection, settings: SmtpSettings, sending: Sending) {
    this.#connection = connection
    this.#settings = settings
    this.#sending = sending
    // Each step listens by itself; what comes between them must not end the process.
    this.#connection.on('error', () => undefined)
  }

  async run(): Promise<SmtpOutcome> {
    const { aborted } = this.#sending.mail
    const stop = (): void => this.#connection.close()
    aborted?.addEventListener('abort', stop)
    try {
      await this.#step((done) => this.#connection.connect(done))
      await this.#signIn()
      const info = await this.#send()
      return { is: 'answered', detail: clean(info.response ?? ''), recipients: outcomes(info) }
    } catch (error) {
      return this.#failure(error as SmtpError)
    } finally {
      aborted?.removeEventListener('abort', stop)
      this.#connection.quit()
    }
  }

  async #signIn(): Promise<void> {
    const { user, password } = this.#settings
    if (user === undefined) return
    const credentials = { user, pass: password ?? '' }
    await this.#step((done) => this.#connection.login({ credentials }, done))
  }

  #send(): Promise<Accepted> {
    const { mail, message, from } = this.#sending
    const envelope = { from: from.address, to: [...mail.recipients] }
    // Read only once the server has said that it takes the message; its end is what counts: the
    // server cannot have taken a mail whose end it has not seen.
    const body = Readable.from([message])
    body.once('end', () => {
      this.#handedOver = true
    })
    return this.#step((done) => this.#connection.send(envelope, body, done))
  }

  /** One step of the talk, ended by its answer, by an error of the connection, or by its end. */
  #step<T>(work: (done: (error?: unknown, value?: unknown) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('The connection was closed.'))
      this.#connection.once('error', reject).once('end', gone)
      work((error, value) => {
        this.#connection.off('error', reject).off('end', gone)
        if (error) reject(error)
        else resolve(value as T)
      })
    })
  }

  #failure(error: SmtpError): SmtpOutcome {
    const detail = clean(error.response ?? describe(error))
    const code = error.responseCode
    if (error.rejectedErrors && error.rejectedErrors.length > 0) {
      return { is: 'answered', detail, recipients: outcomes(error) }
    }
    if (this.#handedOver && code === undefined) return { is: 'unknown', detail, recipients: [] }
    // A server that refuses us, not the mail, says the same to every mail: wait for the operator.
    const ours = /^(?:CONN|EHLO|HELO|LHLO|STARTTLS|AUTH|API)/.test(error.command ?? 'CONN')
    const isForGood = code !== undefined && code >= 500 && !ours && !aboutUs.has(code)
    return { is: isForGood ? 'rejected' : 'failed', detail, recipients: [] }
  }
}

/** Bad sequence, authentication required or refused, encryption required. */
const aboutUs: ReadonlySet<number> = new Set([503, 530, 534, 535, 538])

function outcomes({ accepted = [], rejectedErrors = [], response }: Accepted): RecipientOutcome[] {
  const taken = accepted.map((one): RecipientOutcome => {
    const address = typeof one === 'string' ? one : one.address
    return { address, is: 'accepted', response: clean(response ?? '') }
  })
  const refused = rejectedErrors.map((error): RecipientOutcome => {
    const forGood = (error.responseCode ?? 0) >= 500
    const said = clean(error.response ?? describe(error))
    return { address: error.recipient ?? '', is: forGood ? 'rejected' : 'deferred', response: said }
  })
  return [...taken, ...refused]
}

function describe({ code, message }: SmtpError): string {
  return code === undefined ? message : `${code}: ${message}`
}

/** What a stranger's server said, fit for a table and a page, also where a character was cut. */
function clean(text: string): string {
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 500)
    .toWellFormed()
}
