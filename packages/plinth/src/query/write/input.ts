/** Owns the check of what a caller wants to write: typed values, or every problem by its place. */

import { invalidInput, type Problem } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { ModelField, ModelRelation } from '../../catalog/catalog.ts'
import { suggestionOrStop } from '../../catalog/mistakes.ts'
import { reporter, uuidKind } from '../../kinds/kinds.ts'
import { viewOf } from '../view.ts'
import { mustBeGiven, permissionsOf, type WriteTarget } from './permissions.ts'

/** Checked input. The shape (names) decides the statement, the values travel beside it. */
export interface ParsedWrite {
  /** Fields that the caller gave, in order of declaration. */
  readonly given: readonly string[]
  /** Their values in PostgreSQL's text form. */
  readonly values: readonly (string | null)[]
  /** manyToMany relations whose links are set, and the ids to link. */
  readonly links: readonly { readonly relation: string; readonly ids: readonly string[] }[]
}

/**
 * Checks the input of a create: an object of writable fields, all required ones among them.
 * Fails with `invalid_input`, every problem by JSON pointer.
 */
export function parseCreate(target: WriteTarget, input: unknown): ParsedWrite {
  const problems: Problem[] = []
  const parsed = parseFields(target, { input, problems })
  for (const field of target.model.fields.values()) {
    if (!mustBeGiven(field, target.facts) || parsed.given.includes(field.name)) continue
    if (problems.some((problem) => problem.pointer === `/${field.name}`)) continue
    problems.push({ pointer: `/${field.name}`, code: 'required', detail: 'Give a value.' })
  }
  if (problems.length > 0) throw invalidInput(problems)
  return parsed
}

/** Checks a merge patch (RFC 7396): at least one writable field; null clears an optional one. */
export function parseUpdate(target: WriteTarget, input: unknown): ParsedWrite {
  const problems: Problem[] = []
  const parsed = parseFields(target, { input, problems })
  const { tenant } = target.model
  if (tenant !== undefined && parsed.given.includes(tenant)) {
    problems.push(notWritable(target, tenant))
  }
  if (problems.length > 0) throw invalidInput(problems)
  if (parsed.given.length === 0 && parsed.links.length === 0) {
    throw invalidInput([
      { pointer: '', code: 'required', detail: 'Give at least one field to change.' },
    ])
  }
  return parsed
}

interface Reading {
  readonly input: unknown
  readonly problems: Problem[]
}

function parseFields(target: WriteTarget, { input, problems }: Reading): ParsedWrite {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw invalidInput([
      { pointer: '', code: 'wrong_type', detail: 'Give an object of fields and values.' },
    ])
  }
  const entries = input as Readonly<Record<string, unknown>>
  const names = Object.keys(entries)
  if (names.length > limits.fieldsMax * 2) {
    throw invalidInput([{ pointer: '', code: 'too_many', detail: 'Give fewer fields.' }])
  }
  const { writable } = permissionsOf(target)
  const links: { relation: string; ids: readonly string[] }[] = []
  for (const name of names) {
    if (writable.has(name)) continue
    const relation = linkRelation(target, name)
    if (relation) links.push(parseLinks(relation, { input: entries[name], problems }))
    else problems.push(notWritable(target, name))
  }
  const given: string[] = []
  const values: (string | null)[] = []
  for (const field of target.model.fields.values()) {
    if (!Object.hasOwn(entries, field.name) || !writable.has(field.name)) continue
    const value = parseValue(field, { input: entries[field.name], problems })
    if (value === undefined) continue
    given.push(field.name)
    values.push(value)
  }
  return { given, values, links }
}

function parseValue(field: ModelField, { input, problems }: Reading): string | null | undefined {
  const pointer = `/${field.name}`
  if (input === null && field.kind.family !== 'json') {
    if (field.optional) return null
    problems.push({ pointer, code: 'required', detail: 'This field cannot be null.' })
    return undefined
  }
  if (input === null && field.optional) return null
  const value = field.kind.check(input, reporter(problems, pointer))
  return value === undefined ? undefined : field.kind.parameter(value)
}

/** A relation by the name of its ids; one that the caller cannot see has none. */
function linkRelation({ catalog, facts, model }: WriteTarget, name: string) {
  for (const relation of viewOf(catalog, facts, model).relations.values()) {
    if (relation.inputName === name) return relation
  }
  return undefined
}

function parseLinks(
  relation: ModelRelation,
  { input, problems }: Reading,
): { relation: string; ids: readonly string[] } {
  const pointer = `/${relation.inputName}`
  const ids = new Set<string>()
  if (!Array.isArray(input)) {
    problems.push({ pointer, code: 'wrong_type', detail: 'Give a list of ids.' })
  } else if (input.length > limits.filterValuesMax) {
    const detail = `Give at most ${limits.filterValuesMax} ids.`
    problems.push({ pointer, code: 'too_many', detail })
  } else {
    input.forEach((item, index) => {
      const id = uuidKind().check(item, reporter(problems, `${pointer}/${index}`))
      if (id !== undefined) ids.add(id)
    })
  }
  return { relation: relation.name, ids: [...ids] }
}

/** A field that the caller can neither read nor write is answered like one that does not exist. */
function notWritable(target: WriteTarget, name: string): Problem {
  const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
  const field = target.model.fields.get(name)
  if (field && field.role !== 'deletedAt' && permissionsOf(target).readable.has(name)) {
    const detail =
      field.role === 'tenant'
        ? 'It is the active organisation when the record is made, and stays so: leave it out.'
        : 'This field cannot be written here.'
    return { pointer, code: 'not_writable', detail }
  }
  const known = permissionsOf(target).writable
  return {
    pointer,
    code: 'unknown_field',
    detail: `There is no such field${suggestionOrStop(name, known)}`,
  }
}
