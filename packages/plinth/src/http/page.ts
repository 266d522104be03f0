/** Owns the frame of our own small HTML pages, and the escaping of text in them. */

import { base64url, randomBytes } from '../base/ids.ts'
import { pageHeaders } from './headers.ts'
import type { HttpResponse } from './message.ts'

/** What a page is made of. */
export interface PageParts {
  readonly title: string
  /** HTML of the body; whatever is not our own text has gone through `escapeHtml`. */
  readonly body: string
  /** The address of the page's script module; without one, nothing runs on it. */
  readonly script?: string
  /** The address of its style sheet. Default `/docs/docs.css`. */
  readonly styles?: string
  /** Default `en`. */
  readonly language?: string
  /** True: it shows other pages of ours in frames. */
  readonly frames?: boolean
}

/** A page of ours: scripts and styles by nonce only. */
export function htmlPage(parts: PageParts): HttpResponse {
  const nonce = base64url(randomBytes(18))
  const { styles = '/docs/docs.css', language = 'en', frames = false } = parts
  const script =
    parts.script === undefined
      ? ''
      : `<script type="module" nonce="${nonce}" src="${parts.script}"></script>\n`
  const body = `<!doctype html>
<html lang="${escapeHtml(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(parts.title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" nonce="${nonce}" href="${styles}">
${script}</head>
<body>
${parts.body}
</body>
</html>
`
  const scripts = parts.script !== undefined
  return {
    status: 200,
    headers: { ...pageHeaders({ nonce, frames, scripts }), vary: 'accept' },
    body,
  }
}

/** A text as HTML. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
