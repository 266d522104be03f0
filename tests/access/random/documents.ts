/** Owns random reads as GraphQL: a drawn query as a document with variables. */

import type { Catalog, Model } from '../../../packages/plinth/src/catalog/catalog.ts'
import type { Query } from '../evaluator.ts'

type Json = Readonly<Record<string, unknown>>

/** What is sent to `/api/graphql`. */
export interface Document {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
}

interface Writing {
  readonly catalog: Catalog
  /** Declarations of variables, and their values. */
  readonly declared: string[]
  readonly variables: Record<string, unknown>
}

/** The document of a list, with everything that was drawn for it. */
export function documentOf(catalog: Catalog, model: Model, query: Query): Document {
  const writing: Writing = { catalog, declared: [], variables: {} }
  const selection = connection(writing, model, query)
  const declared = writing.declared.length > 0 ? ` (${writing.declared.join(', ')})` : ''
  return {
    query: `query${declared} { ${model.plural}${selection} }`,
    variables: writing.variables,
  }
}

/** The arguments of a connection, and what is selected of it. */
function connection(writing: Writing, model: Model, query: Query): string {
  const { filter, sort, limit, count } = query
  const type = typeOf(model)
  const given = [
    filter && `filter: ${variable(writing, `${type}Filter`, conditions(filter))}`,
    sort && `sort: ${variable(writing, `[${type}Sort!]`, sort.map(sortKey))}`,
    limit !== undefined && `first: ${limit}`,
  ].filter((each) => typeof each === 'string')
  const total = count ? ' totalCount' : ''
  const told = `pageInfo { hasNextPage startCursor endCursor }${total}`
  const nodes = `edges { cursor node { ${record(writing, model, query)} } }`
  return `${given.length > 0 ? `(${given.join(', ')})` : ''} { ${told} ${nodes} }`
}

function typeOf({ name }: Model): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

function variable({ declared, variables }: Writing, type: string, value: unknown): string {
  const name = `v${declared.length}`
  declared.push(`$${name}: ${type}`)
  variables[name] = value
  return `$${name}`
}

function record(writing: Writing, model: Model, { fields, include }: Query): string {
  const parts = ['id', ...new Set(fields ?? [])]
  const included = Array.isArray(include)
    ? include.map((name) => [name, {}] as const)
    : Object.entries((include ?? {}) as Json)
  for (const [name, options] of included) {
    const target = model.relations.get(name)?.target ?? ''
    const other = writing.catalog.models.get(target)
    const query = (options === true ? {} : options) as Query
    if (!other) parts.push(name)
    else if (model.relations.get(name)?.many) {
      parts.push(`${name}${connection(writing, other, query)}`)
    } else parts.push(`${name} { ${record(writing, other, query)} }`)
  }
  return parts.join(' ')
}

/** A bare value is `eq`, and a dotted name is a way down. */
function conditions(filter: Json): Json {
  const result: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(filter)) {
    const [first = '', ...rest] = key.split('.')
    if (rest.length > 0) result[first] = conditions({ [rest.join('.')]: value })
    else result[first] = term(first, value)
  }
  return result
}

const logic: ReadonlySet<string> = new Set(['and', 'or', 'not', 'some', 'every', 'none'])

function term(name: string, value: unknown): unknown {
  if (Array.isArray(value) && logic.has(name)) return value.map((each) => conditions(each as Json))
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (isObject && !('currency' in value)) {
    const [operator = ''] = Object.keys(value)
    return operators.has(operator) ? value : conditions(value as Json)
  }
  return value === null ? null : { eq: value }
}

const operators: ReadonlySet<string> = new Set([
  ...['eq', 'ne', 'in', 'notIn', 'lt', 'lte', 'gt', 'gte', 'isNull', 'has'],
  ...['contains', 'startsWith', 'endsWith', 'icontains'],
])

function sortKey(word: string): unknown {
  const descending = word.startsWith('-')
  const names = (descending ? word.slice(1) : word).split('.')
  return names.reduceRight<unknown>(
    (below, name) => ({ [name]: below }),
    descending ? 'DESC' : 'ASC',
  )
}
