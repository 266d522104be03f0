/** Owns where an expression stands, and what it can see there: rows, fields, relations, input. */

import type { Service } from '../../define/app/services.ts'
import {
  beforeScope,
  type Expression,
  type Operand,
  type RowOperand,
} from '../../define/expression.ts'
import type { Kind } from '../../kinds/kinds.ts'
import type { ModelRelation } from '../catalog.ts'
import type { DraftField } from '../members.ts'
import { type Mistakes, suggestion } from '../mistakes.ts'
import type { Organisations } from '../organisations/roles.ts'

/** What an expression can see of a model. */
export interface VisibleModel {
  readonly name: string
  readonly fields: ReadonlyMap<string, DraftField>
  readonly relations: ReadonlyMap<string, ModelRelation>
}

/** Where an expression stands. */
export interface Setting {
  readonly place: string
  readonly models: ReadonlyMap<string, VisibleModel>
  readonly model: VisibleModel
  /** `rule`: everything. `stored`: the row's own fields and constants only. */
  readonly use: 'rule' | 'stored'
  /** True: a rule about the row after an update, which sees the row before as well. */
  readonly knowsBefore?: boolean
  readonly mistakes: Mistakes
  /** Roles that the app declares; undefined allows any. */
  readonly roles: ReadonlySet<string> | undefined
  /** The organisations of the app; undefined: it has none. */
  readonly organisations: Organisations | undefined
  /** The services of the app, by name. */
  readonly services: ReadonlyMap<string, Service>
  /** Collects what rules ask of a caller. */
  readonly asked: Asked
}

/** What rules ask of a caller, while it is collected. */
export interface Asked {
  readonly roles: Set<string>
  readonly assurances: Set<number>
  readonly provedMinutes: Set<number>
  readonly permissions: Set<string>
}

/** An expression and the rows in its sight, by scope. */
export interface Inside extends Setting {
  readonly scopes: ReadonlyMap<number, VisibleModel>
}

/** The kind of an operand; undefined for a constant, and for what is not there. */
export function kindOf(operand: Operand, inside: Inside): Kind | undefined {
  switch (operand.from) {
    case 'row':
      return fieldAt(operand, inside)?.kind
    case 'input':
      return inside.model.fields.get(operand.field)?.kind
    case 'me':
      return inside.model.fields.get('id')?.kind
    case 'now':
      return inside.model.fields.get('createdAt')?.kind
    case 'compute': {
      const kinds = operand.operands.map((each) => kindOf(each, inside))
      return kinds.find((kind) => kind !== undefined)
    }
    case 'value':
      return undefined
  }
}

/** Checks a field of what is sent. */
export function inputField(name: string, inside: Inside): void {
  const field = inside.model.fields.get(name)
  if (inside.use === 'stored') note(inside, 'a check cannot use input: make it an access rule')
  else if (!field || (field.role !== 'declared' && field.role !== 'reference')) {
    note(inside, `input has no field "${name}"${suggestion(name, inside.model.fields.keys())}`)
  }
}

/** The field at the end of a path; its absence is noted. */
export function fieldAt(operand: RowOperand, inside: Inside): DraftField | undefined {
  const model = hopsTo(operand, inside)
  const name = operand.path.at(-1)
  if (!model || name === undefined) return undefined
  const field = model.fields.get(name)
  if (!field) note(inside, missing(model, name))
  return field
}

/** What is said of a name that a model has no field of. */
export function missing(model: VisibleModel, name: string): string {
  if (model.relations.has(name)) {
    const cure = `go on to one of its fields, or use ${name}Id`
    return `${name} is a related record of ${model.name}: ${cure}`
  }
  return `${model.name} has no field "${name}"${suggestion(name, model.fields.keys())}`
}

/** The relation at the end of a path; its absence is noted. */
export function relationAt(operand: RowOperand, inside: Inside): ModelRelation | undefined {
  const model = hopsTo(operand, inside)
  const name = operand.path.at(-1) ?? ''
  const relation = model?.relations.get(name)
  if (model && !relation) {
    note(
      inside,
      `${model.name} has no relation "${name}"${suggestion(name, model.relations.keys())}`,
    )
  }
  return relation
}

/** The model that holds the last name of a path; every name before it is a to-one relation. */
export function hopsTo(operand: RowOperand, inside: Inside): VisibleModel | undefined {
  let model = inside.scopes.get(operand.scope)
  if (inside.use === 'stored' && operand.path.length > 1) {
    note(inside, `${textOf(operand)} is another row: a check or formula sees only its own`)
    return undefined
  }
  for (const name of operand.path.slice(0, -1)) {
    const relation = model?.relations.get(name)
    if (model && !relation) note(inside, missing(model, name))
    if (relation?.many) {
      note(inside, `${name} holds many records: use ${name}.some(…), every(…) or none(…)`)
      return undefined
    }
    model = relation ? inside.models.get(relation.target) : undefined
  }
  return model
}

/** Checks that an expression over the caller or the input stands in a rule. */
export function ruleOnly(expression: Expression, inside: Inside, word: string): Expression {
  if (inside.use === 'stored') note(inside, `a check cannot use ${word}: make it an access rule`)
  return expression
}

/** An operand as its author wrote it. */
export function textOf(operand: Operand): string {
  if (operand.from === 'row') {
    return [operand.scope === beforeScope ? 'before' : 'row', ...operand.path].join('.')
  }
  if (operand.from === 'value') return JSON.stringify(operand.value) ?? 'undefined'
  if (operand.from === 'input') return `input.${operand.field}`
  return operand.from === 'compute' ? 'a computed value' : operand.from
}

/** Notes a mistake, if there is one. */
export function noteIf(inside: Inside, problem: string | undefined): void {
  if (problem !== undefined) note(inside, problem)
}

/** Notes a mistake. */
export function note(inside: Inside, problem: string): void {
  inside.mistakes.add(inside.place, problem)
}
