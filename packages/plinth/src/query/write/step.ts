/** Owns the plans of steps: one field moved by one conditional statement, or left as it was. */

import { type RowSource, readCondition } from '../../access/compile.ts'
import { conditionText } from '../../access/condition.ts'
import type { Slot } from '../../access/slot.ts'
import { assert, present } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import type { ModelField } from '../../catalog/catalog.ts'
import { empty, type Fragment, join, name, raw, sql, statement } from '../../sql/fragment.ts'
import { planName } from '../plan-name.ts'
import { auditing } from './audit.ts'
import type { WriteTarget } from './permissions.ts'
import {
  type AheadPlan,
  constantSlot,
  nowValue,
  resultColumns,
  rowToStore,
  storedFields,
  valueSlot,
  type WritePlan,
  writePlan,
} from './plan.ts'
import { unlessStale } from './stale.ts'
import { type Demand, demandColumns, demandsHold, refusal, table, verdictOf } from './verdict.ts'

/** Which way a field moves, and what stops it. */
export type Step =
  /** Down, never below its own minimum. */
  | { readonly is: 'take' }
  /** Up, never above a limit: the third value of the call, or a field of the same record. */
  | { readonly is: 'fill'; readonly limitField: string | undefined }
  /** Up as far as the kind goes: what was taken comes back. */
  | { readonly is: 'restore' }
  /** Down as far as the kind goes: what was filled is free again. */
  | { readonly is: 'drain' }
  /** From null to now. */
  | { readonly is: 'consume' }

/** The shape of a step. */
export interface StepShape extends WriteTarget {
  readonly field: string
  readonly step: Step
}

/** What a step that was stopped fails with: whoever asked reads it as "no". */
export function isStopped(failure: Failure): boolean {
  return stopped.has(failure)
}

const stopped = new WeakSet<Failure>()

/**
 * Plans a step. Values of a call: the record's id, the quantity, the limit (as far as the step has
 * them). The row is locked, judged and changed in one statement, as an update of that field would
 * be: under the rules for update, with its version, its moment and its audit.
 */
export function planStep(shape: StepShape): WritePlan {
  const { model } = shape
  const field = present(model.fields.get(shape.field), `${model.name}.${shape.field}`)
  const rules = { before: 'o', after: 'n', links: [], linksAfter: new Map<string, Fragment>() }
  const verdict = verdictOf({ ...shape, verb: 'update', given: [field.name], ...rules })
  if (!verdict.possible) throw refusal(shape)
  const fits = condition(shape, field)
  const seen = conditionText(readCondition(shape.catalog, shape.facts, { model, alias: 't' }))
  const asked = [seen, ...verdict.demands.map((demand) => demand.condition)]
  const rulesHold = [...unlessStale(model, asked), ...verdict.demands]
  const demands: readonly Demand[] = fits
    ? [...rulesHold, { condition: fits, refuse: stop }]
    : rulesHold
  if (rulesHold.length === 0 && model.audit === 'none') {
    return plainStep(shape, field, fits)
  }
  const next = rowToStore(shape, (each) => changed(shape, each, field), sql` from o`)
  const written = storedFields(model).filter((each) => each === field || isNote(each))
  const sets = written.map((each) => sql`${name(each.column)} = ${name('n', each.column)}`)
  const made: RowSource = { model, alias: 'm' }
  const result = { demands, record: { columns: [], toJson: () => '' } }
  const columns = resultColumns(result, { verdict: 'v', row: 'm', readable: raw('false') })
  return writePlan(
    sql`with o as materialized (select t.* from ${table(model)} as t
        where t.id = ${valueSlot(0, 'uuid')} and ${seen} for no key update of t),
      n as materialized (${next}),
      v as materialized (select ${demands.length > 0 ? demandColumns(demands) : raw('1 as judged')}
        from o, n),
      made as (update ${table(model)} as t set ${join(sets)} from n, v
        where t.id = n.id and ${demandsHold(demands, 'v')} returning t.*)
        ${auditing({ model, verb: 'update', given: [field.name], before: 'o' })}
      select ${columns} from v left join made as ${name(made.alias)} on true`,
    result,
  )
}

/**
 * A step about which only the step itself is to judge. No row comes back where it was stopped and
 * where there is no record: reading it tells which.
 */
