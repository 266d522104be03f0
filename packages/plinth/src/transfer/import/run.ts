/** Owns one run of an import, from a file to the totals. */

import { Failure } from '../../base/failure.ts'
import { hex, randomBytes } from '../../base/ids.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import type { Database } from '../../database/database.ts'
import { type ByteSource, fileSource } from '../csv/source.ts'
import { type DetectedFile, detectFile } from '../dialect/detect.ts'
import { type Dialect, describeDialect, type GivenDialect } from '../dialect/dialect.ts'
import type { Importer } from './importer.ts'
import { type ProgressOutlet, startProgress } from './progress.ts'
import { isRejectColumn, RejectFile, type Rejection } from './rejects.ts'
import { type ReadRow, type RowReading, readRows } from './rows.ts'
import { modelShapes } from './shape.ts'
import type { ImportOrigin, MergeCount } from './stage/merge.ts'
import { ImportStage, type StageResult } from './stage/stage.ts'

/** What an import needs. */
export interface ImportRun {
  readonly catalog: Catalog
  readonly database: Database
  readonly importer: Importer
  /** The id of the organisation to which records of tenants' models belong. */
  readonly organisationId?: string | undefined
  /** The path of the file. */
  readonly path: string
  /** What the person who imports says about the file; the rest is detected. */
  readonly given?: GivenDialect
  /** Where findings and progress are told. */
  readonly outlet: ProgressOutlet
}

/** What came of an import. `read` = `taken` + `rejected`. */
export interface ImportReport {
  readonly dialect: Dialect
  readonly read: number
  readonly taken: number
  readonly rejected: number
  /** Lines without any character; they are no rows. */
  readonly emptyLines: number
  /** Records created, changed, left as they were and refused, by model. */
  readonly models: ReadonlyMap<string, Readonly<MergeCount>>
  /** Where the rejected rows are; undefined where there are none. */
  readonly rejectsPath: string | undefined
  readonly durationMs: number
}

/**
 * Imports a file: reads it as a stream, gathers what its rows say of each record, stores that.
 * Importing a file again changes nothing. Killed half-way and run again, it ends as if it had run
 * once. Rows that cannot be taken are in `<path>.rejects.csv`.
 *
 * @throws Failure `usage` for an unreadable file, `invalid_input` for a file that does not fit the
 * importer, `declaration_invalid` for an importer that does not fit the app, `usage` for records of
 * tenants without an organisation.
 */
export async function runImport(run: ImportRun): Promise<ImportReport> {
  const { clock } = run.outlet
  const startMs = clock.now()
  const source = await fileSource(run.path)
  const file = await detectFile(source, Object.values(run.importer.columns), run.given)
  tellFindings(file, run)
  const shapes = modelShapes(run.catalog, run.importer.lastWins, run.organisationId)
  const reading: RowReading = { source, file, importer: run.importer, shapes }
  const rejects = await RejectFile.start(run.path, file.dialect)
  try {
    const { read, emptyLines, result } = await run.database.dedicated(async (session) => {
      const stage = new ImportStage(session, { clock, origin: originOf(run.importer) })
      const totals = await gather({ reading, rejects, stage, outlet: run.outlet })
      return { ...totals, result: await store(stage, run.outlet) }
    })
    if (result.rejected.size > 0) await rejectRows(reading, rejects, result)
    const rejected = rejects.count
    return {
      dialect: file.dialect,
      read,
      taken: read - rejected,
      rejected,
      emptyLines,
      models: result.counts,
      rejectsPath: rejected > 0 ? rejects.path : undefined,
      durationMs: clock.now() - startMs,
    }
  } finally {
    await rejects.close()
  }
}

/** The operator of a machine imports: whoever runs the command may do everything. */
function originOf({ name }: Importer): ImportOrigin {
  const trace = hex(randomBytes(16))
  return { operation: `import.${name}`, actor: 'code:plinth import', trace }
}

function tellFindings(file: DetectedFile, { outlet, path }: ImportRun): void {
  const unused = file.unused.filter((name) => !isRejectColumn(name))
  const lines = describeDialect(file.dialect).map((line) => `  ${line}`)
  if (unused.length > 0) lines.push(`  columns that are not imported: ${unused.join(', ')}`)
  outlet.write(`${path}\n${lines.join('\n')}\n`)
}

interface Gathering {
  readonly reading: RowReading
  readonly rejects: RejectFile
  readonly stage: ImportStage
  readonly outlet: ProgressOutlet
}

async function gather({
  reading,
  rejects,
  stage,
  outlet,
}: Gathering): Promise<{ readonly read: number; readonly emptyLines: number }> {
  const progress = startProgress('reading', reading.source.bytes, outlet)
  let read = 0
  let emptyLines = 0
  let bytes = 0
  // One batch is staged while the next is read: two processors, one each.
  let staging: Promise<void> = Promise.resolve()
  for await (const batch of readRows(reading)) {
    read += batch.rows.length
    emptyLines = batch.emptyLines
    bytes = batch.bytes
    await staging
    staging = stage.add(batch.rows)
    // Awaited in the next round; until then its failure must not count as unhandled.
    staging.catch(() => undefined)
    await rejects.add(batch.rows.flatMap(rejectionOf))
    progress.update({ done: batch.bytes, rows: read })
  }
  await staging
  demandWhole(reading.source, bytes)
  progress.end({ done: reading.source.bytes, rows: read })
  return { read, emptyLines }
}

/** A file that grows or shrinks meanwhile was not written to its end when it was looked at. */
function demandWhole({ name, bytes }: ByteSource, bytesRead: number): void {
  if (bytesRead === bytes) return
  const found = `${name} had ${bytes} bytes and ${bytesRead} were read`
  const cure = 'Nothing was stored. Import it when it is complete.'
  const detail = `${found}: it changed meanwhile. ${cure}`
  throw new Failure('conflict', { detail })
}

function rejectionOf({ record, number, reason }: ReadRow): Rejection[] {
  return reason === undefined ? [] : [{ record, number, reason }]
}

async function store(stage: ImportStage, outlet: ProgressOutlet): Promise<StageResult> {
  const total = await stage.size()
  const progress = startProgress('storing', total, outlet)
  let done = 0
  const result = await stage.store((records) => {
    done += records
    progress.update({ done, rows: done })
  })
  progress.end({ done: total, rows: done })
  return result
}

/**
 * Reads the file once more for the rows whose records could not be stored: memory does not hold
 * the cells of rows, and the reject file keeps the order of the input.
 */
async function rejectRows(
  reading: RowReading,
  rejects: RejectFile,
  { rejected }: StageResult,
): Promise<void> {
  await rejects.clear()
  for await (const { rows } of readRows(reading)) {
    const found = rows.flatMap((row): Rejection[] => {
      const reasons = (row.puts ?? []).flatMap(
        ({ shape, key }) => rejected.get(shape.model.name)?.get(key) ?? [],
      )
      return reasons.length > 0 ? [{ ...row, reason: reasons.join('; ') }] : rejectionOf(row)
    })
    await rejects.add(found)
  }
}
