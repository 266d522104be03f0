/** Owns the settings of mail: where the mail server is, how it is reached, and who sends. */

import { emailKind } from '../kinds/kinds.ts'

/** A mail server. */
export interface SmtpSettings {
  readonly host: string
  readonly port: number
  /**
   * `at once`: TLS from the first byte (smtps). `demanded`: STARTTLS, or nothing is sent.
   * `offered`: STARTTLS where the server has it. `off`: never.
   */
  readonly encryption: 'at once' | 'demanded' | 'offered' | 'off'
  readonly user: string | undefined
  readonly password: string | undefined
}

/** Who sends. */
export interface Sender {
  /** Empty where there is none. */
  readonly name: string
  readonly address: string
}

/** How mail leaves the app. */
export interface MailSettings {
  /** Undefined: nothing leaves, every mail stays in the mailbox. */
  readonly smtp: SmtpSettings | undefined
  readonly from: Sender
  /** True where somebody decided that mails stay in the mailbox: `SMTP_URL=mailbox`. */
  readonly kept: boolean
}

/** What mail is sent with where nothing is set: the mailbox of development. */
export const mailbox: MailSettings = Object.freeze({
  smtp: undefined,
  from: Object.freeze({ name: '', address: 'app@localhost.example' }),
  kept: false,
})

const encryptions: Readonly<Record<string, SmtpSettings['encryption']>> = Object.freeze({
  demanded: 'demanded',
  offered: 'offered',
  off: 'off',
})

/**
 * Reads `smtp://user:password@host:587` or `smtps://…:465`. With a password, TLS is demanded
 * unless `?tls=offered` or `?tls=off` says otherwise. What is wrong is told in a sentence that
 * never holds the password.
 */
export function parseSmtpUrl(text: string): SmtpSettings | { readonly wrong: string } {
  const url = URL.parse(text)
  if (!url || !/^smtps?:$/.test(url.protocol) || url.hostname === '') {
    return { wrong: 'It is no address like smtp://user:password@mail.example.com:587.' }
  }
  if (url.pathname.length > 1 || url.hash !== '') return { wrong: 'It has a path; leave it out.' }
  const secure = url.protocol === 'smtps:'
  const wanted = url.searchParams.get('tls')
  for (const name of url.searchParams.keys()) {
    if (name !== 'tls') return { wrong: `It knows no setting "${name}", only tls.` }
  }
  if (wanted !== null && (secure || !Object.hasOwn(encryptions, wanted))) {
    return { wrong: 'Its tls is one of demanded, offered, off, and smtps:// takes none.' }
  }
  const user = decoded(url.username)
  const password = decoded(url.password)
  if (user === undefined || password === undefined) {
    return { wrong: 'Its user name or password is not percent-encoded.' }
  }
  const usual = user === '' ? 'offered' : 'demanded'
  return Object.freeze({
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    encryption: secure ? 'at once' : (encryptions[wanted ?? usual] ?? usual),
    user: user === '' ? undefined : user,
    password: user === '' ? undefined : password,
  })
}

/** Reads `Name <address>` or an address. Undefined where it is none. */
export function parseSender(text: string): Sender | undefined {
  const [, name = '', inside] = /^\s*(?:"?([^"<>]*?)"?\s*)<([^<>]+)>\s*$/.exec(text) ?? []
  const address = addressOf(inside ?? text)
  if (address === undefined || /\p{Cc}/u.test(text) || text.length > 400) return undefined
  return { name: inside === undefined ? '' : name.trim(), address }
}

const emails = emailKind()

/** An e-mail address in its normal form; undefined where it is none. */
export function addressOf(text: unknown): string | undefined {
  return emails.check(text, () => undefined)
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
