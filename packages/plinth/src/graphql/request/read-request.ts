/** Owns the reading of requests: what GraphQL over HTTP sends, by POST or by GET. */

import { Failure } from '../../base/failure.ts'
import { isExactNumber, type ParsedJson, parseJson } from '../../base/json.ts'
import { readIdempotencyKey } from '../../http/call/idempotency-key.ts'
import type { HttpRequest } from '../../http/message.ts'
import type { GraphqlRequest } from '../run/request.ts'

/** What a request asks, without who asks. */
export type Asking = Omit<GraphqlRequest, 'call' | 'demandOwnSite'>

const decoder = new TextDecoder('utf-8', { fatal: true })
const typeForm = /^application\/json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i

/**
 * Reads a request.
 *
 * @throws Failure `unsupported_media_type`, `malformed_body`, `malformed_query`, `body_too_large`,
 * `invalid_input`.
 */
export async function readAsking(request: HttpRequest): Promise<Asking> {
  if (request.method === 'GET') return readSearch(request)
  if (request.search !== '') {
    throw new Failure('malformed_query', {
      detail: 'POST takes no parameters here; leave out what follows the question mark.',
    })
  }
  checkType(request)
  const body = parseJson(textOf(await request.body()))
  if (!isMembers(body)) {
    const batch = Array.isArray(body) ? ' Batches are not taken: send several requests.' : ''
    throw malformed(`Send an object with "query".${batch}`)
  }
  const idempotencyKey = readIdempotencyKey(request.header('idempotency-key'))
  return { ...asked(body, malformed), idempotencyKey, readOnly: false }
}

function checkType(request: HttpRequest): void {
  const encoding = request.header('content-encoding')
  const plain = encoding === undefined || encoding.toLowerCase() === 'identity'
  if (plain && typeForm.test(request.header('content-type') ?? '')) return
  throw new Failure('unsupported_media_type', {
    detail: 'Send the body as application/json, in UTF-8 and as it is.',
    headers: { 'accept-post': 'application/json' },
  })
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new Failure('malformed_body', { detail: 'The body is not UTF-8; send UTF-8.', cause })
  }
}

function malformed(detail: string): Failure {
  return new Failure('malformed_body', { detail })
}

/** The members of a parsed object. */
export type Members = Readonly<Record<string, ParsedJson>>
/** Makes the failure for what is wrong with a request's form. */
type Refuse = (detail: string) => Failure

/** What the members of a request ask, wherever they stood. */
export function asked(
  { query, documentId, operationName, variables, extensions }: Members,
  refuse: Refuse,
): Pick<Asking, 'query' | 'documentId' | 'operationName' | 'variables'> {
  const named = documentId ?? persistedId(extensions)
  if (!isAbsent(named) && typeof named !== 'string') throw refuse('"documentId" is text.')
  if (typeof query !== 'string' && (isAbsent(named) || !isAbsent(query))) {
    throw refuse('Give the document as "query", as text.')
  }
  if (!isAbsent(operationName) && typeof operationName !== 'string') {
    throw refuse('"operationName" is text: the name of one operation of the document.')
  }
  if (!isAbsent(variables) && !isMembers(variables)) {
    throw refuse('"variables" is an object of values by the names of the variables.')
  }
  if (!isAbsent(extensions) && !isMembers(extensions)) {
    throw refuse('"extensions" is an object; leave it out.')
  }
  return {
    query: typeof query === 'string' ? query : undefined,
    ...(typeof named === 'string' ? { documentId: named } : {}),
    variables: isMembers(variables) ? variables : {},
    ...(typeof operationName === 'string' ? { operationName } : {}),
  }
}

/** The hash that clients of Apollo send: the same name in another place. */
function persistedId(extensions: ParsedJson | undefined): ParsedJson | undefined {
  const persisted = isMembers(extensions) ? extensions.persistedQuery : undefined
  const hash = isMembers(persisted) ? persisted.sha256Hash : undefined
  return typeof hash === 'string' ? `sha256:${hash}` : hash
}

function isAbsent(value: ParsedJson | undefined): boolean {
  return value === undefined || value === null
}

/** True for an object. */
export function isMembers(value: ParsedJson | undefined): value is { [key: string]: ParsedJson } {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value)
  )
}

const parameterNames: ReadonlySet<string> = new Set([
  ...['query', 'documentId', 'operationName', 'variables', 'extensions'],
])

/** A query in the address: it reads, and no more. */
function readSearch(request: HttpRequest): Asking {
  const refuse: Refuse = (detail) => new Failure('malformed_query', { detail })
  const members: Record<string, ParsedJson> = {}
  for (const [name, text] of new URLSearchParams(request.search)) {
    if (!parameterNames.has(name)) {
      throw refuse(
        `Leave out "${name.slice(0, 100)}"; known are ${[...parameterNames].join(', ')}.`,
      )
    }
    if (Object.hasOwn(members, name)) throw refuse(`Give "${name}" once.`)
    const isJson = name === 'variables' || name === 'extensions'
    members[name] = isJson && text !== '' ? parseJson(text) : text
  }
  if (members.variables === '') delete members.variables
  if (members.extensions === '') delete members.extensions
  if (members.operationName === '') delete members.operationName
  return { ...asked(members, refuse), readOnly: true }
}
