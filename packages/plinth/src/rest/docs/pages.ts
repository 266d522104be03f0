/** Owns the index page and the documentation page; scripts and styles are files in assets/. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HttpResponse } from '../../http/message.ts'
import { escapeHtml, htmlPage } from '../../http/page.ts'
import type { Asset } from '../../http/static.ts'

// From src/rest/docs and from dist/rest/docs alike.
const folder = join(import.meta.dirname, '../../../assets/docs')

const files: readonly { readonly name: string; readonly contentType: string }[] = [
  { name: 'docs.css', contentType: 'text/css; charset=utf-8' },
  ...['docs.js', 'dom.js', 'document.js', 'schema-view.js', 'call-form.js', 'session.js'].map(
    (name) => ({ name, contentType: 'text/javascript; charset=utf-8' }),
  ),
]

/** The files of the documentation page, by their address. */
export function docsAssets(): Readonly<Record<string, Asset>> {
  const assets = files.map(({ name, contentType }) => [
    `/docs/${name}`,
    { body: readFileSync(join(folder, name)), contentType },
  ])
  return Object.fromEntries(assets)
}

/** The documentation page. Its script reads `/openapi.json` and draws the rest. */
export function docsPage(title: string): HttpResponse {
  return htmlPage({
    title: `${title}: API`,
    script: '/docs/docs.js',
    body: `<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<button type="button" id="menu" aria-controls="sidebar" aria-expanded="false">Menu</button>
<h1>${escapeHtml(title)}</h1>
<div id="session"></div>
</header>
<div class="columns">
<nav id="sidebar" aria-label="Operations"></nav>
<main id="main" tabindex="-1"><p>Reading the document …</p></main>
</div>
<noscript><p>This page draws <a href="/openapi.json">/openapi.json</a> by script.</p></noscript>`,
  })
}

/** The page at `/`. `web`: where the app's front end stands, if it has one. */
export function indexPage(title: string, web?: string): HttpResponse {
  const at = web && escapeHtml(web)
  const front = at ? `<p>Its front end stands at <a href="${at}">${at}</a>.</p>` : ''
  return htmlPage({
    title,
    body: `<main class="paper">
<h1>${escapeHtml(title)}</h1>
<p>This is an API. People read its <a href="/docs">documentation</a>; programs read
<a href="/openapi.json">/openapi.json</a>.</p>${front}
</main>`,
  })
}
