/** Owns which failures an operation can give, and how the document says so. */

import { type FailureCode, failureKinds } from '../../base/failure.ts'
import type { RouteForm } from '../route/routes.ts'
import { headerRefs } from './parameters.ts'
import { type Schema, schemaRef } from './schemas.ts'

const always: readonly FailureCode[] = [
  'malformed_request',
  'malformed_header',
  'malformed_query',
  'invalid_credentials',
  'not_acceptable',
  'rate_limited',
  'internal',
  'overloaded',
  'deadline_exceeded',
  'unavailable',
]
const body: readonly FailureCode[] = [
  'malformed_body',
  'unsupported_media_type',
  'body_too_large',
  'request_timeout',
  'invalid_input',
]
const write: readonly FailureCode[] = [
  'sign_in_required',
  'forbidden',
  'csrf_refused',
  'conflict',
  'in_progress',
  'key_reused',
]
const read: readonly FailureCode[] = ['sign_in_required', 'forbidden', 'invalid_input']
const costly: readonly FailureCode[] = ['query_too_costly']
const version: readonly FailureCode[] = ['version_mismatch', 'precondition_required']

const byForm: Readonly<Record<RouteForm, readonly FailureCode[]>> = Object.freeze({
  list: [...read, ...costly],
  query: [...read, ...costly, ...body],
  get: [...read, ...costly, 'not_found', 'version_mismatch'],
  getByKey: [...read, ...costly, 'not_found', 'version_mismatch'],
  create: [...body, ...write],
  update: [...body, ...write, ...version, 'not_found'],
  delete: [...write, ...version, 'not_found', 'still_referenced'],
  upsert: [...body, ...write, ...version, 'not_found'],
  batch: [...body, ...write, ...version, 'not_found', 'still_referenced'],
  action: [...body, ...write, 'not_found'],
  safeAction: [...read, 'not_found'],
  queryAction: [...read, ...body, 'not_found'],
})

/** The failures of a form, by status. */
export function failureResponses(form: RouteForm, components: ResponseComponents): Schema {
  const byStatus = new Map<number, FailureCode[]>()
  for (const code of new Set([...always, ...byForm[form]])) {
    const { status } = failureKinds[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const statuses = [...byStatus].sort(([one], [other]) => one - other)
  return Object.fromEntries(
    statuses.map(([status, codes]) => [String(status), components.refer(status, codes.sort())]),
  )
}

/** Gathers the answers that a document needs, each set of codes once. */
export class ResponseComponents {
  readonly #responses = new Map<string, Schema>()

  /** A reference to the answer with these codes. */
  refer(status: number, codes: readonly FailureCode[]): Schema {
    const name = `Problem.${status}.${codes.join('.')}`
    if (!this.#responses.has(name)) this.#responses.set(name, problemResponse(codes))
    return { $ref: `#/components/responses/${name}` }
  }

  /** Everything referred to, by name. */
  all(): Schema {
    return Object.fromEntries(this.#responses)
  }
}

function problemResponse(codes: readonly FailureCode[]): Schema {
  const retryable = codes.some((code) => failureKinds[code].retryable)
  return {
    description: codes.map((code) => `${failureKinds[code].title} (\`${code}\`).`).join(' '),
    headers: headerRefs(...(retryable ? ['Retry-After'] : [])),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [schemaRef('Problem'), { properties: { code: { enum: [...codes] } } }],
        },
      },
    },
  }
}

/** The schema of problem documents (RFC 9457). */
export const problemSchema: Schema = Object.freeze({
  type: 'object',
  description: 'Why a call ended without doing what was asked.',
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'A page about the code.' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string', description: 'What is wrong, and how to mend it.' },
    instance: { type: 'string', format: 'uri-reference' },
    code: { type: 'string', description: 'Stable; for programs.' },
    retryable: { type: 'boolean', description: 'True: the same call may succeed later.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          pointer: { type: 'string', description: 'A JSON pointer, or a parameter’s name.' },
          code: { type: 'string' },
          detail: { type: 'string' },
        },
        required: ['pointer', 'code', 'detail'],
      },
    },
    traceId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  },
  required: ['type', 'title', 'status', 'detail', 'code', 'retryable', 'traceId'],
})
