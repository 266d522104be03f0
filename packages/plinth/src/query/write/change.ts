/** Owns the plans of update and delete: one statement that finds, judges and changes a record. */

import { type RowSource, readCondition } from '../../access/compile.ts'
import { conditionText } from '../../access/condition.ts'
import type { Slot } from '../../access/slot.ts'
import { Failure } from '../../base/failure.ts'
import type { ModelField } from '../../catalog/catalog.ts'
import { empty, type Fragment, join, name, raw, sql, statement } from '../../sql/fragment.ts'
import { planName } from '../plan-name.ts'
import { recordColumns } from '../read/record-columns.ts'
import { auditing } from './audit.ts'
import { type CreateShape, readable } from './create.ts'
import { auditedLinks, linkSlots, linksAfter, replaceLinks } from './links.ts'
import type { WriteTarget } from './permissions.ts'
import {
  nowValue,
  resultColumns,
  rowToStore,
  storedFields,
  valueSlot,
  type WritePlan,
  writePlan,
} from './plan.ts'
import { clearReferences } from './reach/clear.ts'
import { goneRows, type LockPlan } from './reach/gone.ts'
import { reachesOthers, reachOf } from './reach/reach.ts'
import { linksBefore, toldGone, toldLinks } from './reach/told.ts'
import { unlessStale } from './stale.ts'
import {
  type Demand,
  demandColumns,
  demandsHold,
  refusal,
  table,
  type Verdict,
  verdictOf,
} from './verdict.ts'

/** The shape of an update: what the caller gave, and whether a version is demanded. */
export interface UpdateShape extends CreateShape {
  readonly versioned: boolean
}

/** The shape of a delete. */
export interface DeleteShape extends WriteTarget {
  readonly versioned: boolean
}

/**
 * Plans an update. Values of a call, in this order: the given fields, one array of ids for each
 * link, the record's id, and the version where one is demanded.
 *
 * The row is locked before it is judged, so that no other write comes between the judgement and
 * the change. A record that the caller may not read is `absent`, as if it did not exist.
 */
export function planUpdate(shape: UpdateShape): WritePlan {
  const { model, given } = shape
  const links = linkSlots(model, shape.links, given.length)
  const idIndex = given.length + links.length
  const verdict = verdictOf({
    ...{ ...shape, verb: 'update', before: 'o', after: 'n', links },
    linksAfter: linksAfter(shape, links, { row: 'n', fresh: false }),
  })
  if (!verdict.possible) throw refusal(shape)
  const demands = judgedBy(shape, verdict, shape.versioned ? idIndex + 1 : undefined)
  const plain = demands.length === 0 && links.length === 0 && model.audit === 'none'
  if (plain) return plainUpdate(shape, idIndex)
  const changed = (field: ModelField): Fragment => changedValue({ given, row: 'o' }, field)
  const next = rowToStore(shape, changed, sql` from o`)
  const written = storedFields(model).filter((field) => isWritten(given, field))
  const sets = join(written.map((field) => sql`${name(field.column)} = ${name('n', field.column)}`))
  const linking = links.map((link, index) => replaceLinks(shape, { link, index }))
  const went = auditedLinks(shape, links, { fresh: false })
  const audited = auditing({ model, verb: 'update', given, before: 'o', links: went })
  const made: RowSource = {
    ...{ model, alias: 'm' },
    links: linksAfter(shape, links, { row: 'm', fresh: false }),
  }
  const result = { demands, record: recordColumns(shape, made) }
  const columns = resultColumns(result, {
    ...{ verdict: 'v', row: 'm', readable: readable(shape, made) },
  })
  return writePlan(
    sql`with o as materialized (${lockedRow(shape, { idIndex, lock: 'no key update' })}),
      n as materialized (${next}),
      v as materialized (select ${judged(demands)} from o, n),
      made as (update ${table(model)} as t set ${sets} from n, v
        where t.id = n.id and ${demandsHold(demands, 'v')} returning t.*)
        ${join(linking, '')}${audited}
      select ${columns} from v left join made as m on true`,
    result,
  )
}

/**
 * The update of a record about which nothing is left to judge. One step instead of lock and change:
 * PostgreSQL asks again whether the record is seen where another write came first.
 */
function plainUpdate(shape: UpdateShape, idIndex: number): WritePlan {
  const { model, given } = shape
  const made: RowSource = { model, alias: 'm' }
  const seen = readable(shape, made)
  const written = storedFields(model).filter((field) => isWritten(given, field))
  const sets = written.map(
    (field) => sql`${name(field.column)} = ${changedValue({ given, row: 'm' }, field)}`,
  )
  const result = { demands: [], record: recordColumns(shape, made) }
  const columns = resultColumns(result, { verdict: 'm', row: 'm', readable: seen })
  return writePlan(
    sql`update ${table(model)} as m set ${join(sets)}
      where m.id = ${valueSlot(idIndex, 'uuid')} and ${seen} returning ${columns}`,
    result,
  )
}

