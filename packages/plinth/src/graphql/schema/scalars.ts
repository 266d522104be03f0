/** Owns the scalars: exact values that pass as they are, since the kinds check them. */

import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  type GraphQLInputType,
  GraphQLInt,
  GraphQLList,
  type GraphQLNamedType,
  GraphQLNonNull,
  type GraphQLOutputType,
  GraphQLScalarType,
  GraphQLString,
} from 'graphql'
import { present } from '../../base/assert.ts'
import { literalValue } from './literal.ts'

const described: Readonly<Record<string, string>> = Object.freeze({
  BigInt: 'A whole number of 64 bits, as text.',
  Decimal: 'An exact decimal number, as text.',
  Money: 'An amount in minor units with its currency: `{ amount: 1250, currency: "GBP" }`.',
  Email: 'An address of mail.',
  Url: 'An absolute address of the web.',
  Date: 'A calendar date: `2026-11-21`.',
  Instant: 'A moment in time: RFC 3339 in UTC, to the microsecond.',
  Duration: 'A length of time: ISO 8601, such as `PT1H30M`.',
  Json: 'Any JSON value.',
  Base64Url: 'Bytes, as base64url.',
  Uuid: 'A UUID in lower case.',
})

/** The scalars of the schema by name. What stands in them is checked by the kind of the field. */
export const scalars: ReadonlyMap<string, GraphQLScalarType> = new Map([
  ...[GraphQLInt, GraphQLFloat, GraphQLString, GraphQLBoolean, GraphQLID].map(
    (scalar) => [scalar.name, scalar] as const,
  ),
  ...Object.entries(described).map(
    ([name, description]) => [name, scalar(name, description)] as const,
  ),
])

function scalar(name: string, description: string): GraphQLScalarType {
  return new GraphQLScalarType({
    name,
    description,
    parseValue: (value) => value,
    parseLiteral: literalValue,
  })
}

/** The scalar of a kind by its `graphqlScalar`: `Instant`, `[Instant!]`. */
export function scalarOf(name: string): GraphQLOutputType & GraphQLInputType {
  const list = /^\[(\w+)!\]$/.exec(name)
  const known = present(scalars.get(list?.[1] ?? name), `scalar ${name}`)
  return list ? new GraphQLList(new GraphQLNonNull(known)) : known
}

/** The scalars as types of a schema. */
export function scalarTypes(): readonly GraphQLNamedType[] {
  return [...scalars.values()]
}
