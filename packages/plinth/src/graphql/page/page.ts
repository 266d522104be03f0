/** Owns the explorer: the page by which people write GraphQL in development, and its files. */

import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import type { Handler, HttpResponse } from '../../http/message.ts'
import { htmlPage } from '../../http/page.ts'
import { type Asset, staticHandler } from '../../http/static.ts'

// From src/graphql/page and from dist/graphql/page alike.
const assets = join(import.meta.dirname, '../../../assets')
const place = '/api/graphql/explorer'

const own = ['explorer', 'ask', 'completion', 'editor', 'history', 'schema-view']
const script = 'text/javascript; charset=utf-8'

/** Answers the files of the page. They are read with the first: production never does. */
export function explorerFiles(): Handler {
  let files: Handler | undefined
  return (request) => {
    files ??= staticHandler({ ...ownFiles(), ...libraryFiles() })
    return files(request)
  }
}

function ownFiles(): Readonly<Record<string, Asset>> {
  const styles = ['docs/docs.css', 'explorer/explorer.css'].map((name) =>
    readFileSync(join(assets, name), 'utf8'),
  )
  const scripts = own.map((name) => [`${name}.js`, `explorer/${name}.js`])
  return {
    [`${place}/explorer.css`]: { body: styles.join('\n'), contentType: 'text/css; charset=utf-8' },
    ...Object.fromEntries(
      [...scripts, ['dom.js', 'docs/dom.js']].map(([name, file = '']) => {
        return [`${place}/${name}`, { body: readFileSync(join(assets, file)), contentType: script }]
      }),
    ),
  }
}

/**
 * The modules of `graphql` as the server has them: what checks a document in the browser is the
 * very code that checks it here, and nothing is installed for it.
 */
function libraryFiles(): Readonly<Record<string, Asset>> {
  const folder = dirname(createRequire(import.meta.url).resolve('graphql/package.json'))
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const modules = names.filter((name) => name.endsWith('.mjs'))
  return Object.fromEntries(
    modules.map((name) => {
      const path = join(folder, name)
      const address = relative(folder, path).split(sep).join('/')
      return [`${place}/library/${address}`, { body: readFileSync(path), contentType: script }]
    }),
  )
}

/** The page itself. Its scripts read the schema as whoever looks at it may. */
export function explorerPage(): HttpResponse {
  return htmlPage({
    title: 'GraphQL',
    ...{ script: `${place}/explorer.js`, styles: `${place}/explorer.css` },
    body: `<a class="skip" href="#document">Skip to the document</a>
<header class="top">
<h1>GraphQL</h1>
<p id="who" role="status"></p>
</header>
<main class="explorer">
<section aria-label="Question">
<div class="bar">
<button type="button" id="run">Run</button>
<button type="button" id="tidy" class="quiet">Tidy</button>
<button type="button" id="again" class="quiet">Read the schema again</button>
<label hidden>Operation <select id="operation"></select></label>
</div>
<div id="document"></div>
<div id="problems" role="status"></div>
<details open><summary>Variables</summary>
<label>As JSON<textarea id="variables" spellcheck="false"></textarea></label></details>
<details><summary>Headers</summary>
<label>As JSON; they are not kept<textarea id="headers" spellcheck="false"
 placeholder='{ "authorization": "Bearer pls_…" }'></textarea></label></details>
</section>
<section aria-label="Answers">
<p class="bar" id="status" role="status">Nothing was asked yet.</p>
<div id="answers"></div>
</section>
<aside aria-label="Schema and history">
<h2>Schema</h2>
<div id="schema"><p>Reading it …</p></div>
<details><summary>History</summary><div id="history"></div></details>
</aside>
</main>
<noscript><p>This page works by script. Programs send documents to this address.</p></noscript>`,
  })
}
