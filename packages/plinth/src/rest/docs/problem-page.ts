/** Owns the page of each failure code: what a problem's `type` leads to. */

import { Failure, type FailureCode, failureKinds } from '../../base/failure.ts'
import type { HttpResponse } from '../../http/message.ts'
import { escapeHtml, htmlPage } from '../../http/page.ts'
import type { Route } from '../route/routes.ts'
import { problemTexts } from './problem-texts.ts'

/**
 * The page of a code: one of the table's, or one that actions of the app declare.
 *
 * @throws Failure `not_found` for what is no code.
 */
export function problemPage(code: string, routes: readonly Route[]): HttpResponse {
  if (!isFailureCode(code)) return declaredPage(code, routes)
  const { status, title, retryable } = failureKinds[code]
  const { meaning, cure } = problemTexts[code]
  return page(`${code}: ${title}`, title, [
    ['Code', `<code>${escapeHtml(code)}</code>`],
    ['Status', String(status)],
    ['Meaning', escapeHtml(meaning)],
    ['Cure', escapeHtml(cure)],
    ['Worth repeating unchanged', retryable ? 'Yes, after a pause' : 'No'],
  ])
}

function declaredPage(code: string, routes: readonly Route[]): HttpResponse {
  const found = routes.flatMap(({ action, path }) => {
    const failures = action?.declared?.action.failures ?? {}
    const failure = Object.hasOwn(failures, code) ? failures[code] : undefined
    return failure === undefined ? [] : [{ path, ...failure }]
  })
  if (found.length === 0) throw new Failure('not_found')
  const words = code.replaceAll('_', ' ')
  const title = words.slice(0, 1).toUpperCase() + words.slice(1)
  return page(`${code}: ${title}`, title, [
    ['Code', `<code>${escapeHtml(code)}</code>`],
    ...found.map(({ path, status = 409, detail }): Row => {
      return [`${status} at <code>${escapeHtml(path)}</code>`, escapeHtml(detail)]
    }),
  ])
}

type Row = readonly [term: string, text: string]

function page(title: string, heading: string, rows: readonly Row[]): HttpResponse {
  return htmlPage({
    title,
    body: `<main class="paper">
<h1>${escapeHtml(heading)}</h1>
<dl>
${rows.map(([term, text]) => `<dt>${term}</dt><dd>${text}</dd>`).join('\n')}
</dl>
<p><a href="/docs">The API’s documentation</a></p>
</main>`,
  })
}

function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(failureKinds, code)
}
