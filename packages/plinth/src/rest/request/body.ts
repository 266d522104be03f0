/** Owns the reading of bodies: JSON once, strictly, or none where none belongs. */

import { Failure } from '../../base/failure.ts'
import { type ParsedJson, parseJson } from '../../base/json.ts'
import type { HttpRequest } from '../../http/message.ts'
import { checkBodyType } from './media-type.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads a JSON body.
 *
 * @throws Failure `unsupported_media_type`, `malformed_body`, `body_too_large`, `invalid_input`.
 */
export async function readJson(request: HttpRequest): Promise<ParsedJson> {
  checkBodyType(request)
  return parse(await request.body())
}

/** Reads a JSON body where there is one; undefined where there is none. */
export async function readOptionalJson(request: HttpRequest): Promise<ParsedJson | undefined> {
  const bytes = await request.body()
  if (bytes.length === 0) return undefined
  checkBodyType(request)
  return parse(bytes)
}

/** Refuses a body where it would have no meaning: two readers could disagree about it. */
export function refuseBody(request: HttpRequest): void {
  const length = request.header('content-length')
  const none = length === undefined || length === '0'
  if (none && request.header('transfer-encoding') === undefined) return
  throw new Failure('malformed_request', {
    detail: `${request.method} takes no body here; leave it out.`,
  })
}

/** Refuses parameters where the address takes none. */
export function refuseQuery(request: HttpRequest): void {
  if (request.search === '') return
  throw new Failure('malformed_query', {
    detail: `${request.method} takes no parameters here; leave out what follows the question mark.`,
  })
}

function parse(bytes: Uint8Array): ParsedJson {
  if (bytes.length === 0) {
    throw new Failure('malformed_body', { detail: 'The body is empty; send a JSON value.' })
  }
  return parseJson(textOf(bytes))
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new Failure('malformed_body', { detail: 'The body is not UTF-8; send UTF-8.', cause })
  }
}
