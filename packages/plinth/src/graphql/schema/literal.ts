/** Owns what a literal of a document means as JSON: exactly, and with no key that does harm. */

import { GraphQLError, Kind, type ValueNode } from 'graphql'
import { parseJson } from '../../base/json.ts'

const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** The value of a literal: numbers that a double would change keep their digits. */
export function literalValue(
  node: ValueNode,
  variables?: Readonly<Record<string, unknown>> | null,
): unknown {
  switch (node.kind) {
    case Kind.NULL:
      return null
    case Kind.INT:
    case Kind.FLOAT:
      return parseJson(node.value)
    case Kind.LIST:
      return node.values.map((item) => literalValue(item, variables))
    case Kind.OBJECT:
      return objectOf(node, variables)
    case Kind.VARIABLE:
      return variables?.[node.name.value]
    default:
      return node.value
  }
}

function objectOf(
  { fields }: Extract<ValueNode, { kind: Kind.OBJECT }>,
  variables: Readonly<Record<string, unknown>> | null | undefined,
): unknown {
  const object: Record<string, unknown> = Object.create(null)
  for (const { name, value } of fields) {
    if (forbiddenKeys.has(name.value)) {
      throw new GraphQLError(`Leave out the key ${name.value}; its name is never accepted.`, {
        nodes: name,
      })
    }
    object[name.value] = literalValue(value, variables)
  }
  return object
}
