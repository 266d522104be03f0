/** Owns the compilation of rules, checks and formulas from functions to checked expressions. */

import { beforeScope, both, type Expression, never, type Operand } from '../define/expression.ts'
import {
  expressionOf,
  inputNode,
  isCondition,
  me,
  operandOf,
  rowNode,
  scopeCounter,
} from '../define/rule.ts'
import type { ModelAccess, ModelCheck } from './catalog.ts'
import type { DraftModel } from './draft.ts'
import type { Setting } from './expressions/places.ts'
import type { DraftField } from './members.ts'
import { suggestion } from './mistakes.ts'
import { tenancyOf } from './organisations/tenants.ts'
import { resolveExpression, resolveFormula } from './resolve.ts'

type Sourced = Readonly<Record<string, unknown>>

/** A model's access; verbs without a rule are denied. */
export function accessOf(draft: DraftModel, setting: Setting): ModelAccess {
  const access = (draft.spec.access ?? {}) as Sourced
  const known = ['read', 'write', 'create', 'update', 'delete', 'fields']
  for (const name of Object.keys(access)) {
    if (known.includes(name)) continue
    setting.mistakes.add(`${setting.place}.${name}`, `is no verb${suggestion(name, known)}`)
  }
  const verb = (name: string): Expression =>
    access[name] === undefined && name !== 'read' && access.write !== undefined
      ? compileRule(access.write, at(setting, 'write'))
      : compileRule(access[name], at(setting, name))
  const within = tenancyOf(draft)
  // The one place where organisations are kept apart: below it no rule is known without.
  const kept = (rule: Expression): Expression => both([within, rule])
  const [read, create] = [kept(verb('read')), kept(verb('create'))]
  const { update, updated } = isUpdateRules(access.update)
    ? updateRules(access.update, at(setting, 'update'))
    : sameBothTimes(verb('update'))
  const before = kept(update)
  const after = updated === update ? before : kept(updated)
  const gone = kept(verb('delete'))
  return Object.freeze({ within, read, create, update: before, updated: after, delete: gone })
}

function sameBothTimes(rule: Expression): Pick<ModelAccess, 'update' | 'updated'> {
  return { update: rule, updated: rule }
}

/** Rules of a row before and after; a rule itself is an object too, and has neither. */
function isUpdateRules(source: unknown): source is Sourced {
  return typeof source === 'object' && source !== null && !isCondition(source)
}

/** A side that is not named is denied, and so is every update. */
function updateRules(rules: Sourced, setting: Setting): Pick<ModelAccess, 'update' | 'updated'> {
  for (const name of ['before', 'after']) {
    if (rules[name] !== undefined) continue
    const cure = 'write anyone where all is allowed'
    setting.mistakes.add(setting.place, `needs a rule "${name}" as well: ${cure}`)
  }
  for (const name of Object.keys(rules)) {
    if (name === 'before' || name === 'after') continue
    const near = suggestion(name, ['before', 'after'])
    setting.mistakes.add(`${setting.place}.${name}`, `is neither before nor after${near}`)
  }
  return {
    update: compileRule(rules.before, at(setting, 'before')),
    updated: compileRule(rules.after, { ...at(setting, 'after'), knowsBefore: true }),
  }
}

/** Compiles the rules of single fields into the drafts. */
export function fieldAccess(draft: DraftModel, setting: Setting): void {
  const access = (draft.spec.access ?? {}) as {
    readonly fields?: Readonly<Record<string, Sourced>>
  }
  for (const [name, rules] of Object.entries(access.fields ?? {})) {
    const place = `${setting.place}.fields.${name}`
    const field = setting.model.fields.get(name)
    if (!field || name === 'id') {
      const near = suggestion(name, setting.model.fields.keys())
      setting.mistakes.add(place, `there is no field "${name}" to narrow${near}`)
      continue
    }
    const { read, write } = rules
    field.access = {
      read:
        read === undefined
          ? field.access.read
          : compileRule(read, at(setting, `fields.${name}.read`)),
      write:
        write === undefined
          ? field.access.write
          : compileRule(write, at(setting, `fields.${name}.write`)),
    }
  }
}

