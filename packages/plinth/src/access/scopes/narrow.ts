/** Owns the narrowing of scopes: what is left where somebody who may much asks for little. */

import type { Catalog } from '../../catalog/catalog.ts'

/**
 * Of the scopes asked for, those that the held ones let through: the same word, or one within a
 * wider one (`order.read` within `write`). Nothing ever comes of it that was not held.
 */
export function narrowed(
  held: ReadonlySet<string>,
  asked: Iterable<string>,
  catalog: Catalog,
): ReadonlySet<string> {
  const left = [...asked].filter((scope) => {
    return held.has(scope) || widerThan(scope, catalog).some((wider) => held.has(wider))
  })
  return new Set(left)
}

function widerThan(scope: string, catalog: Catalog): readonly string[] {
  if (scope === 'write') return []
  if (scope === 'read') return ['write']
  const operation = catalog.operations.get(scope)
  if (operation?.type === 'action') return operation.safe ? ['read', 'write'] : ['write']
  const [model = '', word] = scope.split('.')
  if (!catalog.models.get(model)?.exposed) return []
  if (word === 'read') return [`${model}.write`, 'read', 'write']
  if (word === 'create') return [`${model}.write`, 'write']
  return word === 'write' ? ['write'] : []
}
