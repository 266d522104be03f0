/** Owns the addresses of an app as names make them: plurals, kebab case, natural keys. */

/** Plurals that English does not form, by model: `{ person: 'people' }`. */
export type Plurals = Readonly<Record<string, string>>

/** `addLine` → `add-line`. As the catalog does. */
export function kebabCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase()
}

/** `category` → `categories`. As the catalog does. */
export function pluralOf(name: string): string {
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`
  return /(s|x|z|ch|sh)$/.test(name) ? `${name}es` : `${name}s`
}

/** The last part of a record's address: its id, or its natural key. */
export function keyText(which: string | Readonly<Record<string, unknown>>): string {
  if (typeof which === 'string') return encodeURIComponent(which)
  return Object.entries(which)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join(',')
}
