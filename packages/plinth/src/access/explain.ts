/** Owns the explanation of access: why a caller may, or may not, do something with a record. */

import { assert } from '../base/assert.ts'
import type { Catalog, Model, Verb } from '../catalog/catalog.ts'
import type { Expression } from '../define/expression.ts'
import {
  type Fragment,
  join,
  name,
  type Statement,
  sql,
  statement,
  typed,
} from '../sql/fragment.ts'
import { askerOf, type Caller, factsOf } from './caller.ts'
import { type RowSource, sightOf } from './compile.ts'
import { alive, tableAs } from './rows.ts'
import { fill, type Slot } from './slot.ts'
import { type TraceNode, type Tracing, trace } from './trace.ts'

/** What runs the one statement of an explanation: a database session is one. */
export interface Looker {
  query(query: Statement): Promise<{ readonly rows: readonly (readonly (string | null)[])[] }>
}

/** What to explain. */
export interface ExplainRequest {
  readonly session: Looker
  readonly catalog: Catalog
  readonly model: Model
  /** The record's id, a UUID. */
  readonly id: string
  readonly caller: Caller
  /** RFC 3339. */
  readonly now: string
  /** Default: read, update and delete. */
  readonly verbs?: readonly Verb[]
}

/** Why a verb is allowed, or not. */
export interface VerbTrace {
  readonly verb: Verb
  /** Of an update with two rules: which of them. `after` is decided as if nothing changed. */
  readonly moment?: 'before' | 'after'
  readonly trace: TraceNode
}

/** Why, for one record and caller. */
export interface Explanation {
  /** False: there is no such record, whoever asks. */
  readonly found: boolean
  /** True: it was deleted softly, so no operation finds it. */
  readonly deleted: boolean
  /** True: the caller passes all rules. */
  readonly unrestricted: boolean
  readonly verbs: readonly VerbTrace[]
  /** Fields with a `read` rule of their own. */
  readonly fields: readonly { readonly field: string; readonly trace: TraceNode }[]
}

/**
 * Explains a record's rules for a caller. For operators: it tells of the record whatever the
 * caller may see. Rules over `input` are decided as if nothing had been sent.
 */
export async function explainAccess(request: ExplainRequest): Promise<Explanation> {
  const { catalog, model, caller, verbs = ['read', 'update', 'delete'] } = request
  const row: RowSource = { model, alias: 't' }
  const facts = factsOf(caller, catalog)
  const sight = sightOf({ catalog, facts, row, before: row })
  const list: Fragment[] = [sql`(${alive(row) ?? sql`true`})::text`]
  const verbTraces = verbs.flatMap((verb) =>
    momentsOf(model, verb).map(({ rule, ...moment }) => ({
      verb,
      ...moment,
      at: trace(sight, rule, list),
    })),
  )
  const fieldTraces = [...model.fields.values()].flatMap((field) => {
    const { read } = field.access
    if (read.type === 'constant' && read.value) return []
    return [{ field: field.name, at: trace(sight, read, list) }]
  })
  const cells = await look(request, list)
  const done = (at: Tracing): TraceNode => at(cells ?? [])
  return Object.freeze({
    found: cells !== undefined,
    deleted: cells?.[0] === 'false',
    unrestricted: facts.unrestricted,
    verbs: cells ? verbTraces.map(({ at, ...asked }) => ({ ...asked, trace: done(at) })) : [],
    fields: cells ? fieldTraces.map(({ field, at }) => ({ field, trace: done(at) })) : [],
  })
}

function momentsOf(
  { access }: Model,
  verb: Verb,
): readonly { readonly rule: Expression; readonly moment?: 'before' | 'after' }[] {
  if (verb !== 'update' || access.updated === access.update) return [{ rule: access[verb] }]
  return [
    { rule: access.update, moment: 'before' },
    { rule: access.updated, moment: 'after' },
  ]
}

async function look(
  { session, model, id, caller, now }: ExplainRequest,
  list: readonly Fragment[],
): Promise<readonly (string | null)[] | undefined> {
  const slot: Slot = { slot: 'constant', value: id }
  const where = sql`${name('t', 'id')} = ${typed(slot, 'uuid')}`
  const { text, values } = statement(
    sql`select ${join(list)} from ${tableAs(model, 't')} where ${where}`,
  )
  const filled = fill(values, { ...askerOf(caller), now, values: [] })
  const { rows } = await session.query({ text, values: filled })
  assert(rows.length <= 1, 'an id names one record')
  return rows[0]
}

/** An explanation as indented lines: `✓ row.published  (row.published = true)`. */
export function explanationLines(explanation: Explanation): readonly string[] {
  if (!explanation.found) return ['There is no such record.']
  const lines: string[] = []
  if (explanation.deleted) lines.push('✗ the record is deleted: no operation finds it')
  if (explanation.unrestricted) lines.push('✓ the caller is unrestricted: no rule is asked')
  for (const { verb, moment, trace: node } of explanation.verbs) {
    const label = moment === undefined ? verb : `${verb}, ${moment} the change`
    lines.push(...nodeLines(node, label, 0))
  }
  for (const { field, trace: node } of explanation.fields) {
    lines.push(...nodeLines(node, `read ${field}`, 0))
  }
  return lines
}

function nodeLines(node: TraceNode, label: string, depth: number): readonly string[] {
  const seen = node.values.map(({ text, value }) => `${text} = ${value ?? 'null'}`)
  const values = seen.length > 0 ? `  (${seen.join(', ')})` : ''
  const head = label === '' ? node.text : `${label}: ${node.text}`
  const line = `${'  '.repeat(depth)}${node.outcome ? '✓' : '✗'} ${head}${values}`
  return [line, ...node.terms.flatMap((term) => nodeLines(term, '', depth + 1))]
}
