/** Owns what a request says about media: the type of its body, and what it accepts in return. */

import { Failure } from '../../base/failure.ts'
import { qualityOf } from '../../http/call/accept.ts'
import type { HttpRequest } from '../../http/message.ts'

/** The types of body that a method takes. */
export const bodyTypes = Object.freeze({
  POST: ['application/json'],
  PUT: ['application/json'],
  QUERY: ['application/json'],
  PATCH: ['application/merge-patch+json', 'application/json'],
})

type BodyMethod = keyof typeof bodyTypes

const acceptHeaders = { POST: 'accept-post', PATCH: 'accept-patch', QUERY: 'accept-query' } as const
// A type, then whatever parameters stand behind it: the only ones taken have a form of their own.
// No two parts of a pattern may fit the same spaces, or a header of 200 bytes is read for minutes.
const typeForm = /^([a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+)([ \t]*;.*)?$/
const charsetForm = /^[ \t]*;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*$/

/**
 * Checks that the body is declared as JSON in UTF-8, as it is.
 *
 * @throws Failure `unsupported_media_type` that lists what is taken.
 */
export function checkBodyType(request: HttpRequest): void {
  const method = request.method as BodyMethod
  const sent = request.header('content-type')
  if (sent !== 'application/json' && !isTaken(sent, bodyTypes[method])) throw otherType(method)
  const encoding = request.header('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Failure('unsupported_media_type', {
      detail: 'Send the body as it is, without Content-Encoding.',
      headers: { 'accept-encoding': 'identity' },
    })
  }
}

function isTaken(sent: string | undefined, types: readonly string[]): boolean {
  const match = typeForm.exec(sent?.toLowerCase() ?? '')
  const [, type = '', parameters = ''] = match ?? []
  return types.includes(type) && (parameters === '' || charsetForm.test(parameters))
}

function otherType(method: BodyMethod): Failure {
  const types = bodyTypes[method].join(', ')
  const header = method === 'PUT' ? undefined : acceptHeaders[method]
  return new Failure('unsupported_media_type', {
    detail: `Send the body as ${types}, in UTF-8 and without other parameters.`,
    ...(header === undefined ? {} : { headers: { [header]: types } }),
  })
}

/**
 * Checks that the caller takes JSON.
 *
 * @throws Failure `not_acceptable`.
 */
export function checkAccept(request: HttpRequest): void {
  const accept = request.header('accept')
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return
  if (qualityOf(accept, 'application/json') > 0) return
  throw new Failure('not_acceptable', {
    detail: 'Answers are application/json; allow it in Accept, or leave Accept out.',
  })
}

/** True where a caller would rather have HTML than JSON: a browser, on an address that has both. */
export function prefersHtml(request: HttpRequest): boolean {
  const accept = request.header('accept')
  if (accept === undefined) return false
  return qualityOf(accept, 'text/html') > qualityOf(accept, 'application/json')
}

/** True where a caller would rather have a stream of events than JSON: a followed read. */
export function prefersEvents(request: HttpRequest): boolean {
  const accept = request.header('accept')
  if (accept === undefined || !accept.includes('event-stream')) return false
  return qualityOf(accept, 'text/event-stream') > qualityOf(accept, 'application/json')
}
