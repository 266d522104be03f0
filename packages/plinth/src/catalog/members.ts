/** Owns the columns of a model: declared fields, references and the base fields, names settled. */

import { always, type Expression, type Operand } from '../define/expression.ts'
import type { Field } from '../define/field.ts'
import type { Relation } from '../define/relation.ts'
import { reservedMemberNames } from '../define/rule.ts'
import { instantKind, integerKind, type Kind, reporter, uuidKind } from '../kinds/kinds.ts'
import type { ModelField } from './catalog.ts'
import type { DraftModel } from './draft.ts'
import type { Mistakes } from './mistakes.ts'
import { nameProblem, snakeCase } from './names.ts'
import { isTenant, tenantRelation } from './organisations/tenants.ts'

/** A column whose rules are not compiled yet. */
export interface DraftField extends Omit<ModelField, 'access' | 'computed'> {
  access: { read: Expression; write: Expression }
  computed: Operand | undefined
  /** True where the model's `compute` must hold its formula. */
  readonly isComputed: boolean
}

/** Names that every record has. */
const baseNames: ReadonlySet<string> = new Set([
  ...['id', 'createdAt', 'updatedAt', 'version', 'deletedAt'],
])

/** Words of the read grammar, which a member would make ambiguous. */
const grammarNames: ReadonlySet<string> = new Set(['and', 'or', 'not', 'some', 'every', 'none'])

/** All columns of a model in order: id, declared members, then the other base fields. */
export function draftFields(
  draft: DraftModel,
  {
    mistakes,
    roles,
  }: { readonly mistakes: Mistakes; readonly roles?: ReadonlySet<string> | undefined },
): Map<string, DraftField> {
  const fields = new Map<string, DraftField>()
  fields.set('id', baseField('id', uuidKind(), 'id'))
  for (const [name, member] of Object.entries(draft.members)) {
    const place = `${draft.place}.fields.${name}`
    checkName(name, { place, mistakes })
    if (member.is === 'field')
      addField(fields, declared(name, member, { place, mistakes, roles }), place)
    else if (member.is === 'belongsTo') addField(fields, reference(name, member, draft), place)
  }
  fields.set('createdAt', baseField('createdAt', instantKind(), 'createdAt'))
  fields.set('updatedAt', baseField('updatedAt', instantKind(), 'updatedAt'))
  fields.set('version', baseField('version', integerKind(), 'version'))
  if (draft.spec.softDelete) {
    fields.set('deletedAt', {
      ...baseField('deletedAt', instantKind(), 'deletedAt'),
      optional: true,
    })
  }
  return fields

  function addField(into: Map<string, DraftField>, field: DraftField, place: string): void {
    const clash = [...into.values()].find(
      (other) => other.name === field.name || other.column === field.column,
    )
    if (clash) mistakes.add(place, `shares its column with ${clash.name}: rename one`)
    into.set(field.name, field)
  }
}

interface Place {
  readonly place: string
  readonly mistakes: Mistakes
  readonly roles?: ReadonlySet<string> | undefined
}

function checkName(name: string, { place, mistakes }: Place): void {
  const problem = nameProblem(name)
  if (problem) mistakes.add(place, `"${name}" ${problem}`)
  if (baseNames.has(name)) mistakes.add(place, 'every record has this field already: rename yours')
  if (reservedMemberNames.has(name) || grammarNames.has(name)) {
    mistakes.add(place, `"${name}" is a word of rules or filters: rename the field`)
  }
}

function declared(name: string, member: Field, where: Place): DraftField {
  const kind = member.kind.bound?.({ roles: where.roles }) ?? member.kind
  const field = { ...member, kind }
  if (field.mistake) where.mistakes.add(where.place, field.mistake)
  if (field.computed && (field.default !== undefined || field.unique)) {
    where.mistakes.add(where.place, 'a computed field has no default and is not unique by option')
  }
  return {
    name,
    column: snakeCase(name),
    kind: field.kind,
    optional: field.optional,
    unique: field.unique,
    default: defaultOf(field, where),
    computed: undefined,
    isComputed: field.computed,
    role: 'declared',
    relation: undefined,
    access: { read: always, write: always },
    was: field.was === undefined ? undefined : snakeCase(field.was),
    description: field.description,
  }
}

function defaultOf(field: Field, { place, mistakes }: Place): unknown {
  if (field.default === undefined || field.mistake) return undefined
  const problems: { pointer: string; code: string; detail: string }[] = []
  const normal = field.kind.check(field.default, reporter(problems, ''))
  for (const { detail } of problems) mistakes.add(`${place}.default`, detail)
  return normal
}

function reference(
  name: string,
  relation: Extract<Relation, { is: 'belongsTo' }>,
  draft: DraftModel,
): DraftField {
  const added = isTenant(draft) && name === tenantRelation
  return {
    name: `${name}Id`,
    column: `${snakeCase(name)}_id`,
    kind: uuidKind(),
    optional: relation.optional,
    unique: relation.unique,
    default: undefined,
    computed: undefined,
    isComputed: false,
    role: added ? 'tenant' : 'reference',
    relation: name,
    access: { read: always, write: always },
    was: relation.was === undefined ? undefined : `${snakeCase(relation.was)}_id`,
    description: relation.description,
  }
}

function baseField(name: string, kind: Kind, role: ModelField['role']): DraftField {
  return {
    name,
    column: snakeCase(name),
    kind,
    optional: false,
    unique: role === 'id',
    default: undefined,
    computed: undefined,
    isComputed: false,
    role,
    relation: undefined,
    access: { read: always, write: always },
    was: undefined,
    description: undefined,
  }
}
