/** Owns documents made ready: parsed within bounds, weighed, validated; kept for the next time. */

import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
} from 'graphql'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { RootPart } from '../plan/root.ts'
import { checkWeight } from './weight.ts'

/** A document that can be run. */
export interface Prepared {
  /** What its queries without variables were translated to: it is the same each time. */
  readonly plans: Map<OperationDefinitionNode, readonly RootPart[]>
  readonly operations: readonly OperationDefinitionNode[]
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

/** What is wrong with a request as a whole, in GraphQL's own form. */
export class Refusal extends Error {
  readonly errors: readonly GraphQLError[]

  constructor(errors: readonly GraphQLError[]) {
    super(errors[0]?.message)
    this.errors = errors
  }
}

const errorsMax = 20

/**
 * Makes documents ready. Fails with `query_too_costly`, and with a Refusal that says what is wrong
 * with the syntax, or with names and types.
 */
export function documents(schema: GraphQLSchema): (text: string) => Prepared {
  const kept = new Map<string, Prepared>()
  let characters = 0
  return (text) => {
    const known = kept.get(text)
    if (known) {
      // The oldest by use goes first.
      kept.delete(text)
      kept.set(text, known)
      return known
    }
    const prepared = prepare(schema, text)
    kept.set(text, prepared)
    characters += text.length
    for (const oldest of kept.keys()) {
      const many = kept.size > limits.graphqlDocumentsKept
      if (!many && characters <= limits.graphqlDocumentsKeptCharacters) break
      kept.delete(oldest)
      characters -= oldest.length
    }
    return prepared
  }
}

function prepare(schema: GraphQLSchema, text: string): Prepared {
  if (new TextEncoder().encode(text).length > limits.graphqlDocumentBytesMax) {
    const most = limits.graphqlDocumentBytesMax
    const detail = `A document has at most ${most} bytes (graphqlDocumentBytesMax): ask for less.`
    throw new Failure('query_too_costly', { detail })
  }
  checkNesting(text)
  const document = parsed(text)
  checkWeight(document)
  const errors = validate(schema, document, undefined, { maxErrors: errorsMax })
  if (errors.length > 0) throw new Refusal(errors)
  const operations: OperationDefinitionNode[] = []
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition)
    }
  }
  return Object.freeze({ operations, fragments, plans: new Map() })
}

const brackets = /"""(?:\\"""|[\s\S])*?"""|"(?:\\.|[^"\\\n\r])*"|#[^\n\r]*|[{[(]|[}\])]/g

/** The parser calls itself for every bracket: too many of them would end the process's stack. */
function checkNesting(text: string): void {
  let depth = 0
  for (const [part] of text.matchAll(brackets)) {
    if (part === '{' || part === '[' || part === '(') depth++
    else if (part === '}' || part === ']' || part === ')') depth--
    if (depth <= limits.graphqlNestingMax) continue
    const cap = `A document nests at most ${limits.graphqlNestingMax} deep (graphqlNestingMax)`
    throw new Failure('query_too_costly', { detail: `${cap}: ask in several requests.` })
  }
}

function parsed(text: string): DocumentNode {
  try {
    return parse(text, { maxTokens: limits.graphqlTokensMax })
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    if (/more tha[tn] \d+ tokens/.test(error.message)) {
      const most = limits.graphqlTokensMax
      const detail = `A document has at most ${most} tokens (graphqlTokensMax): ask for less.`
      throw new Failure('query_too_costly', { detail, cause: error })
    }
    throw new Refusal([error])
  }
}
