/** Owns the meaning of rules for the reference: naive, and without any code that it judges. */

import type { Catalog, Model, ModelRelation } from '../../packages/plinth/src/catalog/catalog.ts'
import {
  beforeScope,
  type Expression,
  type Operand,
  type RowOperand,
} from '../../packages/plinth/src/define/expression.ts'

/** A stored row by field name, in the JSON form of each kind; `deletedAt` included. */
export type Row = Readonly<Record<string, unknown>>

/** All rows by model name, join models included. */
export type Rows = ReadonlyMap<string, readonly Row[]>

/** Who asks, and when. */
export interface Asker {
  readonly id: string | null
  readonly roles: ReadonlySet<string>
  readonly now: string
  /** How surely, and how many minutes ago, they have proved who they are. */
  readonly assurance: number
  readonly provedMinutesAgo: number
  /** A visitor without an account; a user as whom somebody else acts. Default: neither. */
  readonly guest?: boolean
  readonly impersonated?: boolean
  /** The active organisation, their role, and what may be done in it. Default: none. */
  readonly organisation?: {
    readonly id: string
    readonly role: string
    readonly permissions: ReadonlySet<string>
  }
  /** True: they came with a key that is bound to that organisation. Default: with a session. */
  readonly bound?: boolean
}

/** Everything that an answer depends on. */
export interface World {
  readonly catalog: Catalog
  readonly rows: Rows
  readonly asker: Asker
}

/** What a name gets that is not there, or not for this asker. */
export class UnknownName extends Error {}

/** What a rule about a write knows beside the row. */
export interface Writing {
  /** What was sent. */
  readonly input: Row
  /** The row as it was; a create has none. */
  readonly before?: Place
}

/** Whether a rule holds for a row. */
export function ruleHolds(
  world: World,
  rule: Expression,
  { writing, ...at }: Place & { readonly writing?: Writing },
): boolean {
  const scopes = new Map([[0, at]])
  if (writing?.before) scopes.set(beforeScope, writing.before)
  return holds({ world, scopes, input: writing?.input ?? {} }, rule)
}

/** A row and its model. */
export interface Place {
  readonly model: Model
  readonly row: Row
  /** All rows at the moment of this one, where they are not the stored ones. */
  readonly rows?: Rows
}

interface Sight {
  readonly world: World
  readonly scopes: ReadonlyMap<number, Place>
  readonly input: Row
}

/** A record of a tenant is there for who works in its organisation, whatever rules say. */
export function isPlaced({ asker }: World, { model, row }: Place): boolean {
  if (model.tenant === undefined) return true
  return asker.organisation !== undefined && row[model.tenant] === asker.organisation.id
}

export function isAlive(row: Row): boolean {
  return (row.deletedAt ?? null) === null
}

function holds(sight: Sight, rule: Expression): boolean {
  const { asker } = sight.world
  switch (rule.type) {
    case 'constant':
      return rule.value
    case 'and':
      return rule.terms.every((term) => holds(sight, term))
    case 'or':
      return rule.terms.some((term) => holds(sight, term))
    case 'not':
      return !holds(sight, rule.term)
    case 'role':
      return asker.id !== null && asker.roles.has(rule.role)
    case 'via':
      return asker.bound === true && rule.sort === 'key'
    case 'service':
      // Nobody in these worlds is one.
      return false
    case 'signedIn':
    case 'guest':
    case 'impersonated':
    case 'assurance':
    case 'proved':
      return proves(asker, rule)
    case 'permission':
      return asker.organisation?.permissions.has(rule.permission) ?? false
    case 'memberOf':
      return isMember(sight, rule)
    case 'given':
      return Object.hasOwn(sight.input, rule.field)
    case 'truth':
      return valueIn(sight, rule.operand) === true
    case 'isNull':
      return valueIn(sight, rule.operand) === null
    case 'compare':
      return compares(rule.operator, valueIn(sight, rule.left), valueIn(sight, rule.right))
    case 'oneOf': {
      const value = valueIn(sight, rule.operand)
      return rule.values.some((each) => compares('eq', value, valueIn(sight, each)))
    }
    case 'quantifier': {
      const matches = relatedPlaces(sight, rule.of).map((place) => {
        const scopes = new Map([...sight.scopes, [rule.scope, place] as const])
        return holds({ ...sight, scopes }, rule.where)
      })
      if (rule.quantifier === 'every') return matches.every(Boolean)
      return matches.some(Boolean) === (rule.quantifier === 'some')
    }
  }
}

