/** Owns what a create stores, as far as it is known before PostgreSQL has answered. */

import { fieldRead, readCondition } from '../../access/compile.ts'
import type { SlotInputs } from '../../access/slot.ts'
import type { Model, ModelField } from '../../catalog/catalog.ts'
import { viewOf } from '../view.ts'
import { isSecret } from './audit.ts'
import type { WriteTarget } from './permissions.ts'
import { type Foreseen, storedFields } from './plan.ts'

/** The shape of a create without links: which fields the caller gave. */
interface PlainCreate extends WriteTarget {
  readonly given: readonly string[]
}

type TextOf = (inputs: SlotInputs) => string | null

/**
 * What a create without rules to be asked will have made: every value is the caller's, ours, or a
 * constant. Undefined where something of it is only known to PostgreSQL: a computed field, or a
 * kind that is stored in a form of its own.
 */
export function foresee(shape: PlainCreate): Foreseen | undefined {
  const { catalog, facts, model } = shape
  const row = { model, alias: 'm' }
  if (readCondition(catalog, facts, row).constant !== true) return undefined
  const shown = [...viewOf(catalog, facts, model).fields.values()]
  if (shown.some((field) => fieldRead({ catalog, facts, row }, field).constant !== true)) {
    return undefined
  }
  const texts = new Map<string, TextOf>()
  const kept = model.audit === 'none' ? [] : storedFields(model).filter(isKept)
  for (const field of [...shown, ...kept]) {
    const text = textOf(shape, field)
    if (text === undefined) return undefined
    texts.set(field.name, text)
  }
  const id = shape.given.length
  const columns = shown.flatMap(({ name }) => texts.get(name) ?? [])
  return {
    cells: (inputs) => [
      String(inputs.values[id]),
      '1',
      't',
      ...columns.map((column) => column(inputs)),
    ],
    entry: model.audit === 'none' ? undefined : entryOf(model, { kept, texts, id }),
  }
}

function isKept({ role }: ModelField): boolean {
  return role === 'declared' || role === 'reference'
}

interface Keeping {
  readonly kept: readonly ModelField[]
  readonly texts: ReadonlyMap<string, TextOf>
  /** Where the id stands among the values. */
  readonly id: number
}

/** The entry as `wholeRecord` has PostgreSQL make it. */
function entryOf(model: Model, { kept, texts, id }: Keeping): NonNullable<Foreseen['entry']> {
  const parts = kept.flatMap((field) => {
    const text = texts.get(field.name)
    if (text === undefined) return []
    return [{ name: field.name, prefix: `${JSON.stringify(field.name)}:`, text, field }]
  })
  const open = parts.filter(({ field }) => !isSecret(field))
  const secret = parts.filter(({ field }) => isSecret(field))
  const belongs = model.tenant !== undefined
  return (inputs) => {
    let json = ''
    for (const { prefix, text } of open) {
      const value = text(inputs)
      if (value !== null) json += `${json === '' ? '' : ','}${prefix}${JSON.stringify(value)}`
    }
    return {
      model: model.name,
      record: String(inputs.values[id]),
      becomes: json === '' ? null : `{${json}}`,
      hidden: secret.flatMap(({ name, text }) => (text(inputs) === null ? [] : [name])),
      organisation: belongs ? inputs.organisationId : null,
    }
  }
}

/** The text of a new column, as `newValue` of the plan fills it. */
function textOf({ given }: PlainCreate, field: ModelField): TextOf | undefined {
  const { kind } = field
  if (field.computed) return undefined
  const index = given.indexOf(field.name)
  if (index >= 0) {
    if (!kind.stored) return undefined
    return ({ values }) => {
      const value = values[index]
      return typeof value === 'string' ? (kind.stored?.(value) ?? null) : null
    }
  }
  switch (field.role) {
    case 'id':
      return ({ values }) => String(values[given.length])
    case 'createdAt':
    case 'updatedAt':
      return ({ now }) => kind.stored?.(now) ?? null
    case 'version':
      return () => '1'
    case 'tenant':
      return ({ organisationId }) => organisationId
    case 'deletedAt':
      return () => null
    default:
      return defaultText(field)
  }
}

function defaultText({ kind, default: constant }: ModelField): TextOf | undefined {
  if (constant === undefined) return () => null
  const text = kind.stored?.(kind.parameter(constant))
  return text === undefined ? undefined : () => text
}
