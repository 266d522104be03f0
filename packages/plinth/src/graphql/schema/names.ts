/** Owns the names of the GraphQL schema: each follows from the catalog, and none stands twice. */

import type { Catalog, Model, Operation } from '../../catalog/catalog.ts'
import { isServed } from '../../catalog/exposure/exposure.ts'

/** Names that the schema uses itself. */
const own: readonly string[] = [
  ...['Query', 'Mutation', 'Subscription', 'Node', 'PageInfo', 'Failure', 'CallFailure'],
  ...['FailureProblem', 'SortDirection', 'ID', 'Int', 'Float', 'String', 'Boolean'],
  ...['BigInt', 'Decimal', 'Money', 'Email', 'Url', 'Date', 'Instant', 'Duration', 'Json'],
  ...['Base64Url', 'Uuid', 'LiveKind', 'LiveGap', 'LiveChangeKind', 'NodeLive'],
  ...['EventKind', 'EventGap'],
]

/** The names of a schema. */
export interface Names {
  /** The type of a model, by the model's name: `Product`. */
  readonly types: ReadonlyMap<string, string>
  /** The model of a type, for global ids. */
  readonly models: ReadonlyMap<string, Model>
  /** Operations that only read, by the field that stands for each. */
  readonly queries: ReadonlyMap<string, Operation>
  /** All others. */
  readonly mutations: ReadonlyMap<string, Operation>
  /** Takes a name for a type; where it is taken, with an underscore behind it. */
  claim(name: string): string
}

/** The names of an app's schema. Of two that fall together the later has an underscore behind. */
export function schemaNames(catalog: Catalog): Names {
  const taken = new Set(own)
  const claim = (name: string): string => claimed(taken, name)
  const types = new Map<string, string>()
  const models = new Map<string, Model>()
  for (const model of catalog.models.values()) {
    if (!model.exposed) continue
    const type = claim(capital(model.name))
    types.set(model.name, type)
    models.set(type, model)
  }
  const queryNames = new Set(['node', 'nodes'])
  const mutationNames = new Set<string>()
  const queries = new Map<string, Operation>()
  const mutations = new Map<string, Operation>()
  for (const operation of catalog.operations.values()) {
    if (operation.type !== 'action' && !isServed(operation)) continue
    if (isRead(operation)) queries.set(claimed(queryNames, fieldName(operation)), operation)
    else mutations.set(claimed(mutationNames, fieldName(operation)), operation)
  }
  return { types, models, queries, mutations, claim }
}

function claimed(taken: Set<string>, name: string): string {
  const free = taken.has(name) ? claimed(taken, `${name}_`) : name
  taken.add(free)
  return free
}

function isRead(operation: Operation): boolean {
  if (operation.type === 'action') return operation.safe
  return operation.type === 'list' || operation.type === 'get'
}

/** `product.list` → `products`, `product.get` → `product`, `orders.checkOut` → `ordersCheckOut`. */
function fieldName(operation: Operation): string {
  if (operation.type === 'list') return operation.model.plural
  if (operation.type === 'get') return operation.model.name
  const [first = '', ...rest] = operation.name.split(/[^A-Za-z0-9]+/)
  return first + rest.map(capital).join('')
}

/** `product` → `Product`. */
export function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
