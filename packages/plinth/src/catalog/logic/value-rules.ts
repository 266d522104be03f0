/** Owns rules over named values: those of an action's input, of an event's data, of channels. */

import { Failure } from '../../base/failure.ts'
import { type Expression, never } from '../../define/expression.ts'
import { instant, uuid } from '../../define/fields.ts'
import { expressionOf, me, rowNode, scopeCounter } from '../../define/rule.ts'
import type { Model, ModelField, RuleMember, ValueRule } from '../catalog.ts'
import type { Asked, Setting } from '../expressions/places.ts'
import type { Mistakes } from '../mistakes.ts'
import { resolveExpression } from '../resolve.ts'

/** What rules are resolved with. */
export interface RuleSetting {
  readonly mistakes: Mistakes
  readonly roles: ReadonlySet<string> | undefined
  readonly organisations: Setting['organisations']
  readonly services: Setting['services']
  readonly asked: Asked
}

/** Values as a model. The base fields stand for the kinds of `me.id` and of the clock. */
export function valueModel(name: string, members: ReadonlyMap<string, RuleMember>): Model {
  const fields = new Map<string, ModelField>()
  fields.set('id', valueField('id', { kind: uuid().kind, optional: false }, 'id'))
  fields.set(
    'createdAt',
    valueField('createdAt', { kind: instant().kind, optional: false }, 'createdAt'),
  )
  for (const [member, value] of members) fields.set(member, valueField(member, value))
  return Object.freeze({
    ...{ name, kit: '', plural: '', schema: '', table: '', fields, relations: new Map() },
    access: {
      ...{ read: never, create: never, update: never, updated: never, delete: never },
      within: never,
    },
    ...({
      key: [],
      softDelete: false,
      uniques: [],
      indexes: [],
      checks: [],
      audit: 'none',
      tenant: undefined,
    } as const),
    ...{ exposed: false, was: undefined, splitFrom: undefined, description: undefined },
  })
}

function valueField(
  name: string,
  { kind, optional }: RuleMember,
  role: ModelField['role'] = 'declared',
): ModelField {
  return Object.freeze({
    ...{ name, column: name, kind, optional, role, unique: false },
    ...{ default: undefined, computed: undefined, relation: undefined },
    access: { read: never, write: never },
    ...{ was: undefined, description: undefined },
  })
}

/** Where a rule stands, what it may speak of, and how it is written. */
export interface RuleSource {
  readonly place: string
  /** A rule, or a function that makes one. */
  readonly source: unknown
  readonly model: Model
  /** What such a function is given beside `me`. */
  readonly scope: object
}

/** Resolves a rule; a mistake in it is noted, and it lets nobody through. */
export function ruleOver(
  { place, source, model, scope }: RuleSource,
  setting: RuleSetting,
): Expression {
  const fields = new Map(
    [...model.fields].map(([name, field]) => [name, { ...field, isComputed: false }]),
  )
  const rule: Setting = {
    ...{ ...setting, place, model: { name: model.name, fields, relations: new Map() } },
    models: new Map(),
    use: 'rule',
  }
  try {
    const made: unknown = typeof source === 'function' ? source(scope) : source
    return freezeDeep(resolveExpression(expressionOf(made), rule))
  } catch (error) {
    setting.mistakes.add(place, error instanceof Error ? error.message : String(error))
    return never
  }
}

/** A rule that speaks of values by one word: `data` of an event, `params` of a channel. */
export function valueRule(
  {
    name,
    word,
    source,
  }: { readonly name: string; readonly word: string; readonly source: unknown },
  members: ReadonlyMap<string, RuleMember>,
  setting: RuleSetting,
): ValueRule {
  const model = valueModel(word, members)
  const scope = Object.assign(Object.create(noRow), { me, [word]: rowNode(scopeCounter()) })
  return Object.freeze({
    ...{ name, members, model },
    allow: ruleOver({ place: name, source, model, scope }, setting),
  })
}

/** A rule over a record belongs to the record's model. */
const noRow = {
  get row(): never {
    const detail =
      'there is no row here: ask about me and what is told, and leave records to models'
    throw new Failure('declaration_invalid', { detail })
  },
}

function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) freezeDeep(inner)
  return Object.freeze(value)
}
