/** Owns the plan of a create: one statement that judges the new row and stores it, or neither. */

import { type RowSource, readCondition } from '../../access/compile.ts'
import { conditionText } from '../../access/condition.ts'
import { organisationValue } from '../../access/rows.ts'
import type { Slot } from '../../access/slot.ts'
import { assert, present } from '../../base/assert.ts'
import type { ModelField } from '../../catalog/catalog.ts'
import { empty, type Fragment, join, name, raw, sql, statement } from '../../sql/fragment.ts'
import { planName } from '../plan-name.ts'
import { recordColumns } from '../read/record-columns.ts'
import { auditing } from './audit.ts'
import { foresee } from './foresee.ts'
import { auditedLinks, insertLinks, linkSlots, linksAfter } from './links.ts'
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
import { demandColumns, demandsHold, refusal, table, type Verdict, verdictOf } from './verdict.ts'

/** The shape of a create: which fields and links the caller gave. */
export interface CreateShape extends WriteTarget {
  readonly given: readonly string[]
  /** Names of manyToMany relations. */
  readonly links: readonly string[]
}

/**
 * Plans a create. Values of a call, in this order: the given fields, one array of ids for each
 * link, the new id. Throws the refusal where the rules forbid it whatever the row.
 */
export function planCreate(shape: CreateShape): WritePlan {
  const links = linkSlots(shape.model, shape.links, shape.given.length)
  const column = (field: ModelField): Fragment => newValue(shape, field)
  const after = linksAfter(shape, links, { row: 'n', fresh: true })
  const rows = { before: undefined, after: 'n', links, linksAfter: after }
  const verdict = verdictOf({ ...shape, verb: 'create', ...rows })
  if (!verdict.possible) throw refusal(shape)
  const plain = verdict.demands.length === 0 && links.length === 0
  return plain ? plainInsert(shape, column) : judgedInsert(shape, { verdict, column, links })
}

/** Nothing to judge: insert, note it where that is wanted, and return. */
function plainInsert(shape: CreateShape, column: (field: ModelField) => Fragment): WritePlan {
  const fields = storedFields(shape.model)
  const names = join(fields.map((field) => name(field.column)))
  const values = join(fields.map(column))
  const made: RowSource = { model: shape.model, alias: 'm' }
  const result = { demands: [], record: recordColumns(shape, made) }
  const columns = resultColumns(result, {
    verdict: 'v',
    row: 'm',
    readable: readable(shape, made),
  })
  const inserted = sql`insert into ${table(shape.model)} as m (${names}) values (${values})`
  const ahead = aheadOf(shape, inserted)
  if (shape.model.audit === 'none') {
    return writePlan(sql`${inserted} returning ${columns}`, result, ahead)
  }
  const audited = auditing({ model: shape.model, verb: 'create' })
  return writePlan(
    sql`with made as (${inserted} returning m.*)${audited} select ${columns} from made as m`,
    result,
    ahead,
  )
}

function aheadOf(shape: CreateShape, inserted: Fragment): AheadPlan | undefined {
  const foreseen = foresee(shape)
  if (foreseen === undefined) return undefined
  const { text, values } = statement(inserted)
  return Object.freeze({
    ...{ text, name: planName(text), slots: values as readonly Slot[], foreseen },
  })
}

interface Judged {
  readonly verdict: Verdict
  readonly column: (field: ModelField) => Fragment
  readonly links: ReturnType<typeof linkSlots>
}

function judgedInsert(shape: CreateShape, { verdict, column, links }: Judged): WritePlan {
  const { model } = shape
  const { demands } = verdict
  const fields = storedFields(model)
  const names = join(fields.map((field) => name(field.column)))
  const taken = join(fields.map((field) => name('n', field.column)))
  const made: RowSource = {
    ...{ model, alias: 'm' },
    links: linksAfter(shape, links, { row: 'm', fresh: true }),
  }
  const result = { demands, record: recordColumns(shape, made) }
  const seen = readable(shape, made)
  const columns = resultColumns(result, { verdict: 'v', row: 'm', readable: seen })
  const judged = demands.length === 0 ? raw('1 as judged') : demandColumns(demands)
  const linking = links.map((link, index) => insertLinks(shape, { link, index }))
  const audited = auditedLinks(shape, links, { fresh: true })
  return writePlan(
    sql`with n as materialized (${rowToStore(shape, column, empty)}),
      v as materialized (select ${judged} from n),
      made as (insert into ${table(model)} (${names})
        select ${taken} from n, v where ${demandsHold(demands, 'v')} returning *)
        ${join(linking, '')}${auditing({ model, verb: 'create', links: audited })}
      select ${columns} from v left join made as m on true`,
    result,
  )
}

/** Whether the caller may read what a write has stored. */
export function readable({ catalog, facts }: WriteTarget, made: RowSource): Fragment {
  return conditionText(readCondition(catalog, facts, made))
}

function newValue({ given, links }: CreateShape, field: ModelField): Fragment {
  const type = field.kind.columnType
  const index = given.indexOf(field.name)
  if (index >= 0) return valueSlot(index, type)
  switch (field.role) {
    case 'id':
      return valueSlot(given.length + links.length, type)
    case 'createdAt':
    case 'updatedAt':
      return nowValue()
    case 'version':
      return constantSlot('1', type)
    case 'deletedAt':
      return sql`null::timestamp with time zone`
    case 'tenant':
      return organisationValue
    default:
      return defaultValue(field)
  }
}

function defaultValue(field: ModelField): Fragment {
  const { kind } = field
  if (field.default !== undefined) {
    return constantSlot(kind.parameter(present(field.default, 'a default')), kind.columnType)
  }
  assert(field.optional, `${field.name} has a value, a default or null`)
  return constantSlot(null, kind.columnType)
}
