/** Owns the state of parsing a read: values and problems so far, each problem at its place. */

import type { CallerFacts } from '../../access/caller.ts'
import { Failure, invalidInput, type Problem } from '../../base/failure.ts'
import { isExactNumber } from '../../base/json.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import { suggestionOrStop } from '../../catalog/mistakes.ts'
import type { Report } from '../../kinds/kinds.ts'
import type { Cursors } from '../cursor.ts'

/** A read being parsed. */
export interface Parsing {
  readonly catalog: Catalog
  readonly facts: CallerFacts
  /** True where leaves are text from a query string. */
  readonly text: boolean
  /** True where lists may be asked for as connections. */
  readonly connections: boolean
  /** Undefined where no list is paged. */
  readonly paging: Paging | undefined
  /** Values in PostgreSQL's text form; shapes name them by index. */
  readonly values: string[]
  readonly problems: Problem[]
  /** What is well-formed but asks for too much. */
  readonly excesses: Problem[]
  /** What the cursors of connections are bound to. */
  readonly bindings: string[]
  terms: number
  includes: number
}

/** What lists are paged with. */
export interface Paging {
  readonly cursors: Cursors
  /** The caller's user id; null: none. Cursors are for the same caller only. */
  readonly meId: string | null
  readonly organisationId: string | null
}

/** A place in the input, as a list from the end. */
export interface Place {
  readonly name: string
  readonly up: Place | undefined
}

const problemsMax = 50
const echoMax = 100

/** The place of a key inside another. */
export function below(up: Place | undefined, name: string | number): Place {
  return { name: String(name), up }
}

/** Notes a problem. */
export function note(
  parsing: Parsing,
  place: Place,
  [code, detail]: readonly [string, string],
): void {
  if (parsing.problems.length >= problemsMax) return
  parsing.problems.push({ pointer: pointerOf(parsing, place), code, detail })
}

/** Notes that a read asks for more than a cap allows. */
export function noteExcess(parsing: Parsing, place: Place, detail: string): void {
  if (parsing.excesses.length >= problemsMax) return
  parsing.excesses.push({ pointer: pointerOf(parsing, place), code: 'too_many', detail })
}

/** A kind's report, at a place. */
export function reportAt(parsing: Parsing, place: Place): Report {
  return (inner, code, detail) => {
    if (parsing.problems.length >= problemsMax) return
    parsing.problems.push({ pointer: pointerOf(parsing, place) + inner, code, detail })
  }
}

/** Notes a name that is not there, or not for this caller: nobody can tell which. */
export function noteUnknown(
  parsing: Parsing,
  place: Place,
  unknown: { readonly what: string; readonly name: string; readonly known: Iterable<string> },
): void {
  if (parsing.problems.length >= problemsMax) return
  const { what, name, known } = unknown
  const near = suggestionOrStop(name.slice(0, echoMax), known)
  note(parsing, place, [
    `unknown_${what}`,
    `There is no ${what} "${name.slice(0, echoMax)}"${near}`,
  ])
}

/** Ends the parsing with every problem at once, if there is any. */
export function settle({ problems, excesses }: Parsing): void {
  if (problems.length > 0) throw invalidInput([...problems, ...excesses])
  const first = excesses[0]
  if (!first) return
  throw new Failure('query_too_costly', {
    detail: `${first.pointer}: ${first.detail}`,
    problems: excesses,
  })
}

/** JSON pointer (RFC 6901), or the parameter's name in a query string: `filter[price][lte]`. */
function pointerOf({ text }: Parsing, place: Place): string {
  const names: string[] = []
  for (let at: Place | undefined = place; at; at = at.up) names.unshift(at.name)
  if (!text) {
    return names.map((each) => `/${each.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
  }
  return names.map((each, index) => (index === 0 ? each : `[${each}]`)).join('')
}

/** A plain object of JSON or of a query string. */
export type Entries = Readonly<Record<string, unknown>>

/** The input as an object; undefined for anything else. */
export function entriesOf(input: unknown): Entries | undefined {
  if (typeof input !== 'object' || input === null) return undefined
  return Array.isArray(input) || isExactNumber(input) ? undefined : (input as Entries)
}

/** The input as a list. In a query string a list is `a[0]=…&a[1]=…`, or a text with commas. */
export function itemsOf({ text }: Parsing, input: unknown): readonly unknown[] | undefined {
  if (Array.isArray(input)) return input
  if (!text) return undefined
  if (typeof input === 'string') return input === '' ? [] : input.split(',')
  const entries = entriesOf(input)
  const keys = Object.keys(entries ?? {})
  if (!entries || !keys.every((key) => /^\d{1,4}$/.test(key))) return undefined
  return keys.sort((a, b) => Number(a) - Number(b)).map((key) => entries[key])
}
