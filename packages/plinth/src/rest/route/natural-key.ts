/** Owns the reading of natural keys in addresses: `sku=A-1`, `orderId=…,productId=…`. */

import { Failure, invalidInput, type Problem } from '../../base/failure.ts'
import type { Model } from '../../catalog/catalog.ts'
import { reporter } from '../../kinds/kinds.ts'

/** The texts of a key's fields, by field name. */
export type KeyTexts = Readonly<Record<string, string>>

/**
 * Reads the key out of the last part of a path, still encoded: a comma or an equals sign inside a
 * value is sent as %2C or %3D. Every field of the key must be there once, in any order.
 *
 * @throws Failure `not_found` for other fields, or none.
 */
export function readKey(model: Model, encoded: string): KeyTexts {
  const texts: Record<string, string> = Object.create(null)
  for (const part of encoded.split(',')) {
    const equals = part.indexOf('=')
    const name = part.slice(0, equals)
    if (equals === -1 || !model.key.includes(name) || name in texts) throw otherKey(model)
    texts[name] = decodeURIComponent(part.slice(equals + 1))
  }
  if (Object.keys(texts).length < model.key.length) throw otherKey(model)
  return texts
}

/**
 * A body completed with the key of its address. What the body says about the key must be the same.
 *
 * @throws Failure `invalid_input`.
 */
export function withKey(model: Model, key: KeyTexts, body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const input: Record<string, unknown> = Object.assign(Object.create(null), body)
  const problems: Problem[] = []
  for (const [name, text] of Object.entries(key)) {
    const kind = model.fields.get(name)?.kind
    const value = kind?.parse(text, reporter(problems, `/${name}`))
    const sent = input[name]
    const sentValue = sent === undefined ? value : kind?.check(sent, () => undefined)
    if (value !== undefined && JSON.stringify(sentValue) !== JSON.stringify(value)) {
      const detail = 'The address says another value; leave it out of the body.'
      problems.push({ pointer: `/${name}`, code: 'contradiction', detail })
    }
    input[name] = value
  }
  if (problems.length > 0) throw invalidInput(problems)
  return input
}

function otherKey(model: Model): Failure {
  const form = model.key.map((name) => `${name}=…`).join(',')
  return new Failure('not_found', {
    detail: `Records here are found by id, or by ${form} with every value percent-encoded.`,
  })
}
