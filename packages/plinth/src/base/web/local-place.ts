/** Owns the places of an app that somebody may be led on to: its own addresses alone. */

const charactersMax = 1_000
// Visible ASCII without `\`, which browsers take for `/`, and without what they leave out.
const addressForm = /^\/[\x21-\x5b\x5d-\x7e]*$/
const nowhere = 'http://nowhere.invalid'

/**
 * A place of this app as it was named in an address; undefined for everything else. Judged as a
 * browser will read it: what becomes another site's address on the way (`//evil`, `/..//evil`,
 * `/\evil`) is none.
 */
export function localPlace(text: string | undefined): string | undefined {
  if (text === undefined || text.length > charactersMax || !addressForm.test(text)) return undefined
  const read = URL.canParse(text, nowhere) ? new URL(text, nowhere) : undefined
  if (read?.origin !== nowhere || read.pathname.startsWith('//')) return undefined
  return `${read.pathname}${read.search}${read.hash}`
}
