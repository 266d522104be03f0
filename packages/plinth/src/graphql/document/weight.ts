/** Owns the weight of a document: what it would cost, known before anything of it is run. */

import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'

/** What a part of a document comes to, with its fragments spread out. */
interface Weight {
  readonly fields: number
  readonly aliases: number
  readonly directives: number
  /** Levels of fields; what connections are made of counts none. */
  readonly depth: number
  /** Levels of brackets. */
  readonly nesting: number
}

const nothing: Weight = Object.freeze({
  fields: 0,
  aliases: 0,
  directives: 0,
  depth: 0,
  nesting: 0,
})

/** What stands between a list and its records. */
const plumbing: ReadonlySet<string> = new Set(['edges', 'node', 'nodes', 'pageInfo'])

/**
 * Refuses a document whose operations are too heavy, and one whose fragments lead back to
 * themselves: validation itself would be slow with some of these.
 *
 * Fails with `query_too_costly` naming the cap, and with `malformed_query` for a cycle.
 */
export function checkWeight({ definitions }: DocumentNode): void {
  const fragments = new Map<string, FragmentDefinitionNode>()
  const operations: OperationDefinitionNode[] = []
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition)
    } else if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition)
  }
  const weighing: Weighing = { fragments, known: new Map(), open: new Set() }
  for (const { selectionSet, directives } of operations) {
    checkCaps(withOwn(weigh(weighing, selectionSet), directives?.length ?? 0))
  }
  // One that nothing spreads is weighed too: validation reads it all the same.
  for (const name of fragments.keys()) checkCaps(weighFragment(weighing, name))
}

interface Weighing {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly known: Map<string, Weight>
  /** Fragments that are being weighed: one that is met again leads back to itself. */
  readonly open: Set<string>
}

function weigh(weighing: Weighing, { selections }: SelectionSetNode): Weight {
  let sum = nothing
  for (const selection of selections) {
    const own = selection.directives?.length ?? 0
    if (selection.kind === Kind.FIELD) sum = joined(sum, weighField(weighing, selection))
    else if (selection.kind === Kind.INLINE_FRAGMENT) {
      sum = joined(sum, withOwn(weigh(weighing, selection.selectionSet), own))
    } else sum = joined(sum, withOwn(weighFragment(weighing, selection.name.value), own))
  }
  return { ...sum, nesting: sum.nesting + 1 }
}

function weighField(
  weighing: Weighing,
  { name, alias, directives, selectionSet }: FieldNode,
): Weight {
  const below = selectionSet ? weigh(weighing, selectionSet) : nothing
  return {
    fields: below.fields + 1,
    aliases: below.aliases + (alias ? 1 : 0),
    directives: below.directives + (directives?.length ?? 0),
    // What the schema says of itself is deep by nature; validation bounds it in its own way.
    depth: name.value.startsWith('__') ? 1 : below.depth + (plumbing.has(name.value) ? 0 : 1),
    nesting: below.nesting,
  }
}

function weighFragment(weighing: Weighing, name: string): Weight {
  const known = weighing.known.get(name)
  if (known) return known
  const fragment = weighing.fragments.get(name)
  // Validation names what is missing.
  if (!fragment) return nothing
  if (weighing.open.has(name)) {
    const detail = `The fragment "${name}" leads back to itself: take the cycle out.`
    throw new Failure('malformed_query', { detail })
  }
  weighing.open.add(name)
  const own = fragment.directives?.length ?? 0
  const weight = withOwn(weighed(weighing, fragment), own)
  weighing.open.delete(name)
  weighing.known.set(name, weight)
  return weight
}

/** A fragment on what the schema says of itself is as deep as the field that spreads it: one. */
function weighed(weighing: Weighing, { selectionSet, typeCondition }: FragmentDefinitionNode) {
  const weight = weigh(weighing, selectionSet)
  return typeCondition.name.value.startsWith('__') ? { ...weight, depth: 1 } : weight
}

function withOwn(weight: Weight, directives: number): Weight {
  return directives === 0 ? weight : { ...weight, directives: weight.directives + directives }
}

function joined(one: Weight, other: Weight): Weight {
  return {
    fields: one.fields + other.fields,
    aliases: one.aliases + other.aliases,
    directives: one.directives + other.directives,
    depth: Math.max(one.depth, other.depth),
    nesting: Math.max(one.nesting, other.nesting),
  }
}

const caps = [
  ['aliases', 'graphqlAliasesMax', 'aliases'],
  ['fields', 'graphqlFieldsMax', 'fields'],
  ['directives', 'graphqlDirectivesMax', 'directives'],
  ['depth', 'graphqlDepthMax', 'levels of fields'],
  ['nesting', 'graphqlNestingMax', 'levels of braces'],
] as const

function checkCaps(weight: Weight): void {
  for (const [part, cap, what] of caps) {
    const most = limits[cap]
    if (weight[part] <= most) continue
    const detail = `An operation has at most ${most} ${what} (${cap}): ask in several requests.`
    throw new Failure('query_too_costly', { detail })
  }
}
