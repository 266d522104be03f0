/** Owns which rows are somebody's own: those that refer to them, and what belongs to those. */

import type { Catalog, Model } from '../../../catalog/catalog.ts'
import type { OwnRows } from '../../../identity/accounts/own-rows.ts'

// A filter goes no deeper, and what is further away is hardly anybody's own.
const stepsMax = 4

/**
 * The models with rows of somebody, and the ways to them over `belongsTo`. What refers to people
 * itself is theirs whom it refers to; what does not is theirs to whose rows it belongs. Whether
 * they may read a row is asked of the rules as it is read.
 */
export function ownRowsIn({ models }: Pick<Catalog, 'models'>): readonly OwnRows[] {
  const ways = new Map<string, readonly string[]>([['user', ['id']]])
  for (let step = 1; step <= stepsMax; step++) {
    const found = [...models.values()].flatMap((model) => {
      if (!model.exposed || ways.has(model.name)) return []
      const paths = pathsOf(model, ways)
      return paths.length === 0 ? [] : [[model.name, paths] as const]
    })
    if (found.length === 0) break
    for (const [name, paths] of found) ways.set(name, paths)
  }
  return [...ways].map(([model, paths]) => ({ model, paths }))
}

function pathsOf(model: Model, ways: ReadonlyMap<string, readonly string[]>): readonly string[] {
  return [...model.relations.values()].flatMap(({ type, name, target, local }) => {
    if (type !== 'belongsTo') return []
    if (target === 'user') return [local]
    return (ways.get(target) ?? []).map((path) => `${name}.${path}`)
  })
}
