/** Owns the reading of all records of a kind, page by page, past all rules. */

import { invoke } from '../../engine/invoke.ts'
import type { PlainRecord, Runtime } from '../../engine/runtime.ts'

const caller = Object.freeze({ is: 'unrestricted', reason: 'webhooks' } as const)
const pageSize = 200

/** One page, and where the next one begins; null: nowhere. */
export interface RecordPage {
  readonly data: readonly PlainRecord[]
  readonly next: string | null
}

/** Reads a page of a model's records. */
export async function pageOf(
  runtime: Runtime,
  model: string,
  query: { readonly filter: object; readonly sort: readonly string[]; readonly after?: string },
): Promise<RecordPage> {
  const reply = await invoke(runtime, {
    ...{ operation: `${model}.list`, as: { caller }, remoteAddress: '', traceId: '' },
    query: { ...query, limit: pageSize },
  })
  const { data } = JSON.parse(reply.body ?? '{"data":[]}') as { data: readonly PlainRecord[] }
  return { data, next: reply.page?.next ?? null }
}

/** Reads all of them. */
export async function allOf(
  runtime: Runtime,
  model: string,
  query: { readonly filter: object; readonly sort: readonly string[] },
): Promise<readonly PlainRecord[]> {
  const found: PlainRecord[] = []
  for (let after: string | null | undefined; after !== null; ) {
    const page = await pageOf(runtime, model, after ? { ...query, after } : query)
    found.push(...page.data)
    after = page.next
  }
  return found
}
