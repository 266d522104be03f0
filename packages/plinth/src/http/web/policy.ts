/** Owns the content security policy of a front end's pages: its own files, and what is added. */

import { createHash } from 'node:crypto'

/** Sources that an app adds, by directive; an empty list takes the directive away. */
export type PolicyAdditions = Readonly<Record<string, readonly string[]>>

const own: Readonly<Record<string, readonly string[]>> = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:', 'blob:'],
  'font-src': ["'self'"],
  'media-src': ["'self'"],
  'connect-src': ["'self'"],
  'manifest-src': ["'self'"],
  'worker-src': ["'self'"],
  'form-action': ["'self'"],
  'base-uri': ["'none'"],
  'frame-ancestors': ["'none'"],
  'require-trusted-types-for': ["'script'"],
}

const directiveForm = /^[a-z]+(?:-[a-z]+)*$/
const sourceForm = /^[^\s;,]+$/
const unsafe = /^'unsafe-(?:inline|eval|hashes)'$/

/** What is wrong with what an app adds, in a sentence; undefined: nothing. */
export function policyProblem(additions: PolicyAdditions): string | undefined {
  for (const [directive, sources] of Object.entries(additions)) {
    if (!directiveForm.test(directive)) return `"${directive}" is no directive such as img-src.`
    for (const source of sources) {
      if (!sourceForm.test(source)) return `${directive} names "${source}", which is no source.`
      if (!unsafe.test(source) || /^style-src/.test(directive)) continue
      return `${directive} would let injected scripts run (${source}): put scripts into files.`
    }
  }
  return undefined
}

/**
 * The policy of one page. What its own HTML holds inline is allowed by its hash, and nothing else
 * inline: no script that came into the page in any other way runs.
 */
export function policyOf(html: string, additions: PolicyAdditions): string {
  const hashes: Readonly<Record<string, readonly string[]>> = {
    'script-src': hashesOf(html, /<script(?![^>]*\ssrc\s*=)[^>]*>([\s\S]*?)<\/script\s*>/gi),
    'style-src': hashesOf(html, /<style[^>]*>([\s\S]*?)<\/style\s*>/gi),
  }
  const directives = [...new Set([...Object.keys(own), ...Object.keys(additions)])]
  return directives
    .filter((name) => additions[name]?.length !== 0)
    .map((name) => {
      const sources = [...(own[name] ?? []), ...(hashes[name] ?? []), ...(additions[name] ?? [])]
      // 'none' stands alone, or says nothing.
      const said = sources.length > 1 ? sources.filter((source) => source !== "'none'") : sources
      return `${name} ${said.join(' ')}`
    })
    .join('; ')
}

function hashesOf(html: string, form: RegExp): readonly string[] {
  const texts = [...html.matchAll(form)].map(([, text = '']) => text)
  const hashes = texts
    .filter((text) => text.trim() !== '')
    .map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
  return [...new Set(hashes)]
}
