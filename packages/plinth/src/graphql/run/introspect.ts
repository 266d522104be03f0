/** Owns what the schema says of itself: the one thing that GraphQL's own executor answers. */

import {
  type DocumentNode,
  executeSync,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
} from 'graphql'
import { errorEntry } from '../answer/errors.ts'
import type { Prepared } from '../document/prepare.ts'
import type { Asked } from '../plan/collect.ts'
import type { Answering } from './answering.ts'

/** What the schema is asked with. */
export interface Introspecting {
  readonly schema: GraphQLSchema
  readonly operation: OperationDefinitionNode
  readonly fragments: Prepared['fragments']
  /** As they came. */
  readonly variables: Readonly<Record<string, unknown>>
  /** True: anybody may ask. */
  readonly open: boolean
}

/** JSON text of `__schema` or `__type`. */
export function introspect(
  { errors, call }: Answering,
  { schema, operation, fragments, variables }: Introspecting,
  { key, nodes }: Asked,
): string {
  const selectionSet = { kind: Kind.SELECTION_SET, selections: nodes } as const
  const document: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [{ ...operation, selectionSet }, ...fragments.values()],
  }
  const result = executeSync({ schema, document, variableValues: variables })
  for (const error of result.errors ?? []) errors.push(errorEntry(error, call.traceId))
  return JSON.stringify(result.data?.[key] ?? null)
}
