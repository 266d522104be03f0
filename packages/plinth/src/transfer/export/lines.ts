/** Owns the forms in which records are exported: CSV lines and JSON lines. */

import type { Model, ModelField } from '../../catalog/catalog.ts'
import type { Expression } from '../../define/expression.ts'
import type { Separator } from '../csv/splitter.ts'
import { csvLine, harmless } from '../csv/writer.ts'

/** A record as a list read answers it. */
export type ExportedRecord = Readonly<Record<string, unknown>>

/** Turns records into lines of text. */
export interface ExportForm {
  /** What stands before the first record. */
  readonly head: string
  line(record: ExportedRecord): string
}

/** One JSON object on each line, exactly as the API answers it. */
export const jsonLines: ExportForm = Object.freeze({
  head: '',
  line: (record: ExportedRecord) => `${JSON.stringify(record)}\n`,
})

/**
 * CSV with a header, for people and spreadsheets: amounts as `12.50` under `price GBP`, what is
 * empty or hidden from the caller as an empty cell, text that a spreadsheet would run as a formula
 * with an apostrophe before it (security case L03). For exact copies there are JSON lines.
 */
export function csvForm(fields: readonly ModelField[], separator: Separator = ','): ExportForm {
  return Object.freeze({
    // The mark tells spreadsheets that the file is UTF-8.
    head: `\uFEFF${csvLine(fields.map(headerOf), separator)}`,
    line: (record: ExportedRecord) =>
      csvLine(
        fields.map((field) => cellText(record[field.name], field)),
        separator,
      ),
  })
}

/** The columns of an export: all fields but those that nobody can ever read. */
export function exportedFields(model: Model): readonly ModelField[] {
  return [...model.fields.values()].filter(
    ({ access, role }) => !isNever(access.read) && role !== 'deletedAt',
  )
}

function isNever(rule: Expression): boolean {
  return rule.type === 'constant' && !rule.value
}

/** What the catalog says of a field of money. */
interface MoneyForm {
  readonly currency: string
  readonly digits: number
}

function moneyForm({ kind }: ModelField): MoneyForm | undefined {
  const { currency, digits } = kind.options
  if (typeof currency !== 'string' || typeof digits !== 'number') return undefined
  return { currency, digits }
}

function headerOf(field: ModelField): string {
  const money = moneyForm(field)
  return harmless(money ? `${field.name} ${money.currency}` : field.name)
}

function cellText(value: unknown, field: ModelField): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return harmless(value)
  if (typeof value !== 'object') return String(value)
  const money = moneyForm(field)
  if (money && 'amount' in value) return majorUnits(String(value.amount), money.digits)
  return harmless(JSON.stringify(value))
}

/** `255` with two digits is `2.55`, exactly. */
function majorUnits(units: string, digits: number): string {
  const negative = units.startsWith('-')
  const plain = units.replace('-', '').padStart(digits + 1, '0')
  const text = digits === 0 ? plain : `${plain.slice(0, -digits)}.${plain.slice(-digits)}`
  return negative ? `-${text}` : text
}
