/** Owns the input types of reads: filters and sorts, equal to those of REST. */

import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLID,
  type GraphQLInputFieldConfig,
  GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLList,
  GraphQLNonNull,
} from 'graphql'
import { limits } from '../../base/limits.ts'
import type { Model, ModelField } from '../../catalog/catalog.ts'
import { readableFields, readableRelations } from '../../catalog/exposure/exposure.ts'
import { type Kind, operandOf } from '../../kinds/kinds.ts'
import { capital } from './names.ts'
import { scalarOf } from './scalars.ts'
import { modelOf, once, type Setting, typeName } from './setting.ts'

type Inputs = Record<string, GraphQLInputFieldConfig>

/** The filter of a model. */
export function filterType(setting: Setting, model: Model): GraphQLInputObjectType {
  const name = typeName(setting, model)
  return once(setting, `${name} filter`, () => {
    const type: GraphQLInputObjectType = new GraphQLInputObjectType({
      name: setting.names.claim(`${name}Filter`),
      description: 'Conditions, joined by and.',
      fields: () => {
        const own = new GraphQLList(new GraphQLNonNull(type))
        return {
          ...conditions(setting, model),
          and: { type: own },
          or: { type: own },
          not: { type },
        }
      },
    })
    return type
  })
}

function conditions(setting: Setting, model: Model): Inputs {
  const inputs: Inputs = {}
  for (const field of readableFields(model)) {
    inputs[field.name] = { type: conditionType(setting, field) }
  }
  for (const relation of readableRelations(model, setting.catalog)) {
    const target = modelOf(setting, relation.target)
    inputs[relation.name] = {
      type: relation.many ? quantifiedType(setting, target) : filterType(setting, target),
    }
  }
  return inputs
}

function quantifiedType(setting: Setting, model: Model): GraphQLInputObjectType {
  const name = typeName(setting, model)
  return once(setting, `${name} list filter`, () => {
    const type = filterType(setting, model)
    return new GraphQLInputObjectType({
      name: setting.names.claim(`${name}ListFilter`),
      description: 'Conditions on related records, by how many of them match.',
      fields: { some: { type }, every: { type }, none: { type } },
    })
  })
}

/** True for a field that holds the id of a record. */
export function isId({ role }: Pick<ModelField, 'role'>): boolean {
  return role === 'id' || role === 'reference'
}

function conditionType(setting: Setting, field: ModelField): GraphQLInputObjectType {
  const { kind } = field
  const name = isId(field) ? 'Id' : kindName(kind)
  const key = `condition ${name} ${kind.graphqlScalar} ${kind.operators.join()}`
  return once(setting, key, () => {
    const operand = (of: Kind): GraphQLInputType =>
      isId(field) ? GraphQLID : scalarOf(of.graphqlScalar)
    const fields: Inputs = {}
    for (const operator of kind.operators) {
      const type = operator === 'isNull' ? GraphQLBoolean : operand(operandOf(kind, operator))
      const many = operator === 'in' || operator === 'notIn'
      fields[operator] = { type: many ? new GraphQLList(new GraphQLNonNull(type)) : type }
    }
    return new GraphQLInputObjectType({ name: setting.names.claim(`${name}Condition`), fields })
  })
}

function kindName({ name, item }: Kind): string {
  return item ? `${capital(item.name)}List` : capital(name)
}

const direction = new GraphQLEnumType({
  name: 'SortDirection',
  values: { ASC: {}, DESC: {} },
})

/** A key to sort by; undefined where a model has none. */
export function sortType(setting: Setting, model: Model): GraphQLInputObjectType | undefined {
  if (sortable(model).length === 0) return undefined
  const name = typeName(setting, model)
  return once(setting, `${name} sort`, () => {
    return new GraphQLInputObjectType({
      name: setting.names.claim(`${name}Sort`),
      description: `One key to sort by; at most ${limits.sortFieldsMax} of them count in order.`,
      isOneOf: true,
      fields: () => sortKeys(setting, model),
    })
  })
}

function sortKeys(setting: Setting, model: Model): Inputs {
  const inputs: Inputs = {}
  for (const field of sortable(model)) inputs[field.name] = { type: direction }
  for (const relation of readableRelations(model, setting.catalog)) {
    const type = relation.many ? undefined : sortType(setting, modelOf(setting, relation.target))
    if (type) inputs[relation.name] = { type }
  }
  return inputs
}

function sortable(model: Model): readonly ModelField[] {
  return readableFields(model).filter((field) => field.kind.sortable)
}

/** The natural key of a model, by which one record is read; undefined where it has none. */
export function keyType(setting: Setting, model: Model): GraphQLInputObjectType | undefined {
  const readable = readableFields(model).filter(({ name }) => model.key.includes(name))
  if (model.key.length === 0 || readable.length < model.key.length) return undefined
  const fields: Inputs = {}
  for (const field of readable) {
    const type = isId(field) ? GraphQLID : scalarOf(field.kind.graphqlScalar)
    fields[field.name] = { type: new GraphQLNonNull(type) }
  }
  const name = typeName(setting, model)
  return once(setting, `${name} key`, () => {
    return new GraphQLInputObjectType({ name: setting.names.claim(`${name}Key`), fields })
  })
}
