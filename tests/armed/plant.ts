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

/** From here on this process reads these files with the edits made. */
export function plant(edits: readonly Planted[]): void {
  const byUrl = Map.groupBy(edits, ({ path }) => pathToFileURL(path).href)
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      const planted = byUrl.get(url)
      return planted ? { ...loaded, source: edited(String(loaded.source), planted) } : loaded
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
