/** Owns kinds that have named values inside: objects and lists of objects, kept as JSON. */

import { checkJson } from './form/json-values.ts'
import { counted, demand, refuse, refuseType } from './form/problems.ts'
import { defineKind, type Json, type Kind, type Report } from './kind.ts'

/** One named value of an object. */
export interface ObjectMember {
  readonly kind: Kind
  readonly optional: boolean
  /** Used where no value is given; undefined: none. */
  readonly default?: unknown
  readonly description?: string | undefined
}

/** The values of an object: what was not given is its default, or null where it is optional. */
export type ObjectValue = Readonly<Record<string, unknown>>

/** Checks named values. All problems are reported, each at its place; unknown names are one. */
export function checkObject(
  members: ReadonlyMap<string, ObjectMember>,
  input: unknown,
  report: Report,
): ObjectValue | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return refuseType(report, 'an object', input)
  }
  let sound = true
  const note: Report = (below, code, detail) => {
    sound = false
    report(below, code, detail)
  }
  const given = input as Readonly<Record<string, unknown>>
  for (const name of Object.keys(given)) {
    if (!members.has(name)) note(`/${pointerPart(name)}`, 'unknown_field', unknownField(members))
  }
  const values: Record<string, unknown> = Object.create(null)
  for (const [name, member] of members) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value !== undefined && value !== null) {
      values[name] = member.kind.check(value, (below, code, detail) =>
        note(`/${name}${below}`, code, detail),
      )
    } else if (value === undefined && member.default !== undefined) values[name] = member.default
    else if (member.optional) values[name] = null
    else note(`/${name}`, 'required', 'Give a value.')
  }
  return sound ? Object.freeze(values) : undefined
}

function unknownField(members: ReadonlyMap<string, ObjectMember>): string {
  const known = [...members.keys()].slice(0, 20).join(', ')
  return known === '' ? 'There is no such field: leave it out.' : `There is only: ${known}.`
}

function pointerPart(name: string): string {
  return name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')
}

/** The JSON Schema of named values. */
export function objectSchema(
  members: ReadonlyMap<string, ObjectMember>,
): Readonly<Record<string, Json>> {
  const properties: Record<string, Json> = {}
  const required: string[] = []
  for (const [name, member] of members) {
    const { kind, description, optional } = member
    properties[name] = {
      ...(optional ? { anyOf: [kind.jsonSchema as Json, { type: 'null' }] } : kind.jsonSchema),
      ...(description === undefined ? {} : { description }),
      ...(member.default === undefined ? {} : { default: member.default as Json }),
    }
    if (!optional && member.default === undefined) required.push(name)
  }
  return Object.freeze({
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  })
}

/** An object of named values. */
export function objectKind(members: ReadonlyMap<string, ObjectMember>): Kind<ObjectValue> {
  return jsonLike<ObjectValue>({
    name: 'object',
    schema: objectSchema(members),
    example: exampleOf(members),
    check: (input, report) => checkObject(members, input, report),
  })
}

/** A list of objects. Default 0 to 100 of them. */
export function objectListKind(
  members: ReadonlyMap<string, ObjectMember>,
  options: { readonly min?: number; readonly max?: number } = {},
): Kind<readonly ObjectValue[]> {
  const { min = 0, max = 100 } = options
  demand(min >= 0 && min <= max && max >= 1, 'A list needs 0 <= min <= max and max >= 1.')
  return jsonLike<readonly ObjectValue[]>({
    name: 'list',
    schema: { type: 'array', items: objectSchema(members) as Json, minItems: min, maxItems: max },
    example: [exampleOf(members)],
    check(input, report) {
      if (!Array.isArray(input)) return refuseType(report, 'a list', input)
      if (input.length > max)
        return refuse(report, 'too_long', `Give at most ${counted(max, 'item')}.`)
      if (input.length < min)
        return refuse(report, 'too_short', `Give at least ${counted(min, 'item')}.`)
      const values = input.map((item, index) =>
        checkObject(members, item, (below, code, detail) =>
          report(`/${index}${below}`, code, detail),
        ),
      )
      return values.includes(undefined) ? undefined : Object.freeze(values as ObjectValue[])
    },
  })
}

interface JsonLike<V> {
  readonly name: string
  readonly schema: Readonly<Record<string, Json>>
  readonly example: Json
  check(input: unknown, report: Report): V | undefined
}

function jsonLike<V>({ name, schema, example, check }: JsonLike<V>): Kind<V> {
  const checked = (input: unknown, report: Report): V | undefined => {
    const json = checkJson(input, report)
    return json === undefined ? undefined : check(json, report)
  }
  return defineKind<V>({
    name,
    family: 'json',
    columnType: 'jsonb',
    check: checked,
    parse(text, report) {
      try {
        return checked(JSON.parse(text), report)
      } catch {
        return refuse(report, 'bad_format', 'Give JSON.')
      }
    },
    parameter: (value) => JSON.stringify(value),
    toJson: (columnText) => columnText,
    toValue: (columnText) => JSON.parse(columnText),
    jsonSchema: schema,
    graphqlScalar: 'Json',
    example,
    operators: ['isNull'],
  })
}

function exampleOf(members: ReadonlyMap<string, ObjectMember>): Json {
  const entries = [...members].map(([name, { kind }]) => [name, kind.example ?? null])
  return Object.fromEntries(entries) as Json
}
