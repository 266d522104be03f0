/** Owns what a password hash costs in a test process: next to nothing. */

import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const source = ['packages', 'plinth', 'src', 'app', 'passwords', 'hasher.ts']
const hasher = pathToFileURL(join(import.meta.dirname, '..', '..', '..', ...source)).href
// Hashing at full cost is half of what proofs of sign-in take, and they ask whether hashes are made
// and compared, not how dear they are. The cost is another one in the text of the hasher as this
// process loads it: an app has no switch for it. Proofs of the cost itself run without this file.
// A name of its own, so that nobody else finds it compiled in place of the file.
const cheap = `${hasher}?cheap`

const edits = [['memoryCost: 19_456, timeCost: 2', 'memoryCost: 256, timeCost: 1']] as const

/** Fails where the hasher says something else by now. */
function cheapened(text: string): string {
  return edits.reduce((made, [from, to]) => {
    const [head, tail, ...more] = made.split(from)
    if (tail === undefined || more.length > 0) throw new Error(`hasher.ts holds once: ${from}`)
    return `${head}${to}${tail}`
  }, text)
}

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    if (!specifier.endsWith('/hasher.ts') || found.url !== hasher) return found
    return { ...found, url: cheap }
  },
  load(url, context, next) {
    const loaded = next(url, context)
    return url === cheap ? { ...loaded, source: cheapened(String(loaded.source)) } : loaded
  },
})
