/** Owns the running of a request: its operation is found, its variables are checked, it is run. */

import {
  GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql'
import { present } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import type { Call, Reply } from '../../engine/call.ts'
import { methodNotAllowed } from '../../http/problem.ts'
import { type ErrorEntry, errorEntry, failureEntry, thrownFailure } from '../answer/errors.ts'
import { documents, type Prepared, Refusal } from '../document/prepare.ts'
import { documentOf, type Trusted } from '../document/trusted.ts'
import type { RootPlanning } from '../plan/root.ts'
import { buildSchema } from '../schema/schema.ts'
import { type Answering, answering, type Met } from './answering.ts'
import { type Following, type FollowParts, type ResultSink, runSubscription } from './follow.ts'
import { runMutation } from './mutations.ts'
import { type QueryRun, runQuery } from './queries.ts'
import type { GraphqlAnswer, GraphqlRequest } from './request.ts'

/** What requests are run with. */
export interface ExecutorParts {
  readonly catalog: Catalog
  readonly invoke: (call: Call) => Promise<Reply>
  /** Follows reads and events, for subscriptions. */
  readonly follow: FollowParts
  /** True: the schema is told to those alone who have signed in. */
  readonly production: boolean
  readonly trusted: Trusted
  /** Told of bugs. */
  readonly report: (failure: Failure, traceId: string) => void
}

/** Runs requests. */
export interface Executor {
  /** Answers a query or a mutation. */
  readonly execute: (request: GraphqlRequest) => Promise<GraphqlAnswer>
  /**
   * Begins any operation: a subscription is followed and its results are told to a sink, any other
   * is answered. Rejects where there is a bug.
   */
  readonly stream: (request: GraphqlRequest, streaming: Streaming) => Promise<Streamed>
  /** What was thrown, as a reader is told of it; a bug is told to the log. */
  readonly told: (thrown: unknown, traceId: string) => ErrorEntry
}

/** Where results go that come one after the other. */
export interface Streaming {
  readonly sink: ResultSink
  /** The cursor that came beside the document. */
  readonly after?: string | undefined
}

/** An operation whose results are told to a sink: a subscription, or one that is done. */
export type Streamed =
  | { readonly following: Following; readonly answer?: undefined }
  | { readonly following?: undefined; readonly answer: Promise<GraphqlAnswer> }

/** Makes what runs requests: the schema is built once. */
export function createExecutor(parts: ExecutorParts): Executor {
  const built = buildSchema(parts.catalog)
  const prepare = documents(built.schema)
  const readyFor = (request: GraphqlRequest): Ready => {
    const prepared = prepare(documentOf(parts.trusted, request))
    const operation = chosen(prepared, request)
    const variables = coerced(built.schema, operation, request.variables)
    const reading = { schema: built.schema, fragments: prepared.fragments, variables }
    const planning: RootPlanning = { catalog: parts.catalog, names: built.names, reading }
    return { parts, request, prepared, operation, planning }
  }
  const execute = async (request: GraphqlRequest, known?: Ready): Promise<GraphqlAnswer> => {
    const running = begin(parts, request)
    try {
      const data = await run(running.under, known ?? readyFor(request))
      return answer(running, { data, status: 200 })
    } catch (error) {
      return refused(running, quiet(error, parts))
    }
  }
  const stream: Executor['stream'] = async (request, streaming) => {
    try {
      const ready = readyFor(request)
      if (ready.operation.operation !== OperationTypeNode.SUBSCRIPTION) {
        return { answer: execute(request, ready) }
      }
      return { following: await followed(ready, streaming) }
    } catch (error) {
      return { answer: Promise.resolve(refused(begin(parts, request), quiet(error, parts))) }
    }
  }
  const told: Executor['told'] = (thrown, traceId) => {
    const failure = thrownFailure(thrown)
    if (failure.code === 'internal') parts.report(failure, traceId)
    return failureEntry(failure, {}, traceId)
  }
  return { execute: (request) => execute(request), stream, told }
}

function followed(ready: Ready, { sink, after }: Streaming): Promise<Following> {
  const { parts, request, operation, planning } = ready
  const type = present(planning.reading.schema.getSubscriptionType(), 'a type of subscriptions')
  const { call } = request
  const sets = [operation.selectionSet]
  return runSubscription({ planning, type, sets, call, after, follow: parts.follow, sink })
}

interface Running {
  readonly under: Answering
  readonly met: Met
}

function begin({ invoke, report }: ExecutorParts, { call }: GraphqlRequest): Running {
  return answering({ call, invoke, report })
}

interface Ready {
  readonly parts: ExecutorParts
  readonly request: GraphqlRequest
  readonly prepared: Prepared
  readonly operation: OperationDefinitionNode
  readonly planning: RootPlanning
}

function run(under: Answering, ready: Ready): Promise<string> {
  const { parts, request, operation, planning } = ready
  const { schema, fragments } = planning.reading
  const sets = [operation.selectionSet]
  if (operation.operation === OperationTypeNode.MUTATION) {
    const type = present(schema.getMutationType(), 'a type of mutations')
    return runMutation(under, { planning, type, sets }, request)
  }
  if (operation.operation === OperationTypeNode.SUBSCRIPTION) {
    const how = 'with Accept: text/event-stream, or over WebSocket'
    throw new Failure('invalid_input', { detail: `A subscription is a stream: ask ${how}.` })
  }
  const type = present(schema.getQueryType(), 'a type of queries')
  const { variables, demandOwnSite } = request
  const introspecting = { schema, operation, fragments, variables, open: !parts.production }
  const own = { planning, type, sets, introspecting, demandOwnSite }
  return runQuery(under, { ...own, ...translations(ready) })
}

/** Translations of a query are kept where they do not depend on variables. */
function translations({ prepared: { plans }, operation }: Ready): Pick<QueryRun, 'known' | 'keep'> {
  const constant = (operation.variableDefinitions ?? []).length === 0
  return {
    known: () => plans.get(operation),
    keep: (parts) => {
      if (constant) plans.set(operation, parts)
    },
  }
}

/** The operation that is asked for. */
function chosen({ operations }: Prepared, request: GraphqlRequest): OperationDefinitionNode {
  const { operationName, readOnly } = request
  const named = operations.filter(({ name }) => name?.value === operationName)
  const [operation] = operationName === undefined ? operations : named
  if (!operation || (operationName === undefined && operations.length > 1)) {
    const known = operations.map(({ name }) => name?.value ?? '(without a name)').join(', ')
    throw new Refusal([
      new GraphQLError(`Say by operationName which operation to run; there are: ${known}.`),
    ])
  }
  const changes = operation.operation === OperationTypeNode.MUTATION
  if (readOnly && changes) throw methodNotAllowed('POST')
  return operation
}

function coerced(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  given: GraphqlRequest['variables'],
): Readonly<Record<string, unknown>> {
  const variables = getVariableValues(schema, variableDefinitions, given, { maxErrors: 20 })
  if (variables.errors) throw new Refusal(variables.errors)
  return variables.coerced
}

function answer(
  { under, met }: Running,
  done: Pick<GraphqlAnswer, 'data' | 'status'>,
): GraphqlAnswer {
  return { ...met, ...done, errors: under.errors, headers: {} }
}

/** Where the schema is not told to everybody, neither is it by hints at near names. */
function quiet(thrown: unknown, { production }: ExecutorParts): unknown {
  if (!production || !(thrown instanceof Refusal)) return thrown
  return new Refusal(
    thrown.errors.map((error) => {
      const { nodes, source, positions } = error
      const message = error.message.replace(/ Did you mean [\s\S]*\?$/, '')
      return new GraphQLError(message, {
        nodes: nodes ?? null,
        source,
        positions: positions ?? null,
      })
    }),
  )
}

/** The answer to a request of which nothing was run, or whose reads were refused as a whole. */
function refused(running: Running, thrown: unknown): GraphqlAnswer {
  const { traceId } = running.under.call
  if (thrown instanceof Refusal) {
    const errors = thrown.errors.map((error) => errorEntry(error, traceId))
    return { ...running.met, data: undefined, errors, status: 400, headers: {} }
  }
  // Bugs are the server's to tell and to log.
  if (!(thrown instanceof Failure) || thrown.code === 'internal') throw thrown
  const { status, headers } = thrown
  const errors = [failureEntry(thrown, {}, traceId)]
  return { ...running.met, data: undefined, errors, status, headers: printed(thrown, headers) }
}

function printed({ retryAfterSeconds, status }: Failure, own: Failure['headers']) {
  return {
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(retryAfterSeconds === undefined
      ? {}
      : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterSeconds))) }),
    ...own,
  }
}
