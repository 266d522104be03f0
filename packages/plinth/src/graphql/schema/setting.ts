/** Owns what the parts of the schema are built with: the catalog, the names, what is made once. */

import { type GraphQLFieldConfig, type GraphQLNamedType, GraphQLObjectType } from 'graphql'
import { present } from '../../base/assert.ts'
import type { Catalog, Model, ModelRelation, Operation } from '../../catalog/catalog.ts'
import type { Names } from './names.ts'

/** What a schema is built with. */
export interface Setting {
  readonly catalog: Catalog
  readonly names: Names
  /** Types by a key of their own: each is made once. */
  readonly made: Map<string, GraphQLNamedType>
}

/** What a field of the schema stands for; the rest is plain from its type. */
export type FieldUse =
  | { readonly is: 'operation'; readonly operation: Operation }
  | { readonly is: 'node' | 'nodes' | 'globalId' | 'plainId' }
  | { readonly is: 'value'; readonly field: string }
  | { readonly is: 'event'; readonly type: string }
  | { readonly is: 'relation'; readonly relation: ModelRelation; readonly model: Model }

/** A field of an object type. */
export type Field = GraphQLFieldConfig<unknown, unknown>

/** Says what a field stands for. */
export function used(use: FieldUse): { readonly extensions: { readonly use: FieldUse } } {
  return { extensions: { use } }
}

/** What a field stands for. */
export function useOf(type: GraphQLObjectType, name: string): FieldUse | undefined {
  return type.getFields()[name]?.extensions.use as FieldUse | undefined
}

/** The type under a key, made on first need. */
export function once<T extends GraphQLNamedType>({ made }: Setting, key: string, make: () => T): T {
  const known = made.get(key) ?? make()
  made.set(key, known)
  return known as T
}

/** The name of a model's type. */
export function typeName({ names }: Setting, model: Model): string {
  return present(names.types.get(model.name), `the type of ${model.name}`)
}

/** The type of a record. */
export function modelOf({ catalog }: Setting, name: string): Model {
  return present(catalog.models.get(name), name)
}

/** True for a type of records. */
export function isObject(type: unknown): type is GraphQLObjectType {
  return type instanceof GraphQLObjectType
}
