/** Owns the JSON Schemas of models: records, pages, input, filters and queries. */

import { limits } from '../../base/limits.ts'
import type { Catalog, Model, ModelField, ModelRelation } from '../../catalog/catalog.ts'
import {
  isNever,
  readableFields,
  readableRelations,
  writableFields,
} from '../../catalog/exposure/exposure.ts'
import { type Json, operandOf, uuidKind } from '../../kinds/kinds.ts'

/** A JSON Schema, as plain data. */
export type Schema = { readonly [key: string]: Json }

/** The name of a model's schema, such as `Product`; its kin are named `Product.create`. */
export function schemaName(model: string): string {
  return model.charAt(0).toUpperCase() + model.slice(1)
}

/** A reference to a schema of the document. */
export function schemaRef(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

/** The schemas that the routes of a model refer to, by their name in the document. */
export function modelSchemas(model: Model, catalog: Catalog): { [name: string]: Schema } {
  const name = schemaName(model.name)
  const schemas: { [name: string]: Schema } = { [name]: recordSchema(model, catalog) }
  const { create, read, update, updated } = model.access
  const isChangeable = !isNever(update) && !isNever(updated)
  if (!isNever(create)) schemas[`${name}.create`] = createSchema(model)
  if (isChangeable || (model.key.length > 0 && !isNever(create))) {
    schemas[`${name}.update`] = updateSchema(model)
  }
  if (!isNever(read)) {
    schemas[`${name}.page`] = pageSchema(name)
    schemas[`${name}.filter`] = filterSchema(model, catalog)
    schemas[`${name}.query`] = querySchema(model, catalog)
  }
  return schemas
}

/** A made-up record, for examples. */
export function exampleRecord(model: Model): Schema {
  return exampleOf(readableFields(model))
}

/** Made-up input, for examples: what must be given, and what has no default. */
export function exampleInput(model: Model): Schema {
  return exampleOf(writableFields(model).filter((field) => !hasDefault(field)))
}

function exampleOf(fields: readonly ModelField[]): Schema {
  const known = fields.filter((field) => field.kind.example !== undefined)
  return Object.fromEntries(known.map((field) => [field.name, field.kind.example ?? null]))
}

function recordSchema(model: Model, catalog: Catalog): Schema {
  const properties: { [name: string]: Schema } = {}
  for (const field of readableFields(model)) {
    const readOnly = field.role !== 'declared' && field.role !== 'reference'
    const schema = fieldSchema(field)
    properties[field.name] = readOnly || field.computed ? { ...schema, readOnly: true } : schema
  }
  for (const relation of readableRelations(model, catalog)) {
    const target = schemaRef(schemaName(relation.target))
    properties[relation.name] = {
      description: `Where \`include\` names it.`,
      ...(relation.many ? { type: 'array', items: target } : { anyOf: [target, { type: 'null' }] }),
      readOnly: true,
    }
  }
  const lists = readableRelations(model, catalog).filter((relation) => relation.many)
  if (lists.length > 0) properties[moreName] = moreSchema(lists)
  const about = model.description ?? `A ${model.name}.`
  return {
    type: 'object',
    description: `${about} What the caller may not read is absent.`,
    properties,
    ...(isNever(model.access.read) ? {} : { required: ['id'], examples: [exampleRecord(model)] }),
  }
}

/** The member that says which included lists were cut; no field can be named like this. */
const moreName = '$more'

function moreSchema(lists: readonly ModelRelation[]): Schema {
  return {
    type: 'array',
    items: { type: 'string', enum: lists.map(({ name }) => name) },
    minItems: 1,
    uniqueItems: true,
    readOnly: true,
    description: 'Included lists that have more records than `limit` lets through; else absent.',
  }
}

function pageSchema(name: string): Schema {
  const cursor: Schema = { type: ['string', 'null'], maxLength: limits.cursorBytesMax }
  return {
    type: 'object',
    properties: {
      data: { type: 'array', items: schemaRef(name), maxItems: limits.pageSizeMax },
      page: {
        type: 'object',
        description: 'Cursors for `after` and `before`; null where the pages end.',
        properties: { next: cursor, previous: cursor },
        required: ['next', 'previous'],
      },
      count: { type: 'integer', minimum: 0, description: 'Where `count` asked for it.' },
      countExact: { type: 'boolean', description: 'False: there are at least so many.' },
    },
    required: ['data', 'page'],
  }
}

function createSchema(model: Model): Schema {
  const required = writableFields(model).filter((field) => !field.optional && !hasDefault(field))
  return {
    ...inputSchema(model, hasDefault),
    ...(required.length === 0 ? {} : { required: required.map((field) => field.name) }),
    examples: [exampleInput(model)],
  }
}

function updateSchema(model: Model): Schema {
  const description = 'A merge patch: what is absent stays as it is.'
  // A default would say that what is left out becomes that.
  return { ...inputSchema(model, () => false), description }
}

function inputSchema(model: Model, shows: (field: ModelField) => boolean): Schema {
  const properties: { [name: string]: Schema } = {}
  for (const field of writableFields(model)) {
    const schema = fieldSchema(field)
    properties[field.name] = shows(field) ? { ...schema, default: field.default as Json } : schema
  }
  for (const relation of model.relations.values()) {
    if (relation.inputName === undefined) continue
    properties[relation.inputName] = {
      type: 'array',
      items: { ...uuidKind().jsonSchema },
      description: `The ids of the ${relation.name} that are linked.`,
    }
  }
  return { type: 'object', properties, additionalProperties: false }
}

function hasDefault(field: ModelField): boolean {
  return field.default !== undefined
}

function fieldSchema(field: ModelField): Schema {
  const base: Schema = { ...field.kind.jsonSchema }
  const schema = field.optional ? nullable(base) : base
  return field.description === undefined ? schema : { ...schema, description: field.description }
}

function nullable(schema: Schema): Schema {
  if (typeof schema.type === 'string' && schema.enum === undefined && schema.const === undefined) {
    return { ...schema, type: [schema.type, 'null'] }
  }
  return { anyOf: [schema, { type: 'null' }] }
}

/** The condition on one field: a value, or operators. */
export function conditionSchema(field: ModelField): Schema {
  const { kind } = field
  const properties: { [operator: string]: Schema } = {}
  for (const operator of kind.operators) {
    const operand: Schema = { ...operandOf(kind, operator).jsonSchema }
    const many = operator === 'in' || operator === 'notIn'
    properties[operator] = many
      ? { type: 'array', items: operand, maxItems: limits.filterValuesMax }
      : operand
  }
  const operators: Schema = { type: 'object', properties, additionalProperties: false }
  if (!kind.operators.includes('eq')) return operators
  return { anyOf: [{ ...kind.operand().jsonSchema }, operators] }
}

function filterSchema(model: Model, catalog: Catalog): Schema {
  const own = schemaRef(`${schemaName(model.name)}.filter`)
  const properties: { [name: string]: Schema } = {
    and: { type: 'array', items: own },
    or: { type: 'array', items: own },
    not: own,
  }
  for (const field of readableFields(model)) properties[field.name] = conditionSchema(field)
  for (const relation of readableRelations(model, catalog)) {
    const target = schemaRef(`${schemaName(relation.target)}.filter`)
    const quantified = { some: target, every: target, none: target }
    properties[relation.name] = relation.many
      ? { type: 'object', properties: quantified, additionalProperties: false }
      : target
  }
  return {
    type: 'object',
    description: 'Conditions, joined by and. A condition is a value or an object of operators.',
    properties,
    additionalProperties: false,
  }
}

/** The words for `sort`. */
export function sortKeys(model: Model): readonly string[] {
  return readableFields(model)
    .filter((field) => field.kind.sortable)
    .flatMap(({ name }) => [name, `-${name}`])
}

function querySchema(model: Model, catalog: Catalog): Schema {
  const cursor: Schema = { type: 'string', maxLength: limits.cursorBytesMax }
  return {
    type: 'object',
    properties: { ...selection(model, catalog), after: cursor, before: cursor, count: countSchema },
    additionalProperties: false,
    examples: [{ limit: 20 }],
  }
}

/** The schema of `count`. */
export const countSchema: Schema = Object.freeze({ type: 'string', enum: ['exact', 'estimated'] })

function selection(model: Model, catalog: Catalog): Schema {
  const related: { [name: string]: Schema } = {}
  for (const relation of readableRelations(model, catalog)) {
    const target = schemaRef(`${schemaName(relation.target)}.query`)
    related[relation.name] = { anyOf: [{ const: true }, target] }
  }
  const fields = readableFields(model).map((field) => field.name)
  const sort = sortKeys(model)
  return {
    filter: schemaRef(`${schemaName(model.name)}.filter`),
    sort: {
      type: 'array',
      items: { type: 'string', enum: [...sort] },
      maxItems: limits.sortFieldsMax,
    },
    fields: { type: 'array', items: { type: 'string', enum: fields }, maxItems: limits.fieldsMax },
    include: { type: 'object', properties: related, additionalProperties: false },
    limit: { type: 'integer', minimum: 1, maximum: limits.pageSizeMax },
  }
}
