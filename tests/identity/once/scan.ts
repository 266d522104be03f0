/** Owns what a catalog and its sources say of secrets: which are kept, and what uses them up. */

import type { Catalog } from '../../../packages/plinth/src/catalog/catalog.ts'
import { besides, labels, lasting, noTokens, type Once, once, oneOf } from './table.ts'

/** A file of the sources, its path below their root. */
export interface SourceText {
  readonly path: string
  readonly text: string
}

const markName = /^(?:used|claimed|answered|consumed|redeemed|spent|taken)At$/
const secretName = /(?:^h|H)ash$/
const ofThirds = new Set(['identity', 'oauth'])

/** What a catalog holds that stands in neither list. Empty: all is accounted for. */
export function unlisted({ models }: Pick<Catalog, 'models'>): readonly string[] {
  const marks = new Set(once.map(({ mark }) => mark))
  const told: string[] = []
  for (const { name, kit, fields } of models.values()) {
    if (!ofThirds.has(kit)) continue
    const found = [...fields.values()]
    for (const field of found) {
      const mark = `${name}.${field.name}`
      if (markName.test(field.name) && !marks.has(mark)) told.push(`${mark} is used up by nothing`)
    }
    const keeps = found.some((field) => secretName.test(field.name))
    const single = [...marks].some((mark) => mark.startsWith(`${name}.`))
    if (keeps && !single && !(name in lasting) && !(name in besides))
      told.push(`${name} keeps a secret: once, or lasting`)
    if (single && name in lasting) told.push(`${name} is listed as both`)
  }
  return told
}

/** Models that keep a secret which is none of these types: each type has a table of its own. */
export function untyped(
  { models }: Pick<Catalog, 'models'>,
  types: Iterable<{ readonly model?: string }>,
): readonly string[] {
  const keepers = [...types].flatMap(({ model }) => (model === undefined ? [] : [model]))
  const twice = keepers.filter((model, index) => keepers.indexOf(model) !== index)
  const told = twice.map((model) => `${model} keeps two types of token`)
  for (const { name, kit, fields } of models.values()) {
    if (!ofThirds.has(kit)) continue
    const secrets = [...fields.values()].filter((field) => secretName.test(field.name))
    const found = secrets.filter(({ unique }) => unique).map((field) => `${name}.${field.name}`)
    if (found.length > 1) told.push(`${found.join(' and ')} are two types of token in one table`)
    if (found.length > 0 && !keepers.includes(name) && !(name in noTokens))
      told.push(`${name} keeps a token of no type`)
  }
  return told
}

const consuming = /\b(\w+)\.consumeOnce\(\s*[\w.]+,\s*'(\w+)'\s*\)/g

/** `model.field file` of all that the sources use up by the one statement. */
export function usedUp(sources: readonly SourceText[]): readonly string[] {
  const found = sources.flatMap(({ path, text }) =>
    [...text.matchAll(consuming)].flatMap(([, name = '', field]) =>
      (oneOf[name] ?? [name]).map((model) => `${model}.${field} ${path}`),
    ),
  )
  return [...new Set(found)].sort()
}

/** The same as the table says it. */
export function expectedUses(by: Once['by']): readonly string[] {
  const all = once.filter((each) => each.by === by)
  return all.flatMap(({ mark, files }) => files.map((file) => `${mark} ${file}`)).sort()
}

const writing = /\.(?:update|upsert)\((?:[^()]|\([^()]*\))*?\b((?:used|claimed|answered)At):/g
const inSql = /\bset (?:used|claimed|answered)_at = /g

/** Places that write a mark by hand, where two at once would both be told yes. */
export function writtenByHand(sources: readonly SourceText[]): readonly string[] {
  return sources.flatMap(({ path, text }) => [
    ...[...text.matchAll(writing)].map(([, field]) => `${path} writes ${field}`),
    ...[...text.matchAll(inSql)].map(() => `${path} writes it by SQL`),
  ])
}

const deriving = /\bderiveKey\(\s*\w+(?:\.\w+)?,\s*(?:'([^']+)'|`([^`$]+)[^`]*`|(\w+))\s*\)/g

/** Of every purpose for which a key is made: `purpose file`. */
export function derived(sources: readonly SourceText[]): readonly string[] {
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(deriving)].map(([, literal, template, name]) => {
      const told = new RegExp(`const ${name} = '([^']+)'`).exec(text)?.[1]
      return `${literal ?? template ?? told ?? `an unknown purpose, ${name},`} ${path}`
    }),
  )
}

/** The same as the table says it. */
export function expectedLabels(): readonly string[] {
  return Object.entries(labels).map(([label, path]) => `${label} ${path}`)
}
