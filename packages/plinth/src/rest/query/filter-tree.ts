/** Owns the growth of a filter out of bracketed parameters: objects, numbered lists, texts. */

/** A filter as it grows. Lists are objects with the keys 0, 1, … until the end. */
export interface FilterTree {
  [key: string]: FilterTree | FilterLeaf
}

/** A value: text, or the texts of `in` and `notIn`. */
export type FilterLeaf = string | readonly string[]

/** A finished filter. */
export type FilterValue = FilterLeaf | { [key: string]: FilterValue } | FilterValue[]

/** An empty tree without a prototype, so that no name has a meaning beforehand. */
export function filterTree(): FilterTree {
  return Object.create(null)
}

/** Puts a leaf at a path. False where the path is taken, or leads through another leaf. */
export function plant(tree: FilterTree, path: readonly string[], leaf: FilterLeaf): boolean {
  let branch = tree
  const last = path.length - 1
  for (let at = 0; at < last; at++) {
    const key = path[at] ?? ''
    const next = branch[key]
    if (next === undefined) {
      const grown = filterTree()
      branch[key] = grown
      branch = grown
    } else if (isTree(next)) {
      branch = next
    } else {
      return false
    }
  }
  const key = path[last] ?? ''
  if (branch[key] !== undefined) return false
  branch[key] = leaf
  return true
}

/**
 * Turns branches with numbers as keys into lists. Returns undefined where the numbers of one do
 * not run 0, 1, 2, … or stand beside names.
 */
export function finishFilter(node: FilterTree | FilterLeaf): FilterValue | undefined {
  if (!isTree(node)) return node
  const keys = Object.keys(node)
  const numbered = keys.some((key) => isDigit(key.charCodeAt(0)))
  const list: FilterValue[] = []
  const object: { [key: string]: FilterValue } = Object.create(null)
  // Keys that are whole numbers come first and ascending, whatever order they were planted in.
  for (const [index, key] of keys.entries()) {
    const child = node[key]
    const value = child === undefined ? undefined : finishFilter(child)
    if (value === undefined || (numbered && key !== String(index))) return undefined
    if (numbered) list.push(value)
    else object[key] = value
  }
  return numbered ? list : object
}

function isTree(node: FilterTree | FilterLeaf): node is FilterTree {
  return typeof node === 'object' && !Array.isArray(node)
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39
}