/** The author's view: related rows are there unless deleted, whatever their own rules say. */
function related(stored: World, { model, row, rows }: Place, name: string): readonly Place[] {
  const world = rows ? { ...stored, rows } : stored
  const relation = relationOf(model, name)
  const target = modelOf(world, relation.target)
  const place = (other: Row): Place => ({ model: target, row: other, ...(rows ? { rows } : {}) })
  const matches = (key: unknown): Row[] =>
    rowsOf(world, target.name).filter(
      (other) =>
        isAlive(other) &&
        isPlaced(world, { model: target, row: other }) &&
        key !== null &&
        other[relation.foreign] === key,
    )
  const { through } = relation
  const start = row[relation.local] ?? null
  if (!through) return matches(start).map(place)
  return rowsOf(world, through.model)
    .filter((link) => isAlive(link) && start !== null && link[through.local] === start)
    .flatMap((link) => matches(link[through.foreign] ?? null))
    .map(place)
}

function walk(sight: Sight, scope: number, hops: readonly string[]): Place | undefined {
  let place = sight.scopes.get(scope)
  for (const hop of hops) place = place && related(sight.world, place, hop)[0]
  return place
}

function relatedPlaces(sight: Sight, of: RowOperand): readonly Place[] {
  const place = walk(sight, of.scope, of.path.slice(0, -1))
  return place ? related(sight.world, place, of.path.at(-1) ?? '') : []
}

function valueIn(sight: Sight, operand: Operand): unknown {
  switch (operand.from) {
    case 'row': {
      const place = walk(sight, operand.scope, operand.path.slice(0, -1))
      return place?.row[operand.path.at(-1) ?? ''] ?? null
    }
    case 'me':
      if (operand.name === 'organisation') return sight.world.asker.organisation?.id ?? null
      return sight.world.asker.id
    case 'now':
      return sight.world.asker.now
    case 'value':
      return operand.value ?? null
    case 'input':
      return sight.input[operand.field] ?? null
    case 'compute':
      return computed(
        operand.operator,
        operand.operands.map((each) => valueIn(sight, each)),
      )
  }
}

/** The value of a formula over one row. */
export function formula(operand: Operand, at: Place & { world: World }): unknown {
  return valueIn({ world: at.world, scopes: new Map([[0, at]]), input: {} }, operand)
}

function computed(operator: string, values: readonly unknown[]): unknown {
  if (operator === 'coalesce') return values.find((value) => value !== null) ?? null
  if (values.includes(null)) return null
  if (operator === 'concat') return values.join('')
  if (operator === 'lower') return String(values[0]).toLowerCase()
  if (operator === 'upper') return String(values[0]).toUpperCase()
  const [first = 0, ...others] = values.map((value) => Number(plain(value)))
  const next: Record<string, (a: number, b: number) => number> = {
    plus: (a, b) => a + b,
    minus: (a, b) => a - b,
    times: (a, b) => a * b,
  }
  return others.reduce((total, each) => next[operator]?.(total, each) ?? Number.NaN, first)
}

export function ingredients(operand: Operand | undefined): readonly string[] {
  if (operand?.from === 'row') return operand.path
  return operand?.from === 'compute' ? operand.operands.flatMap(ingredients) : []
}

function isMember(sight: Sight, rule: Expression & { type: 'memberOf' }): boolean {
  const { world } = sight
  const organisation = valueIn(sight, rule.organisation)
  if (world.asker.id === null || organisation === null) return false
  // Who came with a key of one organisation is a member of that one alone.
  if (world.asker.bound && organisation !== world.asker.organisation?.id) return false
  return rowsOf(world, 'membership').some(
    ({ organisationId, userId, role }) =>
      organisationId === organisation &&
      userId === world.asker.id &&
      (rule.roles.length === 0 || rule.roles.includes(String(role))),
  )
}

function proves(asker: Asker, rule: Expression): boolean {
  if (asker.id === null) return false
  if (rule.type === 'impersonated') return asker.impersonated === true
  if (rule.type === 'guest' || asker.guest === true) {
    return (rule.type === 'guest') === (asker.guest === true)
  }
  if (rule.type === 'assurance') return asker.assurance >= rule.atLeast
  return rule.type !== 'proved' || asker.provedMinutesAgo <= rule.withinMinutes
}

/** The same asker, had they shown now, by two factors, who they are. */
export function proven(asker: Asker): Asker {
  return { ...asker, assurance: 2, provedMinutesAgo: 0 }
}

