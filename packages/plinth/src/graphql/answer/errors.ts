/** Owns the printed form of what went wrong: entries of `errors`, and failures as data. */

import { type ASTNode, GraphQLError as ErrorClass, type GraphQLError, getLocation } from 'graphql'
import { Failure } from '../../base/failure.ts'
import { failureOf } from '../../http/problem.ts'

/** Where in the answer and in the document something went wrong. */
export interface ErrorPlace {
  readonly path?: readonly (string | number)[]
  readonly nodes?: readonly ASTNode[]
}

/** An entry of `errors`, as GraphQL has it. */
export interface ErrorEntry {
  readonly message: string
  readonly locations?: readonly { readonly line: number; readonly column: number }[]
  readonly path?: readonly (string | number)[]
  readonly extensions: Readonly<Record<string, unknown>>
}

/** The entry of a failure: the same code, problems and cure as through any other door. */
export function failureEntry(
  failure: Failure,
  { path, nodes }: ErrorPlace,
  traceId: string,
): ErrorEntry {
  const { code, title, status, retryable, retryAfterSeconds } = failure
  const errors = problemsOf(failure)
  const locations = locationsOf(nodes ?? [])
  return {
    message: failure.detail,
    ...(locations.length === 0 ? {} : { locations }),
    ...(path === undefined ? {} : { path }),
    extensions: {
      ...{ code, title, status, retryable },
      ...(errors.length === 0 ? {} : { errors }),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      traceId,
    },
  }
}

/** The problems of a failure, as REST lists them. */
export function problemsOf({ problems }: Failure): readonly object[] {
  return problems.map(({ pointer, code, detail }) => ({ pointer, code, detail }))
}

function locationsOf(nodes: readonly ASTNode[]) {
  return nodes.flatMap(({ loc }) => (loc ? [getLocation(loc.source, loc.start)] : []))
}

/** The failure that an error of GraphQL itself is. */
export function failureOfError(error: GraphQLError): Failure {
  const { message, originalError } = error
  if (originalError instanceof Failure) return originalError
  const syntax = message.startsWith('Syntax Error')
  return new Failure(syntax ? 'malformed_query' : 'invalid_input', {
    detail: /[.?]$/.test(message) ? message : `${message}.`,
  })
}

/** The entry of an error of GraphQL itself. */
export function errorEntry(error: GraphQLError, traceId: string): ErrorEntry {
  const { locations, path, nodes } = error
  const entry = failureEntry(failureOfError(error), { ...(path ? { path } : {}) }, traceId)
  return nodes || locations ? { ...entry, ...(locations ? { locations } : {}) } : entry
}

/** What was thrown, as a failure: of GraphQL, of ours, or a bug. */
export function thrownFailure(thrown: unknown): Failure {
  return thrown instanceof ErrorClass ? failureOfError(thrown) : failureOf(thrown)
}
