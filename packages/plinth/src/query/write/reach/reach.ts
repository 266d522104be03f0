/** Owns what a deletion reaches beside its own record, as the catalog declares it. */

import { present } from '../../../base/assert.ts'
import type { Catalog, Model, ModelRelation } from '../../../catalog/catalog.ts'

/** A reference from records of one model to records that go. */
export interface Hold {
  readonly from: Model
  readonly relation: ModelRelation
  /** The number of the model that is referred to, in `gone`. */
  readonly to: number
}

/** Links that go with a record, in the eyes of an audited one that they lead to or from. */
export interface LinkEnd {
  /** The audited model. */
  readonly of: Model
  /** How it calls the ids. */
  readonly ids: string
  readonly join: Model
  /** Fields of the join model: this record's id, the other one's. */
  readonly local: string
  readonly foreign: string
  /** The number of the model at the other end, in `gone`. */
  readonly to: number
}

/** What a deletion of a model's record reaches. */
export interface Reach {
  /** Models whose records go: the deleted one's first. Their numbers stand in statements. */
  readonly gone: readonly Model[]
  /** By which references records go along (`onDelete: 'cascade'`), by the number of their model. */
  readonly cascades: readonly (readonly Hold[])[]
  /** References that let go (`onDelete: 'clear'`), by model: a record changes once. */
  readonly clearings: ReadonlyMap<Model, readonly Hold[]>
  /** Links whose end is told in the audit of the record at the other side. */
  readonly links: readonly LinkEnd[]
  /**
   * How often what goes is to be locked, each time by a new look, until nobody can add to it or
   * change it: as deep as it goes. Infinity for models that refer to themselves.
   */
  readonly looks: number
}

const known = new WeakMap<Catalog, Map<Model, Reach>>()

/** The reach of a deletion; worked out once. What is marked as deleted is still there. */
export function reachOf(catalog: Catalog, model: Model): Reach {
  const reaches = known.get(catalog) ?? new Map<Model, Reach>()
  known.set(catalog, reaches)
  const found = reaches.get(model) ?? Object.freeze(makeReach(catalog, model))
  reaches.set(model, found)
  return found
}

/** True where a deletion changes others: it must begin with none left unseen. */
export function reachesOthers({ gone, clearings, links, looks }: Reach): boolean {
  return gone.length > 1 || clearings.size > 0 || links.length > 0 || looks > 0
}

function makeReach(catalog: Catalog, model: Model): Reach {
  if (model.softDelete) {
    return { gone: [model], cascades: [[]], clearings: new Map(), links: [], looks: 0 }
  }
  const holds = holdsOf(catalog)
  const gone = keptModels(catalog, model, holds)
  const among = (type: ModelRelation['onDelete']): readonly Hold[] =>
    gone.flatMap((target, to) =>
      holds(target)
        .filter(({ relation }) => relation.onDelete === type)
        .map((hold) => ({ ...hold, to })),
    )
  const along = among('cascade')
  const clearings = new Map<Model, Hold[]>()
  for (const hold of among('clear')) {
    clearings.set(hold.from, [...(clearings.get(hold.from) ?? []), hold])
  }
  const links = gone.flatMap((target, to) => linkEnds(catalog, target, to))
  const cascades = gone.map((from) => along.filter((hold) => hold.from === from))
  const reach = { gone, cascades, clearings, links }
  return { ...reach, looks: looksOf(catalog, reach) }
}

type Holds = (target: Model) => readonly Omit<Hold, 'to'>[]

function holdsOf(catalog: Catalog): Holds {
  return (target) =>
    [...catalog.models.values()]
      .filter(({ exposed }) => exposed)
      .flatMap((from) =>
        [...from.relations.values()]
          .filter(({ type, target: name }) => type === 'belongsTo' && name === target.name)
          .map((relation) => ({ from, relation })),
      )
}

/** Models whose records go and are of interest, or lead to such: the rest is PostgreSQL's alone. */
function keptModels(catalog: Catalog, model: Model, holds: Holds): readonly Model[] {
  const along = (target: Model): readonly Model[] =>
    holds(target).flatMap(({ from, relation }) => (relation.onDelete === 'cascade' ? [from] : []))
  const all = new Set([model])
  for (const target of all) for (const from of along(target)) all.add(from)
  const kept = new Set(
    [...all].filter(
      (target) =>
        target.audit !== 'none' ||
        holds(target).some(({ relation }) => relation.onDelete === 'clear') ||
        linkEnds(catalog, target, 0).length > 0,
    ),
  )
  for (let before = -1; before !== kept.size; ) {
    before = kept.size
    for (const target of all) if (along(target).some((from) => kept.has(from))) kept.add(target)
  }
  kept.delete(model)
  return [model, ...kept]
}

function linkEnds(catalog: Catalog, target: Model, to: number): readonly LinkEnd[] {
  return [...catalog.models.values()].flatMap((of) => {
    if (of.audit === 'none') return []
    return [...of.relations.values()].flatMap((relation) => {
      const { through, inputName: ids } = relation
      if (relation.target !== target.name || !through || ids === undefined) return []
      const { model, local, foreign } = through
      return [{ of, ids, join: present(catalog.models.get(model), model), local, foreign, to }]
    })
  })
}

/** How a deleted record itself calls the ids of its links. */
export function ownLinks(catalog: Catalog, model: Model): readonly Omit<LinkEnd, 'of' | 'to'>[] {
  if (model.audit === 'none') return []
  return [...model.relations.values()].flatMap(({ through, inputName: ids }) => {
    if (!through || ids === undefined) return []
    const { model: name, local, foreign } = through
    return [{ ids, join: present(catalog.models.get(name), name), local, foreign }]
  })
}

function looksOf(catalog: Catalog, reach: Omit<Reach, 'looks'>): number {
  const { gone, clearings, links } = reach
  const depths = depthsOf(reach)
  const below = (at: number): number => (depths[at] ?? 0) + 1
  // A record that only lets go of the deleted one is held by the statement that changes it.
  const cleared = [...clearings].flatMap(([{ audit }, holds]) =>
    audit === 'none' ? [] : holds.map(({ to }) => below(to)),
  )
  const linked = [
    ...links.map(({ to }) => below(to)),
    ...gone.flatMap((model, at) => (ownLinks(catalog, model).length > 0 ? [below(at)] : [])),
  ]
  return Math.max(0, ...depths, ...cleared, ...linked)
}

/** The longest way from the deleted record to one of each model. */
function depthsOf({ gone, cascades }: Pick<Reach, 'gone' | 'cascades'>): readonly number[] {
  const depths = gone.map(() => 0)
  for (let round = 0; round <= gone.length; round++) {
    let deeper = false
    for (const [at, holds] of cascades.entries()) {
      const depth = Math.max(0, ...holds.map(({ to }) => (depths[to] ?? 0) + 1))
      deeper ||= depth > (depths[at] ?? 0)
      depths[at] = Math.max(depth, depths[at] ?? 0)
    }
    if (!deeper) return depths
  }
  return depths.map(() => Number.POSITIVE_INFINITY)
}
