/** Owns kinds that are one of a set: booleans, choices and UUIDs. */

import { demand, refuse, refuseType } from './form/problems.ts'
import { comparing, defineKind, type Kind } from './kind.ts'

const truth: Kind<boolean> = defineKind({
  name: 'boolean',
  family: 'boolean',
  columnType: 'boolean',
  check: (input, report) =>
    typeof input === 'boolean' ? input : refuseType(report, 'true or false', input),
  parse(text, report) {
    if (text === 'true' || text === 'false') return text === 'true'
    return refuse(report, 'bad_format', 'Give true or false.')
  },
  parameter: (value) => (value ? 'true' : 'false'),
  stored: (parameter) => parameter,
  toJson: (columnText) => (readBoolean(columnText) ? 'true' : 'false'),
  toValue: readBoolean,
  jsonSchema: { type: 'boolean' },
  graphqlScalar: 'Boolean',
  example: true,
  operators: comparing,
  sortable: true,
})

/** True or false. */
export function booleanKind(): Kind<boolean> {
  return truth
}

/** PostgreSQL prints `t`; a cast to text, and JSON, say `true`. */
function readBoolean(columnText: string): boolean {
  return columnText.charCodeAt(0) === 116
}

/** One of the given texts. */
export function choiceKind<const V extends string>(values: readonly V[]): Kind<V> {
  const known: ReadonlySet<unknown> = new Set(values)
  demand(values.length > 0 && known.size === values.length, 'A choice has distinct values.')
  demand(
    values.every((value) => value !== '' && value.isWellFormed() && !/\p{Cc}/u.test(value)),
    'The values of a choice are texts of at least one character, without control characters.',
  )
  const isKnown = (input: unknown): input is V => known.has(input)
  const quoted = new Map<string, string>(values.map((value) => [value, JSON.stringify(value)]))
  const check: Kind<V>['check'] = (input, report) => {
    if (isKnown(input)) return input
    if (typeof input !== 'string') return refuseType(report, 'a text', input)
    return refuse(report, 'not_in_choices', `Give one of: ${values.join(', ')}.`)
  }
  return defineKind<V>({
    name: 'choice',
    family: 'text',
    columnType: 'text',
    columnChecks: [{ check: 'oneOf', values: Object.freeze([...values]) }],
    check,
    parse: check,
    parameter: (value) => value,
    stored: (parameter) => parameter,
    toJson: (columnText) => quoted.get(columnText) ?? JSON.stringify(columnText),
    // The column's CHECK constraint holds no other text.
    toValue: (columnText) => columnText as V,
    jsonSchema: { type: 'string', enum: [...values] },
    graphqlScalar: 'String',
    ...(values[0] === undefined ? {} : { example: values[0] }),
    operators: comparing,
    sortable: true,
    collated: true,
    options: { values: Object.freeze([...values]) },
  })
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

const uuid: Kind<string> = defineKind({
  name: 'uuid',
  family: 'id',
  columnType: 'uuid',
  check(input, report) {
    if (typeof input !== 'string') return refuseType(report, 'a UUID', input)
    if (uuidPattern.test(input)) return input.toLowerCase()
    return refuse(
      report,
      'bad_format',
      'Give a UUID: 32 hexadecimal digits as 01234567-89ab-7cde-8f01-23456789abcd.',
    )
  },
  parse: (text, report) => uuid.check(text, report),
  parameter: (value) => value,
  stored: (parameter) => parameter,
  toJson: (columnText) => `"${columnText}"`,
  toValue: (columnText) => columnText,
  jsonSchema: { type: 'string', format: 'uuid' },
  graphqlScalar: 'Uuid',
  example: '01234567-89ab-7cde-8f01-23456789abcd',
  operators: comparing,
  sortable: true,
})

/** A UUID, in lower case. */
export function uuidKind(): Kind<string> {
  return uuid
}
