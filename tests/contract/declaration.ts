/** Owns random declarations: a thing with fields of every kind, and relations of every type. */

import { computed, type Field } from '../../packages/plinth/src/define/field.ts'
import { text } from '../../packages/plinth/src/define/fields.ts'
import { type AnyKit, type AnyModelSpec, app } from '../../packages/plinth/src/define/kit.ts'
import {
  belongsTo,
  hasMany,
  hasOne,
  manyToMany,
} from '../../packages/plinth/src/define/relation.ts'
import { anyone } from '../../packages/plinth/src/define/rule.ts'
import type { Chance } from './chance.ts'
import type { DrawnField, Sample, Specimen } from './specimens/specimen.ts'
import { specimens } from './specimens/specimens.ts'

/** What was drawn. */
export interface Declaration {
  readonly fields: readonly DrawnField[]
  /** The natural key; empty: none. */
  readonly key: readonly DrawnField[]
  readonly softDelete: boolean
  readonly app: ReturnType<typeof app>
}

/** Draws an app whose model `thing` has a random half of all specimens, or more. */
export function drawDeclaration(chance: Chance): Declaration {
  const fields = specimens.filter(() => chance.happens(75)).map((each) => drawField(chance, each))
  const keyable = fields.filter(({ specimen, optional, usual }) => {
    return specimen.key && !optional && !usual
  })
  const key = chance.happens(80) ? keyable.slice(0, chance.integer(1, 2)) : []
  const softDelete = chance.happens(50)
  const open = { access: { read: anyone, write: anyone } }
  const models: Record<string, AnyModelSpec> = {
    rack: { fields: { name: text(), things: hasMany('thing') }, ...open },
    thing: {
      fields: {
        ...Object.fromEntries(fields.flatMap(declared)),
        rack: belongsTo('rack', { optional: true }),
        card: hasOne('card'),
        tags: manyToMany('tag'),
      },
      compute: formulas(fields),
      ...(key.length > 0 ? { key: key.map(({ name }) => name) as never } : {}),
      softDelete,
      ...open,
    },
    card: {
      fields: { thing: belongsTo('thing', { unique: true, onDelete: 'cascade' }), note: text() },
      ...open,
    },
    tag: { fields: { name: text(), things: manyToMany('thing') }, ...open },
  }
  const kit: AnyKit = { is: 'kit', name: 'drawn', uses: [], models, extends: {}, logic: [] }
  return { fields, key, softDelete, app: app({ kits: [kit] }) }
}

function formulas(fields: readonly DrawnField[]): Record<string, (scope: never) => unknown> {
  const copies = fields.flatMap(({ name, copy }) => (copy === undefined ? [] : [{ name, copy }]))
  return Object.fromEntries(
    copies.map(({ name, copy }) => [copy, ({ row }: Rows): unknown => row[name]]),
  )
}

interface Rows {
  readonly row: Readonly<Record<string, unknown>>
}

function drawField(chance: Chance, specimen: Specimen): DrawnField {
  const optional = chance.happens(40)
  const usual: Sample | undefined =
    optional || !chance.happens(30) ? undefined : chance.sample(specimen.sample)
  return {
    name: specimen.name,
    specimen,
    optional,
    unique: specimen.compare !== undefined && specimen.name !== 'open' && chance.happens(15),
    copy: chance.happens(25) ? `${specimen.name}Copy` : undefined,
    usual,
  }
}

function declared({ name, specimen, optional, unique, usual, copy }: DrawnField): Entry[] {
  const kept = usual?.kept as never
  const own = specimen.field({ optional, unique, ...(usual ? { default: kept } : {}) })
  const entries: Entry[] = [[name, own]]
  if (copy !== undefined) entries.push([copy, computed(specimen.field({ optional }))])
  return entries
}

type Entry = [string, Field]
