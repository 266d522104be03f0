/** Owns the turning of a page of at most one record into the reply for that record. */

import { Failure } from '../../base/failure.ts'
import type { Reply } from '../../engine/call.ts'

/**
 * The reply for one record that was found by its natural key.
 *
 * @throws Failure `not_found`.
 */
export function singleRecord(reply: Reply): Reply {
  const page: { readonly data: readonly Record<string, unknown>[] } = JSON.parse(reply.body ?? '')
  const [record] = page.data
  if (record === undefined) throw new Failure('not_found')
  const { version } = record
  return {
    status: reply.status,
    body: JSON.stringify(record),
    ...(typeof version === 'number' ? { version } : {}),
    ...(reply.rate === undefined ? {} : { rate: reply.rate }),
  }
}
