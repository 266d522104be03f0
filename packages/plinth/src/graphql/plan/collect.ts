/** Owns what a selection set asks for: fields by response name, past fragments and directives. */

import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  typeFromAST,
} from 'graphql'

/** What an operation is translated with. */
export interface Reading {
  readonly schema: GraphQLSchema
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  /** Coerced. */
  readonly variables: Readonly<Record<string, unknown>>
}

/** One field of an answer: the same one may be asked for in several places. */
export interface Asked {
  /** The name in the answer. */
  readonly key: string
  readonly name: string
  readonly nodes: readonly FieldNode[]
}

type Found = Map<string, FieldNode[]>

/** The fields that are asked of an object type, in the order of the answer. */
export function collect(
  reading: Reading,
  type: GraphQLObjectType,
  sets: readonly (SelectionSetNode | undefined)[],
): readonly Asked[] {
  const found: Found = new Map()
  const visited = new Set<string>()
  for (const set of sets) if (set) gather(reading, { type, found, visited }, set)
  return [...found].map(([key, nodes]) => ({ key, name: nodes[0]?.name.value ?? '', nodes }))
}

/** The selection sets below a field. */
export function setsOf({ nodes }: Asked): readonly (SelectionSetNode | undefined)[] {
  return nodes.map((node) => node.selectionSet)
}

interface Gathering {
  readonly type: GraphQLObjectType
  readonly found: Found
  readonly visited: Set<string>
}

function gather(reading: Reading, at: Gathering, { selections }: SelectionSetNode): void {
  for (const selection of selections) {
    if (!isIncluded(reading, selection)) continue
    if (selection.kind === Kind.FIELD) {
      const key = selection.alias?.value ?? selection.name.value
      const known = at.found.get(key)
      if (known) known.push(selection)
      else at.found.set(key, [selection])
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      if (applies(reading, at.type, selection)) gather(reading, at, selection.selectionSet)
    } else {
      gatherSpread(reading, at, selection.name.value)
    }
  }
}

function gatherSpread(reading: Reading, at: Gathering, name: string): void {
  if (at.visited.has(name)) return
  at.visited.add(name)
  const fragment = reading.fragments.get(name)
  if (fragment && applies(reading, at.type, fragment)) gather(reading, at, fragment.selectionSet)
}

function isIncluded({ variables }: Reading, node: SelectionNode): boolean {
  if (!node.directives?.length) return true
  if (getDirectiveValues(GraphQLSkipDirective, node, variables)?.if === true) return false
  return getDirectiveValues(GraphQLIncludeDirective, node, variables)?.if !== false
}

/** True where the fields of a fragment are asked of an object type. */
function applies(
  { schema }: Reading,
  type: GraphQLObjectType,
  {
    typeCondition,
  }: Pick<FragmentDefinitionNode, never> & {
    readonly typeCondition?: FragmentDefinitionNode['typeCondition'] | undefined
  },
): boolean {
  if (!typeCondition) return true
  const condition = typeFromAST(schema, typeCondition)
  if (condition === type) return true
  return isAbstractType(condition) && schema.isSubType(condition, type)
}

const noArguments = Object.freeze({})

/** The arguments of a field, coerced. Fails with a GraphQLError. */
export function argumentsOf(
  { variables }: Reading,
  type: GraphQLObjectType,
  { name, nodes: [node] }: Asked,
): Readonly<Record<string, unknown>> {
  const field = type.getFields()[name]
  if (!field || !node || field.args.length === 0) return noArguments
  return getArgumentValues(field, node, variables as Record<string, unknown>)
}
