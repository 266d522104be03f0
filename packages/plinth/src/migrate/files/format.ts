/** Owns the form of a migration file: reviewable SQL, with marks that the tool reads. */

import { Failure } from '../../base/failure.ts'
import { groupsOf } from '../apply/apply.ts'
import type { Expectation, Step } from '../diff/step.ts'

/** A migration file, read. */
export interface MigrationFile {
  readonly name: string
  readonly text: string
  readonly sections: readonly Section[]
  readonly destructive: boolean
}

/** A piece that runs as a whole. */
export interface Section {
  /** False: statement by statement, outside a transaction, and again when it broke off. */
  readonly transactional: boolean
  readonly sql: string
  /** The same, apart: outside a transaction, a statement ends with a `;` that ends its line. */
  readonly statements: readonly string[]
  readonly expectations: readonly Expectation[]
  /** The line of the file on which it begins. */
  readonly line: number
}

const marks = Object.freeze({
  transaction: '-- plinth:transaction',
  alone: '-- plinth:no-transaction',
  destructive: '-- plinth:destructive',
  expectation: '-- plinth:expect-none ',
})

/** The text of a file. */
export function printFile(steps: readonly Step[], header: readonly string[]): string {
  const lines = header.map((line) => `-- ${line}`.trimEnd())
  for (const group of groupsOf(steps)) {
    if (group[0]?.transactional) {
      lines.push('', marks.transaction)
      for (const step of group) lines.push(...printStep(step), ...step.statements.map(ended))
      continue
    }
    for (const step of group) {
      lines.push('', marks.alone, ...printStep(step), ...step.statements.map(ended))
    }
  }
  return `${lines.join('\n')}\n`
}

function printStep(step: Step): readonly string[] {
  return [
    ...(step.safety === 'destructive' ? [marks.destructive] : []),
    `-- ${step.safety}: ${step.summary} ${step.lock}`,
    ...step.expectations.map((each) => `${marks.expectation}${JSON.stringify(each)}`),
  ]
}

function ended(text: string): string {
  return `${text};`
}

/** Reads the text of a file. Fails with `migration_refused` where a mark is not understood. */
export function readFile(name: string, text: string): MigrationFile {
  const sections: Section[] = []
  let open: { transactional: boolean; line: number; lines: string[]; found: Expectation[] }
  const start = (transactional: boolean, line: number) => {
    return { transactional, line, lines: [], found: [] }
  }
  const close = (): void => {
    const sql = open.lines.join('\n').trim()
    const { transactional, line, found } = open
    const statements = sql.split(/(?<=;)\s*$/m).filter(saysSomething)
    if (statements.length > 0) {
      sections.push({ transactional, line, sql, statements, expectations: found })
    }
  }
  open = start(true, 1)
  let destructive = false
  for (const [index, line] of text.replaceAll('\r\n', '\n').split('\n').entries()) {
    const mark = line.trim()
    if (mark === marks.transaction || mark === marks.alone) {
      close()
      open = start(mark === marks.transaction, index + 1)
    } else if (mark === marks.destructive) destructive = true
    else if (mark.startsWith(marks.expectation)) {
      open.found.push(expectation(mark.slice(marks.expectation.length), `${name}:${index + 1}`))
    } else if (mark.startsWith('-- plinth:')) {
      throw new Failure('migration_refused', {
        detail: `${name}:${index + 1}: the mark ${mark} is not known. Correct or remove it.`,
      })
    } else open.lines.push(line)
  }
  close()
  return { name, text, sections, destructive }
}

/** False for comments and blank lines alone. */
function saysSomething(sql: string): boolean {
  return sql.split('\n').some((line) => !/^\s*(?:--|$)/.test(line))
}

function expectation(text: string, where: string): Expectation {
  try {
    const read: unknown = JSON.parse(text)
    if (isExpectation(read)) return read
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  throw new Failure('migration_refused', {
    detail: `${where}: give the expectation as JSON with sql, problem and cure, or remove it.`,
  })
}

function isExpectation(read: unknown): read is Expectation {
  if (typeof read !== 'object' || read === null) return false
  const texts = ['sql', 'problem', 'cure'] as const
  return texts.every((key) => typeof (read as Record<string, unknown>)[key] === 'string')
}
