/** Owns the page of each failure code: what a problem's `type` leads to. */

import { Failure, type FailureCode, failureKinds } from '../../base/failure.ts'
import type { HttpResponse } from '../../http/message.ts'
import { escapeHtml, htmlPage } from './html.ts'
import { problemTexts } from './problem-texts.ts'

/**
 * The page of a code.
 *
 * @throws Failure `not_found` for what is no code.
 */
export function problemPage(code: string): HttpResponse {
  if (!isFailureCode(code)) throw new Failure('not_found')
  const { status, title, retryable } = failureKinds[code]
  const { meaning, cure } = problemTexts[code]
  return htmlPage({
    title: `${code}: ${title}`,
    body: `<main class="paper">
<h1>${escapeHtml(title)}</h1>
<dl>
<dt>Code</dt><dd><code>${escapeHtml(code)}</code></dd>
<dt>Status</dt><dd>${status}</dd>
<dt>Meaning</dt><dd>${escapeHtml(meaning)}</dd>
<dt>Cure</dt><dd>${escapeHtml(cure)}</dd>
<dt>Worth repeating unchanged</dt><dd>${retryable ? 'Yes, after a pause' : 'No'}</dd>
</dl>
<p><a href="/docs">The API’s documentation</a></p>
</main>`,
  })
}

function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(failureKinds, code)
}
