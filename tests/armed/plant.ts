/** Owns the taking away of a control: sources are edited while a process loads them. */

import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

/** An edit of a file: what stands there once, and what is read instead. */
export interface Planted {
  /** The whole path. */
  readonly path: string
  readonly from: string
  readonly to: string
}

/** What is run in place of a file: its edited text, without its types. */
export interface Grown {
  readonly path: string
  readonly script: string
}

/**
 * From here on this process runs these scripts in place of their files. They come without types:
 * what Node itself would strip is kept under the name of the file, for the next process to read.
 */
export function plant(scripts: readonly Grown[]): void {
  const byUrl = new Map(scripts.map(({ path, script }) => [pathToFileURL(path).href, script]))
  registerHooks({
    load(url, context, next) {
      const source = byUrl.get(url.replace(/\?.*$/, ''))
      if (source === undefined) return next(url, context)
      return { format: 'module', source, shortCircuit: true }
    },
  })
}

/** The text with all edits made. Fails where one stands there not once. */
export function edited(text: string, edits: readonly Planted[]): string {
  let made = text
  for (const { path, from, to } of edits) {
    const [head, tail, ...more] = made.split(from)
    if (tail === undefined || more.length > 0) throw new Error(`${path} holds this once: ${from}`)
    made = `${head}${to}${tail}`
  }
  return made
}
