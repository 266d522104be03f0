/** Owns how names of declarations become names in addresses and in PostgreSQL. */

import { limits } from '../base/limits.ts'

/** `unitPrice` → `unit_price`. */
export function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()
}

/** `signIn` → `sign-in`. */
export function kebabCase(name: string): string {
  return snakeCase(name).replaceAll('_', '-')
}

/** The English plural of a model's name; irregular ones are declared by `plural`. */
export function pluralOf(name: string): string {
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`
  if (/(s|x|z|ch|sh)$/.test(name)) return `${name}es`
  return `${name}s`
}

/**
 * The singular that `manyToMany` inputs are named by: `tags` → `tag`, `houses` → `house`,
 * `statuses` → `status`. As `Singular` in infer.
 */
export function singularOf(name: string): string {
  if (name.endsWith('ies')) return `${name.slice(0, -3)}y`
  if (/[ao]uses$/.test(name)) return name.slice(0, -1)
  if (/(uses|sses|xes|ches|shes)$/.test(name)) return name.slice(0, -2)
  return name.endsWith('s') ? name.slice(0, -1) : name
}

/** What a name of a model, field, relation or kit looks like. */
export const namePattern = /^[a-z][a-zA-Z0-9]*$/

/** Why a name cannot be used, or undefined where it can. */
export function nameProblem(name: string): string | undefined {
  if (!namePattern.test(name)) {
    return 'is not a name: start with a lower-case letter, go on with letters and digits'
  }
  if (snakeCase(name).length > limits.identifierBytesMax) {
    return `is longer than ${limits.identifierBytesMax} bytes in the database: shorten it`
  }
  return undefined
}
