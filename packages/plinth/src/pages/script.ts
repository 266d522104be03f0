/** Owns the one script of the pages, and which of them it runs on. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PageName } from '../define/pages.ts'
import type { Asset } from '../http/static.ts'

/** The address of the script. */
export const scriptPath = '/account/passkeys.js'

// From src/pages and from dist/pages alike.
const file = join(import.meta.dirname, '../../assets/pages/passkeys.js')

const scripted: ReadonlySet<PageName> = new Set(['signIn', 'secondFactor', 'stepUp', 'factors'])

/** The script, read once. */
export function script(): Asset {
  return { body: readFileSync(file, 'utf8'), contentType: 'text/javascript; charset=utf-8' }
}

/** Nothing runs on a page that has no use for passkeys. */
export function runsOn(name: PageName, { passkeys }: { readonly passkeys: boolean }): boolean {
  return passkeys && scripted.has(name)
}
