/** Owns the mailbox of development: pages that show what would have been sent. */

import { Failure } from '../base/failure.ts'
import type { MailRecord } from '../base/mail.ts'
import type { Handler, HttpResponse } from '../http/message.ts'
import { escapeHtml, htmlPage } from '../http/page.ts'
import { methodNotAllowed } from '../http/problem.ts'

/** A mail as its page shows it. */
export interface MailboxMail extends MailRecord {
  readonly createdAt: string
  readonly log: readonly {
    readonly at: string
    readonly outcome: string
    readonly detail: string
  }[]
}

/** Where the mails come from. */
export interface MailboxSource {
  /** The latest ones, the latest first. */
  latest(): Promise<readonly MailboxMail[]>
  find(id: string): Promise<MailboxMail | undefined>
  /** The app's sender. */
  readonly sender: string
}

/**
 * Makes the handler of `/mailbox`. It shows every mail to whoever reaches it: it belongs to
 * development only, and is never made in production.
 */
export function createMailbox(source: MailboxSource): Handler {
  return async (request) => {
    const [, id, part, more] = request.segments
    if (request.method !== 'GET') throw methodNotAllowed('GET, HEAD')
    if (id === undefined) return listPage(await source.latest())
    const known = /^[0-9a-f-]{36}$/.test(id) ? await source.find(id) : undefined
    if (!known || more !== undefined) throw new Failure('not_found')
    if (part === undefined) return mailPage(known, source.sender)
    if (part !== 'html' || known.html === null) throw new Failure('not_found')
    return frame(known.html)
  }
}

function listPage(mails: readonly MailboxMail[]): HttpResponse {
  const rows = mails.map(
    ({ id, createdAt, to, subject, status }) => `<tr>
<td><time datetime="${escapeHtml(createdAt)}">${escapeHtml(shortTime(createdAt))}</time></td>
<td>${escapeHtml(to.join(', '))}</td>
<td><a href="/mailbox/${escapeHtml(id)}">${escapeHtml(subject)}</a></td>
<td>${escapeHtml(status)}</td>
</tr>`,
  )
  const table = `<table>
<caption>The latest ${mails.length} mails, the latest first</caption>
<thead><tr><th scope="col">When</th><th scope="col">To</th><th scope="col">Subject</th>
<th scope="col">Status</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`
  const nothing = '<p>No mail has been written yet. What the app sends appears here.</p>'
  return htmlPage({
    title: 'Mailbox',
    body: `<main class="paper mailbox">
<h1>Mailbox</h1>
<p>What the app sends, for development. This page does not exist in production.</p>
${mails.length === 0 ? nothing : table}
</main>`,
  })
}

function mailPage(mail: MailboxMail, sender: string): HttpResponse {
  const facts: readonly (readonly [string, string | null])[] = [
    ['From', mail.from ?? sender],
    ['To', mail.to.join(', ')],
    ['Reply to', mail.replyTo],
    ['Written', mail.createdAt],
    ['Template', mail.template],
    ['Status', mail.status],
    ['Detail', mail.detail],
    ['Message-ID', mail.messageId],
  ]
  const shown = facts.flatMap(([term, value]) =>
    value === null ? [] : [`<dt>${term}</dt><dd>${escapeHtml(value)}</dd>`],
  )
  return htmlPage({
    title: `${mail.subject} – Mailbox`,
    frames: true,
    body: `<main class="paper mailbox">
<p><a href="/mailbox">All mails</a></p>
<h1>${escapeHtml(mail.subject)}</h1>
<dl>
${shown.join('\n')}
</dl>
${htmlPart(mail)}
<h2 id="text">Text part</h2>
<pre tabindex="0" aria-labelledby="text">${escapeHtml(mail.text)}</pre>
${attempts(mail)}
</main>`,
  })
}

/**
 * The HTML part stands in a frame of its own, without scripts, forms, storage or our origin: a
 * mail is made of what users typed.
 */
function htmlPart({ id, html }: MailboxMail): string {
  if (html === null) return ''
  return `<h2>HTML part</h2>
<iframe sandbox title="The HTML part of the mail" src="/mailbox/${escapeHtml(id)}/html"></iframe>`
}

function attempts({ log }: MailboxMail): string {
  if (log.length === 0) return ''
  const rows = log.map(
    ({ at, outcome, detail }) => `<tr><td>${escapeHtml(at)}</td><td>${escapeHtml(outcome)}</td>
<td>${escapeHtml(detail)}</td></tr>`,
  )
  return `<h2>Attempts</h2>
<table><thead><tr><th scope="col">When</th><th scope="col">Outcome</th><th scope="col">Detail</th>
</tr></thead><tbody>
${rows.join('\n')}
</tbody></table>`
}

const framePolicy = [
  'sandbox',
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "frame-ancestors 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

function frame(html: string): HttpResponse {
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': framePolicy,
    },
    body: html,
  }
}

/** `2026-01-31 09:00:00` of an RFC 3339 instant. */
function shortTime(instant: string): string {
  return instant.slice(0, 19).replace('T', ' ').replace(/Z$/, '')
}
