/** Owns which failures an operation can give, and how the document says so. */

import { type FailureCode, failureKinds } from '../../base/failure.ts'
import type { Route, RouteForm } from '../route/routes.ts'
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
  'step_up_required',
  'second_factor_required',
  'forbidden',
  'insufficient_scope',
  'session_required',
  'csrf_refused',
  'conflict',
  'in_progress',
  'key_reused',
]
const read: readonly FailureCode[] = [
  'sign_in_required',
  'step_up_required',
  'second_factor_required',
  'forbidden',
  'insufficient_scope',
  'session_required',
  'invalid_input',
]
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
  operation: ['not_found'],
  cancelOperation: ['not_found', 'forbidden', 'csrf_refused'],
})

/** A failure that the document names. */
interface Known {
  readonly code: string
  readonly status: number
  readonly text: string
  readonly retryable: boolean
}

/** The failures of a route, by status: those of its form, and those that its action declares. */
export function failureResponses(
  { form, action }: Pick<Route, 'form' | 'action'>,
  components: ResponseComponents,
): Schema {
  const money = action?.declared?.action.money ? (['key_required'] as const) : []
  const builtIn = [...new Set([...always, ...byForm[form], ...money])].map(knownOf)
  const declared = Object.entries(action?.declared?.action.failures ?? {}).map(
    ([code, { status = 409, detail }]): Known => {
      return { code, status, text: `${detail} (\`${code}\`)`, retryable: false }
    },
  )
  return byStatusOf([...builtIn, ...declared], components)
}

/** The failures of following an event, by status. */
export function followedFailures(components: ResponseComponents): Schema {
  const codes = [...new Set([...always, ...read, 'not_found' as const])]
  return byStatusOf(codes.map(knownOf), components)
}

function byStatusOf(known: readonly Known[], components: ResponseComponents): Schema {
  const byStatus = Map.groupBy(known, ({ status }) => status)
  const statuses = [...byStatus].sort(([one], [other]) => one - other)
  return Object.fromEntries(
    statuses.map(([status, known]) => [String(status), components.refer(status, known)]),
  )
}

function knownOf(code: FailureCode): Known {
  const { status, title, retryable } = failureKinds[code]
  return { code, status, retryable, text: `${title} (\`${code}\`).` }
}

/** Gathers the answers that a document needs, each set of codes once. */
export class ResponseComponents {
  readonly #responses = new Map<string, Schema>()

  /** A reference to the answer with these failures. */
  refer(status: number, known: readonly Known[]): Schema {
    const ordered = known.toSorted((one, other) => (one.code < other.code ? -1 : 1))
    const response = problemResponse(ordered)
    const base = `Problem.${status}.${ordered.map(({ code }) => code).join('.')}`
    // Two actions may declare one code with other words.
    let name = base
    for (let number = 2; ; number++) {
      const there = this.#responses.get(name)
      if (there === undefined) this.#responses.set(name, response)
      else if (there.description !== response.description) {
        name = `${base}.${number}`
        continue
      }
      return { $ref: `#/components/responses/${name}` }
    }
  }

  /** Everything referred to, by name. */
  all(): Schema {
    return Object.fromEntries(this.#responses)
  }
}

function problemResponse(known: readonly Known[]): Schema {
  const retryable = known.some((each) => each.retryable)
  return {
    description: known.map(({ text }) => text).join(' '),
    headers: headerRefs(...(retryable ? ['Retry-After'] : [])),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            schemaRef('Problem'),
            { properties: { code: { enum: known.map(({ code }) => code) } } },
          ],
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
