/** Owns exporting the records of a model, page by page, under a caller's rules. */

import type { Caller } from '../../access/caller.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Catalog, ModelField } from '../../catalog/catalog.ts'
import { suggestion } from '../../catalog/mistakes.ts'
import type { Call, Reply } from '../../engine/call.ts'
import type { Separator } from '../csv/splitter.ts'
import {
  csvForm,
  type ExportedRecord,
  type ExportForm,
  exportedFields,
  jsonLines,
} from './lines.ts'

/** What an export needs. */
export interface ExportRun {
  readonly catalog: Catalog
  /** Answers calls, as the doors ask them. */
  readonly invoke: (call: Call) => Promise<Reply>
  /** Who asks: what this caller may not read is not in the export. */
  readonly caller: Caller
  readonly model: string
  readonly form: 'csv' | 'jsonl'
  /** CSV only. Default a comma. */
  readonly separator?: Separator
  /** Only these fields, in this order. Default: all. */
  readonly fields?: readonly string[]
  /** Only records that match, in the form of the read grammar. */
  readonly filter?: unknown
  /** 32 hex digits, for logs. */
  readonly traceId: string
  /** Takes text; the export waits for it. */
  readonly write: (text: string) => Promise<void>
}

/**
 * Exports the records of a model in the order of their ids, so that every record that is there
 * all the while comes exactly once. Memory holds one page. Returns the number of records.
 *
 * @throws Failure `usage` for a model that the app does not have, and whatever a list read fails
 * with.
 */
export async function exportRecords(run: ExportRun): Promise<number> {
  const form = formOf(run)
  let head = form.head
  let records = 0
  let after: string | null = null
  do {
    const page: Page = await readPage(run, after)
    // With the first page: what is refused has written nothing.
    await run.write(`${head}${page.data.map((record) => form.line(record)).join('')}`)
    head = ''
    records += page.data.length
    after = page.page.next
  } while (after !== null)
  return records
}

interface Page {
  readonly data: readonly ExportedRecord[]
  readonly page: { readonly next: string | null }
}

function formOf(run: ExportRun): ExportForm {
  const { catalog, model, form, fields, separator } = run
  const found = catalog.models.get(model)
  if (!found?.exposed) {
    const known = [...catalog.models.values()].filter(({ exposed }) => exposed)
    const names = known.map(({ name }) => name).join(', ')
    throw new Failure('usage', { detail: `There is no model ${model}. There are: ${names}.` })
  }
  const all = exportedFields(found)
  demandFields(all, run)
  if (form === 'jsonl') return jsonLines
  const chosen = fields?.flatMap((name) => all.find((field) => field.name === name) ?? [])
  return csvForm(chosen ?? all, separator)
}

function demandFields(all: readonly ModelField[], { fields = [], model }: ExportRun): void {
  const known = all.map(({ name }) => name)
  const unknown = fields.find((name) => !known.includes(name))
  if (unknown === undefined) return
  const cure = suggestion(unknown, known) || `. There are: ${known.join(', ')}.`
  throw new Failure('usage', { detail: `There is no field "${unknown}" of ${model}${cure}` })
}

/** Records may be so long that a whole page of them is too much for one read: then half of it. */
async function readPage(
  run: ExportRun,
  after: string | null,
  limit: number = limits.pageSizeMax,
): Promise<Page> {
  try {
    return await askPage(run, after, limit)
  } catch (error) {
    const tooMuch = error instanceof Failure && error.code === 'query_too_costly'
    if (!tooMuch || limit === 1) throw error
    return readPage(run, after, Math.floor(limit / 2))
  }
}

async function askPage(run: ExportRun, after: string | null, limit: number): Promise<Page> {
  const query = {
    limit,
    ...(run.fields ? { fields: run.fields } : {}),
    ...(run.filter === undefined ? {} : { filter: run.filter }),
    ...(after === null ? {} : { after }),
  }
  const reply = await run.invoke({
    operation: `${run.model}.list`,
    as: { caller: run.caller },
    query,
    remoteAddress: 'export',
    traceId: run.traceId,
  })
  return JSON.parse(reply.body ?? '{"data":[],"page":{"next":null}}') as Page
}
