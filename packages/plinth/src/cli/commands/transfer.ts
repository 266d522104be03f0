/** Owns `plinth import` and `plinth export`. */

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { RunningApp } from '../../app/compose.ts'
import { callerNamed } from '../../app/explain.ts'
import type { LoadedApp } from '../../app/file/load-app.ts'
import { findOrganisation } from '../../app/people/organisations/find.ts'
import { Failure } from '../../base/failure.ts'
import { hex, randomBytes } from '../../base/ids.ts'
import { systemClock } from '../../base/time.ts'
import { suggestion } from '../../catalog/mistakes.ts'
import type { Separator } from '../../transfer/csv/splitter.ts'
import type { GivenDialect } from '../../transfer/dialect/dialect.ts'
import { exportRecords } from '../../transfer/export/export.ts'
import type { Importer } from '../../transfer/import/importer.ts'
import { type ImportReport, runImport } from '../../transfer/import/run.ts'
import { exitCodes } from '../failures.ts'
import { withApp } from '../session.ts'
import { columns, tell, tellRaw } from '../terminal.ts'

/** Options of `plinth import`. */
export interface ImportCommand {
  readonly app: string | undefined
  readonly file: string
  /** The importer's name; not needed where the app exports one. */
  readonly mapping: string | undefined
  /** Id or slug: whose the records of tenants' models are. */
  readonly organisation: string | undefined
  readonly given: GivenDialect
}

/** Imports a file. The exit code is 1 where rows were rejected. */
export async function importFile(command: ImportCommand): Promise<void> {
  const { app, file, mapping, given, organisation: which } = command
  await withApp(app, async ({ loaded, running }) => {
    const importer = chooseImporter(loaded, mapping)
    const place = which === undefined ? undefined : await findOrganisation(running, which)
    const report = await runImport({
      catalog: running.catalog,
      database: running.runtime.database,
      importer,
      path: file,
      given,
      organisationId: place?.id,
      outlet: {
        write: tellRaw,
        terminal: process.stderr.isTTY === true,
        clock: systemClock,
        ...(process.stderr.columns ? { columns: process.stderr.columns } : {}),
      },
    })
    tellReport(report)
    if (report.rejected > 0) process.exitCode = exitCodes.failure
  })
}

function chooseImporter({ importers, file }: LoadedApp, wanted: string | undefined): Importer {
  const names = [...importers.keys()]
  if (wanted !== undefined) {
    const found = importers.get(wanted)
    if (found) return found
    const near = suggestion(wanted, names) || `. There are: ${names.join(', ') || 'none'}.`
    throw new Failure('usage', { detail: `There is no importer "${wanted}"${near}` })
  }
  const [only] = importers.values()
  if (only && importers.size === 1) return only
  const detail = only
    ? `Choose an importer with --mapping: ${names.join(', ')}.`
    : `${file} exports no importer. Declare one with importer(…) from plinth/server and export it.`
  throw new Failure('usage', { detail })
}

function tellReport(report: ImportReport): void {
  const { read, taken, rejected, emptyLines, models, rejectsPath, durationMs } = report
  tell()
  const counts = [...models].map(([model, count]) => [
    `  ${model}`,
    ...Object.entries(count).map(([what, number]) => `${number.toLocaleString('en')} ${what}`),
  ])
  for (const line of columns(counts)) tell(line)
  const seconds = Math.max(0.001, durationMs / 1_000)
  const rate = Math.round(read / seconds).toLocaleString('en')
  const empty = emptyLines > 0 ? ` (${emptyLines} empty lines)` : ''
  tell(
    `Read ${read.toLocaleString('en')} = taken ${taken.toLocaleString('en')} + ` +
      `rejected ${rejected.toLocaleString('en')}${empty}, in ${seconds.toFixed(1)} s (${rate}/s).`,
  )
  if (rejectsPath === undefined) return
  tell(`Rejected rows, each with its line and reason: ${rejectsPath}`)
}

/** Options of `plinth export`. */
export interface ExportCommand {
  readonly app: string | undefined
  readonly model: string
  readonly form: string
  /** Undefined: everything, past all rules. */
  readonly as: string | undefined
  /** Id or slug. Undefined: with the records of all organisations; of none, with `as`. */
  readonly organisation: string | undefined
  /** Undefined: stdout. */
  readonly output: string | undefined
  readonly fields: readonly string[] | undefined
  readonly separator: Separator | undefined
}

const operator = Object.freeze({ is: 'unrestricted', reason: 'plinth export' } as const)

type Exporter = Parameters<typeof exportRecords>[0]['caller']

/** Under whose rules, and of which organisation, an export reads. */
async function exporterOf(
  running: RunningApp,
  { as, organisation: which }: Pick<ExportCommand, 'as' | 'organisation'>,
): Promise<Exporter> {
  if (as !== undefined) return callerNamed(running, as, which)
  if (which === undefined) return { ...operator, acrossOrganisations: true }
  const { id } = await findOrganisation(running, which)
  return { ...operator, organisation: { id, role: '' } }
}

/** Exports the records of a model. */
export async function exportFile(command: ExportCommand): Promise<void> {
  const { app, model, output, fields, separator } = command
  const form = formOf(command.form)
  await withApp(app, async ({ running }) => {
    const caller = await exporterOf(running, command)
    const sink = openSink(output)
    try {
      const count = await exportRecords({
        ...callsOf(running),
        ...{ caller, model, form, traceId: hex(randomBytes(16)), write: sink.write },
        ...(fields === undefined ? {} : { fields }),
        ...(separator === undefined ? {} : { separator }),
      })
      await sink.end()
      tell(`${count.toLocaleString('en')} records of ${model}${output ? ` in ${output}` : ''}.`)
    } catch (error) {
      await sink.drop()
      if (!sink.closed()) throw error
    }
  })
}

function callsOf({ catalog, invoke }: RunningApp): Pick<RunningApp, 'catalog' | 'invoke'> {
  return { catalog, invoke }
}

function formOf(text: string): 'csv' | 'jsonl' {
  if (text === 'csv' || text === 'jsonl') return text
  throw new Failure('usage', { detail: `"${text}" is no format: give csv or jsonl.` })
}

interface Sink {
  readonly write: (text: string) => Promise<void>
  end(): Promise<void>
  drop(): Promise<void>
  /** True where the reader of a pipe has what it wanted, as `head` does: no failure. */
  closed(): boolean
}

/** A file appears complete or not at all. */
function openSink(output: string | undefined): Sink {
  const draft = output === undefined ? undefined : `${output}.part`
  const stream = draft === undefined ? process.stdout : createWriteStream(draft)
  let broken: unknown
  stream.on('error', (error) => {
    broken = error
  })
  return {
    async write(text) {
      if (broken !== undefined) throw cannotWrite(output, broken)
      if (text !== '' && !stream.write(text)) await once(stream, 'drain')
    },
    async end() {
      if (draft === undefined || output === undefined) return
      stream.end()
      await once(stream, 'close')
      if (broken !== undefined) throw cannotWrite(output, broken)
      await rename(draft, output)
    },
    closed: () => output === undefined && hasCode(broken, 'EPIPE'),
    async drop() {
      if (draft === undefined) return
      stream.destroy()
      await rm(draft, { force: true })
    },
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function cannotWrite(output: string | undefined, cause: unknown): Failure {
  const place = output ?? 'the output'
  return new Failure('usage', { detail: `${place} cannot be written: ${String(cause)}`, cause })
}
