/** Owns the reading of the header that makes a call happen once. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'

const keyForm = /^(?:"([\x20\x21\x23-\x5b\x5d-\x7e]+)"|([A-Za-z0-9!#$%&'*+\-.^_`|~:/=]+))$/

/**
 * The key of an Idempotency-Key header: a quoted text, as the draft has it, or a bare word.
 *
 * @throws Failure `malformed_header`.
 */
export function readIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const match = keyForm.exec(header)
  const key = match?.[1] ?? match?.[2]
  if (key !== undefined && key.length <= limits.idempotencyKeyBytesMax) return key
  const form = `a quoted text of 1 to ${limits.idempotencyKeyBytesMax} ASCII characters`
  throw new Failure('malformed_header', {
    detail: `Idempotency-Key could not be read. Send ${form}.`,
  })
}
