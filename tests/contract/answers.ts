/** Owns the judgement of answers to hostile requests: clear, whole, silent about our insides. */

import { failureKinds } from '../../packages/plinth/src/base/failure.ts'
import type { Model } from '../../packages/plinth/src/catalog/catalog.ts'
import { snakeCase } from '../../packages/plinth/src/catalog/names.ts'

/** An answer as a client has it. */
export interface Answered {
  readonly status: number
  readonly type: string
  readonly text: string
}

const insides: readonly RegExp[] = [
  /\bselect\b|\binsert into\b|\bpg_|\bconstraint\b|SQLSTATE|syntax error|postgres/i,
  /\b(?:relation|column|function|operator) "/i,
  /\bat [\w.<>]+ \(\S+:\d+:\d+\)|\bat (?:async )?file:|node_modules|node:internal/,
  /\/(?:work|home|root|usr|tmp|var)\/|packages\/plinth|\b[\w-]+\.ts\b/,
  /\[object |undefined|\bNaN\b|TypeError|RangeError|ReferenceError|Maximum call stack/,
]

/** Names that only the database knows: `cost_price`, `"catalog"."product"`. */
export function innerNames(models: Iterable<Model>): ReadonlySet<string> {
  const names = new Set<string>()
  for (const model of models) {
    for (const field of model.fields.keys()) {
      const column = snakeCase(field)
      if (column !== field) names.add(column)
    }
  }
  return names
}

/** What is wrong with an answer; empty: nothing. */
export function faults(answer: Answered, names: ReadonlySet<string>): string[] {
  if (answer.status < 400) return []
  if (answer.status >= 500) return [`a ${answer.status}: ${answer.text.slice(0, 300)}`]
  if (!answer.type.startsWith('application/problem+json')) return [`the type ${answer.type}`]
  const problem = JSON.parse(answer.text) as Problem
  const told: string[] = []
  const known = Object.hasOwn(failureKinds, problem.code)
  if (!known || problem.status !== answer.status)
    told.push(`code ${problem.code}, ${problem.status}`)
  if (problem.type !== `/problems/${problem.code}`) told.push(`type ${problem.type}`)
  if (!/\S{2,}.*[.!?…](?: \(and \d+ more\))?$/s.test(problem.detail ?? ''))
    told.push(`no sentence: ${problem.detail}`)
  if (!/^[0-9a-f]{32}$/.test(problem.traceId ?? '')) told.push('no trace')
  const needsPlaces = problem.code === 'invalid_input'
  if (needsPlaces && (problem.errors ?? []).length === 0) told.push('no places')
  for (const { pointer, code, detail } of problem.errors ?? []) {
    const whole = typeof pointer === 'string' && code !== '' && /[.!?…]$/.test(detail)
    if (!whole) told.push(`a problem without place or cure: ${pointer} ${code} ${detail}`)
  }
  // What we echo of the request is the caller's own.
  const { instance: _, ...own } = problem
  const text = JSON.stringify(own)
  for (const inside of insides) {
    const match = inside.exec(text)
    if (match)
      told.push(`an inside: ${text.slice(Math.max(0, match.index - 60), match.index + 80)}`)
  }
  for (const word of text.match(/\b[a-z]+(?:_[a-z]+)+\b/g) ?? []) {
    if (names.has(word)) told.push(`the column ${word}`)
  }
  return told
}

interface Problem {
  readonly type: string
  readonly status: number
  readonly code: string
  readonly detail?: string
  readonly traceId?: string
  readonly instance?: string
  readonly errors?: readonly {
    readonly pointer: string
    readonly code: string
    readonly detail: string
  }[]
}
