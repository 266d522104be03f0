/** Owns the commands that work with an app's records: import, export, explain. */

import type { Command } from 'commander'
import { type GivenEncoding, givenEncodings } from '../../transfer/csv/encoding.ts'
import { listOf, oneOf, pathOf, readWords } from '../arguments.ts'
import { addCommand, examples } from './words.ts'

const separators = [',', ';', '\t', '|'] as const

/** Adds `import`, `export` and `explain`. */
export function addDataCommands(program: Command): void {
  addImport(program)
  addExport(program)
  addExplain(program)
}

interface ImportOptions {
  readonly mapping?: string
  readonly organisation?: string
  readonly encoding?: GivenEncoding
  readonly separator?: (typeof separators)[number]
  readonly decimal?: 'comma' | 'point'
  readonly dates?: 'day-first' | 'month-first' | 'year-first'
}

function addImport(program: Command): void {
  addCommand(program, 'import', 'read a CSV file into the app, by an importer that it exports')
    .usage('[app.ts] <file> [options]')
    .option('-m, --mapping <name>', 'which importer, where the app exports several')
    .option('--organisation <id or slug>', "whose the records of tenants' models are")
    .option(
      '--encoding <name>',
      `${givenEncodings.join(', ')}; default: detected`,
      oneOf('--encoding', givenEncodings),
    )
    .option('--separator <character>', 'what parts the columns; default: detected', separatorOf)
    .option(
      '--decimal <mark>',
      'comma or point; default: detected',
      oneOf('--decimal', ['comma', 'point']),
    )
    .option(
      '--dates <order>',
      'day-first, month-first or year-first; default: detected',
      oneOf('--dates', ['day-first', 'month-first', 'year-first']),
    )
    .action(async (words: string[], { mapping, organisation, ...given }: ImportOptions) => {
      const usage = 'plinth import [app.ts] <file>'
      const { app, rest } = readWords(words, { usage, min: 1, max: 1 })
      const { importFile } = await import('../commands/transfer.ts')
      await importFile({ app, file: pathOf(rest[0] ?? ''), mapping, organisation, given })
    })
    .addHelpText(
      'after',
      examples([
        'plinth import sales.csv',
        "plinth import app.ts sales.csv --separator ';' --dates day-first",
        'plinth import old.csv --encoding windows-1252',
        'plinth import projects.csv --organisation acme',
        'Rows that cannot be taken are in sales.csv.rejects.csv. Importing again changes nothing.',
      ]),
    )
}

function separatorOf(text: string): (typeof separators)[number] {
  return oneOf('--separator', separators)(text === '\\t' || text === 'tab' ? '\t' : text)
}

interface ExportOptions {
  readonly format: string
  readonly as?: string
  readonly organisation?: string
  readonly output?: string
  readonly fields?: readonly string[]
  readonly separator?: (typeof separators)[number]
}

function addExport(program: Command): void {
  addCommand(program, 'export', 'write the records of a model as CSV or JSON lines')
    .usage('[app.ts] <model> [options]')
    .option('-f, --format <format>', 'csv or jsonl', 'csv')
    .option('--as <user>', 'under the rules of a user (e-mail or id) or of anonymous; default: all')
    .option('--organisation <id or slug>', 'of this one alone; with --as: where the user works')
    .option('-o, --output <file>', 'default: standard output')
    .option('--fields <names>', 'only these, joined by commas', (text: string) => listOf(text))
    .option('--separator <character>', 'what parts the columns of CSV; default ,', separatorOf)
    .action(async (words: string[], options: ExportOptions) => {
      const usage = 'plinth export [app.ts] <model>'
      const { app, rest } = readWords(words, { usage, min: 1, max: 1 })
      const { exportFile } = await import('../commands/transfer.ts')
      const { format: form, as, organisation, output, fields, separator } = options
      const asked = { as, organisation, output, fields, separator }
      await exportFile({ app, model: rest[0] ?? '', form, ...asked })
    })
    .addHelpText(
      'after',
      examples([
        'plinth export product -o products.csv',
        'plinth export order --format jsonl --as ann@shop.example',
        'plinth export project --organisation acme',
      ]),
    )
}

interface ExplainOptions {
  readonly as: string
  readonly organisation?: string
  readonly operation?: string
}

function addExplain(program: Command): void {
  addCommand(program, 'explain', 'show why a caller may, or may not, see or change a record')
    .usage('[app.ts] <model> <id or key> --as <user> [--organisation acme]')
    .requiredOption('--as <user>', "an e-mail address, a user's id, or anonymous")
    .option('--organisation <id or slug>', 'in which the user works; default: in none')
    .option('--operation <verb>', 'read, update or delete; default: all three')
    .action(async (words: string[], options: ExplainOptions) => {
      const usage = 'plinth explain [app.ts] <model> <id or key> --as <user>'
      const { app, rest } = readWords(words, { usage, min: 2, max: 2 })
      const [model = '', id = ''] = rest
      const { explainCommand } = await import('../commands/explain.ts')
      const { as, organisation, operation: verb } = options
      await explainCommand(app, { model, id, as, organisation, verb })
    })
    .addHelpText(
      'after',
      examples([
        'plinth explain order 01a1fc2d-d597-7148-974d-71a4ba1770c7 --as ann@shop.example',
        'plinth explain product TEA-1 --as anonymous --operation read',
      ]),
    )
}