/** Compiles the formulas of computed fields, and makes them no more visible than their sources. */
export function formulas(draft: DraftModel, setting: Setting): void {
  const compute = (draft.spec.compute ?? {}) as Sourced
  for (const name of Object.keys(compute)) {
    if (!setting.model.fields.get(name)?.isComputed) {
      setting.mistakes.add(`${setting.place}.${name}`, 'declare the field by computed(…) as well')
    }
  }
  for (const field of setting.model.fields.values()) {
    if (!field.isComputed) continue
    const source = Object.hasOwn(compute, field.name) ? compute[field.name] : undefined
    const inside = at(setting, field.name)
    if (typeof source !== 'function') {
      setting.mistakes.add(
        inside.place,
        `needs a formula: compute: { ${field.name}: ({ row }) => … }`,
      )
      continue
    }
    const made = attempt(() => operandOf(source({ row: rowNode(scopeCounter()) })), inside)
    if (!made) continue
    field.computed = resolveFormula(made, { ...inside, kind: field.kind })
    const sources = sourcesOf(field.computed).map((used) => setting.model.fields.get(used))
    if (sources.some((used) => used?.isComputed)) {
      setting.mistakes.add(
        inside.place,
        'a formula cannot use another computed field: repeat it here',
      )
    }
    checkPresence(field, inside)
    const rules = sources.map((used) => used?.access.read ?? never)
    field.access = { ...field.access, read: both([field.access.read, ...rules]) }
  }
}

/** A required field whose formula can be null could not be stored: said here, not at the write. */
function checkPresence(field: DraftField, { model, mistakes, place }: Setting): void {
  const source = field.computed && nullSource(field.computed, model)
  if (field.optional || source === undefined) return
  mistakes.add(
    place,
    `is null where ${source} is: declare the field with optional: true, or give the source a ` +
      `value in its place: row.${source}.orElse(…)`,
  )
}

/** The field by which an operand can be null; undefined where it never is. */
function nullSource(operand: Operand, model: Setting['model']): string | undefined {
  if (operand.from === 'row') {
    const name = operand.path[0] ?? ''
    return model.fields.get(name)?.optional ? name : undefined
  }
  if (operand.from !== 'compute') return undefined
  const sources = operand.operands.map((each) => nullSource(each, model))
  if (operand.operator === 'coalesce' && sources.includes(undefined)) return undefined
  return sources.find((source) => source !== undefined)
}

/** The named checks of a model. */
export function checksOf(draft: DraftModel, setting: Setting): readonly ModelCheck[] {
  const checks = (draft.spec.checks ?? {}) as Sourced
  return Object.freeze(
    Object.entries(checks).map(([name, source]) =>
      Object.freeze({ name, condition: compileRule(source, at(setting, name)) }),
    ),
  )
}

function compileRule(source: unknown, setting: Setting): Expression {
  if (source === undefined) return never
  const made = attempt(() => {
    if (typeof source !== 'function') return expressionOf(source)
    const scopes = scopeCounter()
    const before = setting.knowsBefore ? { before: rowNode(scopes, beforeScope) } : {}
    return expressionOf(source({ row: rowNode(scopes), me, input: inputNode(), ...before }))
  }, setting)
  return made ? freezeDeep(resolveExpression(made, setting)) : never
}

function attempt<T>(make: () => T, setting: Setting): T | undefined {
  try {
    return make()
  } catch (error) {
    setting.mistakes.add(setting.place, error instanceof Error ? error.message : String(error))
    return undefined
  }
}

function sourcesOf(operand: Operand): readonly string[] {
  if (operand.from === 'row') return operand.path.slice(0, 1)
  return operand.from === 'compute' ? operand.operands.flatMap(sourcesOf) : []
}

function at(setting: Setting, name: string): Setting {
  return { ...setting, place: `${setting.place}.${name}` }
}

function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) freezeDeep(inner)
  return Object.freeze(value)
}

/** For tests of drafts: the type of a draft field's rules. */
export type DraftRules = DraftField['access']