/** What a rule says whatever the row; undefined where the row decides. */
export function settled(
  asker: Asker,
  rule: Expression,
  input: Row | 'unknown' = {},
): boolean | undefined {
  const known = (term: Expression): boolean | undefined => settled(asker, term, input)
  const absent = (operand: Operand): boolean =>
    (operand.from === 'me' &&
      (operand.name === 'organisation' ? asker.organisation?.id : asker.id) == null) ||
    (operand.from === 'input' && input !== 'unknown' && !Object.hasOwn(input, operand.field))
  switch (rule.type) {
    case 'constant':
      return rule.value
    case 'role':
      return asker.id !== null && asker.roles.has(rule.role)
    case 'via':
      return asker.bound === true && rule.sort === 'key'
    case 'service':
      // Nobody in these worlds is one.
      return false
    case 'signedIn':
    case 'guest':
    case 'impersonated':
    case 'assurance':
    case 'proved':
      return proves(asker, rule)
    case 'permission':
      return asker.organisation?.permissions.has(rule.permission) ?? false
    case 'memberOf':
      return asker.id === null || absent(rule.organisation) ? false : undefined
    case 'given':
      return input === 'unknown' ? undefined : Object.hasOwn(input, rule.field)
    case 'isNull':
      if (rule.operand.from === 'me') return absent(rule.operand)
      return absent(rule.operand) ? true : undefined
    case 'not': {
      const inner = known(rule.term)
      return inner === undefined ? undefined : !inner
    }
    case 'and':
    case 'or': {
      const decisive = rule.type === 'or'
      if (rule.terms.some((term) => known(term) === decisive)) return decisive
      return rule.terms.every((term) => known(term) === !decisive) ? !decisive : undefined
    }
    case 'compare':
      return absent(rule.left) || absent(rule.right) ? false : undefined
    case 'oneOf':
      return absent(rule.operand) || rule.values.every(absent) ? false : undefined
    case 'quantifier': {
      const inner = known(rule.where)
      if (rule.quantifier === 'every') return inner === true ? true : undefined
      return inner === false ? rule.quantifier === 'none' : undefined
    }
    default:
      return undefined
  }
}

// ── values ──────────────────────────────────────────────────────────────────────────────────

export function plain(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'amount' in value ? value.amount : value
}

/** Two-valued: whatever is compared with null is false. */
export function compares(operator: string, one: unknown, two: unknown): boolean {
  if (one === null || two === null) return false
  const [left, right] = [plain(one), plain(two)]
  const [text, part] = [String(left), String(right)]
  const order = compareValues(left, right)
  const answers: Record<string, () => boolean> = {
    eq: () => isSame(left, right),
    ne: () => !isSame(left, right),
    lt: () => order < 0,
    lte: () => order <= 0,
    gt: () => order > 0,
    gte: () => order >= 0,
    contains: () => text.includes(part),
    icontains: () => text.toLowerCase().includes(part.toLowerCase()),
    startsWith: () => text.startsWith(part),
    endsWith: () => text.endsWith(part),
    has: () => Array.isArray(left) && left.includes(right),
    in: () => Array.isArray(right) && right.some((each) => compares('eq', left, each)),
    notIn: () => Array.isArray(right) && right.every((each) => compares('ne', left, each)),
  }
  return answers[operator]?.() ?? unknownName(operator)
}

function isSame(one: unknown, two: unknown): boolean {
  if (measure(one) !== undefined) return compareValues(one, two) === 0
  return JSON.stringify(one) === JSON.stringify(two)
}

/**
 * The size of an exact number or of a length of time, in hundredths or microseconds; undefined for
 * others. They are known by their form, which none of the drawn texts has.
 */
function measure(value: unknown): bigint | undefined {
  if (typeof value !== 'string') return undefined
  const number = /^(-?)(\d+)(?:\.(\d\d))?$/.exec(value)
  if (number) {
    const [, sign, whole, hundredths = '00'] = number
    return BigInt(`${sign}${whole}${hundredths}`)
  }
  const form = /^P(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{6}))?S)?)?$/
  const length = form.exec(value)
  if (!length) return undefined
  const [months, days, hours, minutes, seconds, micros] = length
    .slice(1)
    .map((part) => BigInt(part ?? 0))
  const parts = [months, days, hours, minutes, seconds].map((part) => part ?? 0n)
  const units = [2_592_000n, 86_400n, 3_600n, 60n, 1n]
  const total = parts.reduce((sum, part, at) => sum + part * (units[at] ?? 0n), 0n)
  return total * 1_000_000n + (micros ?? 0n)
}

/** By number, by truth, by size, or by code points. */
export function compareValues(one: unknown, two: unknown): number {
  if (typeof one === 'number' || typeof one === 'boolean') return Number(one) - Number(two)
  const [size, other] = [measure(one), measure(two)]
  if (size !== undefined && other !== undefined) return size < other ? -1 : Number(size > other)
  const [left, right] = [[...String(one)], [...String(two)]]
  for (const [index, letter] of left.entries()) {
    const other = right[index]
    if (other === undefined) return 1
    const difference = (letter.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

export function relationOf(model: Model, name: string): ModelRelation {
  return model.relations.get(name) ?? unknownName(name)
}

export function modelOf({ catalog }: World, name: string): Model {
  return catalog.models.get(name) ?? unknownName(name)
}

export function rowsOf({ rows }: World, model: string): readonly Row[] {
  return rows.get(model) ?? []
}

export function unknownName(name: string): never {
  throw new UnknownName(name)
}