function plainStep(shape: StepShape, field: ModelField, fits: Fragment | undefined): WritePlan {
  const { catalog, facts, model } = shape
  const made: RowSource = { model, alias: 'o' }
  const written = storedFields(model).filter((each) => each === field || isNote(each))
  const sets = written.map((each) => sql`${name(each.column)} = ${changed(shape, each, field)}`)
  const result = { demands: [], record: { columns: [], toJson: () => '' } }
  const columns = resultColumns(result, { verdict: 'o', row: 'o', readable: raw('false') })
  const seen = conditionText(readCondition(catalog, facts, made))
  const also = fits ? sql` and ${fits}` : empty
  const moving = sql`update ${table(model)} as o set ${join(sets)}
      where o.id = ${valueSlot(0, 'uuid')} and ${seen}${also}`
  const ahead = unlessStopped(leanTake(shape, field, seen) ?? moving)
  return writePlan(sql`${moving} returning ${columns}`, result, ahead)
}

const wholeNumbers: ReadonlySet<string> = new Set(['integer', 'bigint'])

/**
 * A take in the column's own arithmetic, which costs a sixth less than an exact one: what does not
 * fit it raises, and whoever went ahead is stopped by that as well. Undefined for any other step.
 */
function leanTake(shape: StepShape, field: ModelField, seen: Fragment): Fragment | undefined {
  const { model, step } = shape
  const { columnType } = field.kind
  if (step.is !== 'take' || !wholeNumbers.has(columnType)) return undefined
  const left = sql`(coalesce(${name('o', field.column)}, 0) - ${valueSlot(1, columnType)})`
  const written = storedFields(model).filter((each) => each === field || isNote(each))
  const sets = written.map((each) => {
    return sql`${name(each.column)} = ${each === field ? left : changed(shape, each, field)}`
  })
  return sql`update ${table(model)} as o set ${join(sets)}
      where o.id = ${valueSlot(0, 'uuid')} and ${seen}
        and ${left} >= ${floorOf(field)}::${raw(columnType)}`
}

/** The same step as one that fails where it is stopped: there is no root of less than nothing. */
function unlessStopped(moving: Fragment): AheadPlan {
  const { text, values } = statement(
    sql`with made as (${moving} returning 1) select sqrt(count(*) - 1) from made`,
  )
  return Object.freeze({ text, name: planName(text), slots: values as readonly Slot[] })
}

function stop(): Failure {
  const failure = new Failure('conflict', { detail: 'Not enough is left, or it was used before.' })
  stopped.add(failure)
  return failure
}

function isNote({ role }: ModelField): boolean {
  return role === 'version' || role === 'updatedAt'
}

function changed(shape: StepShape, each: ModelField, field: ModelField): Fragment {
  if (each === field) return moved(shape, field)
  if (each.role === 'version') return sql`${name('o', each.column)} + 1`
  if (each.role === 'updatedAt') return nowValue()
  return name('o', each.column)
}

/** The field after the step. A number that would not fit its column stays as it is. */
function moved(shape: StepShape, field: ModelField): Fragment {
  const { step } = shape
  if (step.is === 'consume') return nowValue()
  const { least, most } = boundsOf(field)
  const type = raw(field.kind.columnType)
  const sum = after(step, field)
  return sql`greatest(least(${sum}, ${most}), ${least})::${type}`
}

/** What must hold for the step to be made; undefined: nothing. */
function condition({ model, step }: StepShape, field: ModelField): Fragment | undefined {
  switch (step.is) {
    case 'consume':
      return sql`${name('o', field.column)} is null`
    case 'take':
      return sql`${after(step, field)} >= ${floorOf(field)}`
    case 'fill': {
      const { limitField } = step
      const limit =
        limitField === undefined
          ? valueSlot(2, 'numeric')
          : sql`${name('o', present(model.fields.get(limitField), limitField).column)}::numeric`
      const filled = after(step, field)
      return sql`(${filled} <= ${limit} and ${filled} <= ${boundsOf(field).most})`
    }
    default:
      return undefined
  }
}

/** Computed as `numeric`: it never overflows, so that a step never raises. */
function after(step: Step, { column }: ModelField): Fragment {
  const sign = raw(step.is === 'take' || step.is === 'drain' ? '-' : '+')
  return sql`(coalesce(${name('o', column)}, 0)::numeric ${sign} ${valueSlot(1, 'numeric')})`
}

function boundsOf(field: ModelField): { readonly least: Fragment; readonly most: Fragment } {
  const { max } = field.kind.options
  assert(max !== undefined, `${field.name} is a number with bounds`)
  return { least: floorOf(field), most: constantSlot(String(max), 'numeric') }
}

/** How low a field may go: its declared minimum, or 0. */
function floorOf({ kind }: ModelField): Fragment {
  const range = kind.columnChecks.find((check) => check.check === 'range')
  const declared = range?.check === 'range' ? range.min : undefined
  const none = declared === undefined || declared === String(Number.MIN_SAFE_INTEGER)
  return constantSlot(none ? '0' : declared, 'numeric')
}