/**
 * Plans a delete. Values of a call, in this order: the record's id, and the version where one is
 * demanded. With soft delete the record is kept and marked.
 */
export function planDelete(shape: DeleteShape): WritePlan {
  const { model } = shape
  const none = { ...shape, given: [], links: [], linksAfter: new Map<string, Fragment>() }
  const verdict = verdictOf({ ...none, verb: 'delete', before: 'o', after: undefined })
  if (!verdict.possible) throw refusal(shape)
  const demands = judgedBy(shape, verdict, shape.versioned ? 1 : undefined)
  const holds = demandsHold(demands, 'v')
  const gone = model.softDelete
    ? sql`update ${table(model)} as t
        set deleted_at = ${nowValue()}, updated_at = ${nowValue()}, version = o.version + 1
        from o, v where t.id = o.id and ${holds} returning t.id, t.version`
    : sql`delete from ${table(model)} as t using o, v
        where t.id = o.id and ${holds} returning t.id, t.version`
  const result = { demands, record: { columns: [], toJson: () => '' } }
  const columns = resultColumns(result, { verdict: 'v', row: 'm', readable: raw('false') })
  const links = linksBefore(shape.catalog, model, 'o')
  const own = auditing({ model, verb: 'delete', before: 'o', links })
  const beside = sql`${reached(shape, holds)}${own}`
  return writePlan(
    sql`with recursive o as materialized (${lockedRow(shape, { idIndex: 0, lock: 'update' })}),
      v as materialized (select ${judged(demands)} from o),
      made as (${gone})${beside}
      select ${columns} from v left join made as m on true`,
    result,
  )
}

/** What the deletion does to other records, and the audit of it: where it is made, nothing else. */
function reached({ catalog, model }: DeleteShape, holds: Fragment): Fragment {
  const reach = reachOf(catalog, model)
  if (!reachesOthers(reach)) return empty
  const first = sql`select 0, o.id from o, v where ${holds}`
  const told = sql`${toldGone(catalog, reach)}${toldLinks(reach)}`
  return sql`, ${goneRows(reach, first)}${clearReferences(reach)}${told}`
}

/**
 * The plan of a lock on a record that the caller may read. Its one value is the record's id. What
 * follows in the transaction begins with a snapshot that holds all that was done before.
 */
export function lockPlan(target: WriteTarget, lock: Locking['lock'] = 'no key update'): LockPlan {
  const { text, values } = statement(
    sql`select id from (${lockedRow(target, { idIndex: 0, lock })}) as t`,
  )
  return Object.freeze({ text, name: planName(text), slots: values as readonly Slot[] })
}

interface Locking {
  readonly idIndex: number
  /** `no key update` lets others refer to the record meanwhile. */
  readonly lock: 'update' | 'no key update'
}

function lockedRow(target: WriteTarget, { idIndex, lock }: Locking): Fragment {
  return sql`select t.* from ${table(target.model)} as t
    where t.id = ${valueSlot(idIndex, 'uuid')} and ${seen(target)} for ${raw(lock)} of t`
}

function seen({ catalog, facts, model }: WriteTarget): Fragment {
  return conditionText(readCondition(catalog, facts, { model, alias: 't' }))
}

function judged(demands: readonly Demand[]): Fragment {
  return demands.length === 0 ? raw('1 as judged') : demandColumns(demands)
}

/** The demands of a verdict, and of a version; all of them of one moment. */
function judgedBy(
  target: WriteTarget,
  { demands }: Verdict,
  versionAt: number | undefined,
): readonly Demand[] {
  const conditions = [seen(target), ...demands.map(({ condition }) => condition)]
  return [...unlessStale(target.model, conditions), ...demands, ...versionDemand(versionAt)]
}

function versionDemand(index: number | undefined): readonly Demand[] {
  if (index === undefined) return []
  const demand: Demand = {
    condition: sql`o.version = ${valueSlot(index, 'integer')}`,
    refuse: () =>
      new Failure('version_mismatch', {
        detail: 'The record has changed since you read it: read it again and repeat the change.',
      }),
  }
  return [demand]
}

interface Change {
  readonly given: readonly string[]
  /** The alias of the row before. */
  readonly row: string
}

function changedValue({ given, row }: Change, field: ModelField): Fragment {
  const index = given.indexOf(field.name)
  if (index >= 0) return valueSlot(index, field.kind.columnType)
  if (field.role === 'version') return sql`${name(row, 'version')} + 1`
  if (field.role === 'updatedAt') return nowValue()
  return name(row, field.column)
}

function isWritten(given: readonly string[], field: ModelField): boolean {
  return given.includes(field.name) || field.role === 'version' || field.role === 'updatedAt'
}
