/** Owns the audit: the table, the entries of calls, and the reading of what was recorded. */

import { append, appending } from '../database/appending.ts'
import type { Session } from '../database/database.ts'
import { all, type Fragment, sql, statement, typed } from '../sql/fragment.ts'

/** The step that makes its table. */
export const auditTables = [
  {
    id: '0040_audit',
    sql: `create table plinth.audit (
      position bigint generated always as identity primary key,
      at timestamp with time zone not null,
      operation text not null,
      verb text not null,
      actor text not null,
      model text,
      record uuid,
      was jsonb,
      becomes jsonb,
      hidden text[] not null default '{}',
      trace text not null
    );
    create index audit_record on plinth.audit (model, record, position);
    create index audit_actor on plinth.audit (actor, position);
    create index audit_at on plinth.audit (at)`,
  },
  {
    // Who it was, and by what they came, stand in one column: as it was written, once and for good.
    id: '0054_audit_who_and_via',
    sql: `drop index plinth.audit_actor;
    create index audit_who on plinth.audit
      ((case when actor like 'code:%' then actor else split_part(actor, ' ', 1) end), position);
    create index audit_via on plinth.audit
      ((case when actor like '% by user:%' then 'staff:' || split_part(actor, ' by user:', 2)
        else split_part(actor, ' via ', 2) end), position)
      where actor like '% via %' or actor like '% by user:%'`,
  },
  { id: '0042_audit_organisation', sql: 'alter table plinth.audit add organisation uuid' },
] as const

// Spelt as the indexes have it, so that they serve.
const who = sql`(case when actor like 'code:%' then actor else split_part(actor, ' ', 1) end)`
const via = sql`(case when actor like '% by user:%'
    then 'staff:' || split_part(actor, ' by user:', 2) else split_part(actor, ' via ', 2) end)`
const came = sql`actor not like 'code:%' and (actor like '% via %' or actor like '% by user:%')`

/** A call that changed something, whatever records it touched. */
export interface AuditedCall {
  readonly operation: string
  /** `user:<id>`, `anonymous`, `code:<reason>`. */
  readonly actor: string
  readonly trace: string
  /** RFC 3339. */
  readonly now: string
  /** In which it was made. Default: none. */
  readonly organisation?: string | null
}

/** Entries that no statement of a write tells by itself. */
const entries = appending(
  'plinth_audit_entry',
  sql`plinth.audit
    (verb, at, operation, actor, model, record, becomes, hidden, trace, organisation)`,
  [
    ...['text', 'timestamp with time zone', 'text', 'text', 'text', 'uuid', 'jsonb', 'text[]'],
    ...['text', 'uuid'],
  ],
)

/** Records a call in the transaction of its effects. */
export async function appendCall(session: Session, call: AuditedCall): Promise<void> {
  const { now, operation, actor, trace, organisation = null } = call
  const row = ['call', now, operation, actor, null, null, null, '{}', trace, organisation]
  await append(session, entries, [row])
}

/** A record that was made, as it is recorded apart from the statement that made it. */
export interface NewRecordEntry {
  /** RFC 3339. */
  readonly at: string
  readonly operation: string
  readonly actor: string
  readonly model: string
  readonly record: string
  /** JSON of its fields, each value the text of its column; null: none has a value. */
  readonly becomes: string | null
  readonly hidden: readonly string[]
  readonly trace: string
  readonly organisation: string | null
}

/** Records what was made. */
export function appendMade(session: Session, entry: NewRecordEntry): Promise<void> {
  const { at, operation, actor, model, record, becomes, hidden, trace, organisation } = entry
  const made = [model, record, becomes, hidden, trace, organisation]
  return append(session, entries, [['create', at, operation, actor, ...made]])
}

/** Which entries to read: all that are given must fit. */
export interface AuditQuestion {
  readonly model?: string | undefined
  readonly record?: string | undefined
  /** Who it was, whatever they came by. */
  readonly actor?: string | undefined
  /** What they came by: `key:<id>`, `agent:<id>`, `oauth:<id>`, `service:<id>`, `staff:<id>`. */
  readonly via?: string | undefined
  readonly operation?: string | undefined
  readonly trace?: string | undefined
  /** RFC 3339: not before. */
  readonly from?: string | undefined
  /** RFC 3339: before. */
  readonly to?: string | undefined
  /** Entries before this position: the way to older ones. */
  readonly before?: string | undefined
  /**
   * Whose entries beside those of no organisation: of this one, of none (null), or of all
   * (undefined).
   */
  readonly organisation: string | null | undefined
  readonly limit: number
}

/** An entry as it is stored: values are the text of their columns. */
export interface AuditRow {
  readonly position: string
  /** As PostgreSQL prints it. */
  readonly at: string
  readonly operation: string
  readonly verb: string
  readonly actor: string
  /** What the actor came by in place of a session of their own; null: nothing. */
  readonly via: string | null
  readonly model: string | null
  readonly record: string | null
  readonly was: Readonly<Record<string, string | null>>
  readonly becomes: Readonly<Record<string, string | null>>
  readonly hidden: readonly string[]
  readonly trace: string
}

const columns = sql`position, at, operation, verb, ${who}, model, record, was, becomes,
    to_jsonb(hidden), trace, case when ${came} then ${via} end`

/** Entries of one organisation, or of none alone, beside those that are nobody's. */
function whose(organisation: string | null): Fragment {
  if (organisation === null) return sql`organisation is null`
  return sql`(organisation is null or organisation = ${typed(organisation, 'uuid')})`
}

/** The newest entries that fit, newest first. */
export async function readAudit(
  session: Session,
  question: AuditQuestion,
): Promise<readonly AuditRow[]> {
  const { model, record, actor, operation, trace, from, to, before, limit } = question
  const { organisation } = question
  const instant = 'timestamp with time zone'
  const conditions = [
    fits(model, 'text', (value) => sql`model = ${value}`),
    fits(record, 'uuid', (value) => sql`record = ${value}`),
    fits(actor, 'text', (value) => sql`${who} = ${value}`),
    fits(question.via, 'text', (value) => sql`${came} and ${via} = ${value}`),
    fits(operation, 'text', (value) => sql`operation = ${value}`),
    fits(trace, 'text', (value) => sql`trace = ${value}`),
    fits(from, instant, (value) => sql`at >= ${value}`),
    fits(to, instant, (value) => sql`at < ${value}`),
    ...(organisation === undefined ? [] : [whose(organisation)]),
    fits(before, 'bigint', (value) => sql`position < ${value}`),
  ].flat()
  const asked = sql`select ${columns} from plinth.audit where ${all(conditions)}
    order by position desc limit ${typed(String(limit), 'integer')}`
  const { rows } = await session.query(statement(asked))
  return rows.map(rowOf)
}

/** The condition of a filter; none where it was not given. */
function fits(
  value: string | null | undefined,
  type: string,
  condition: (value: Fragment) => Fragment,
): readonly Fragment[] {
  return value === undefined || value === null ? [] : [condition(typed(value, type))]
}

function rowOf(cells: readonly (string | null)[]): AuditRow {
  const text = (index: number): string => cells[index] ?? ''
  return {
    ...{ position: text(0), at: text(1), operation: text(2), verb: text(3), actor: text(4) },
    model: cells[5] ?? null,
    record: cells[6] ?? null,
    was: JSON.parse(cells[7] ?? '{}'),
    becomes: JSON.parse(cells[8] ?? '{}'),
    hidden: JSON.parse(cells[9] ?? '[]'),
    trace: text(10),
    via: cells[11] ?? null,
  }
}

/** Forgets entries before an instant (RFC 3339). */
export async function forgetAudit(session: Session, before: string): Promise<number> {
  const text = 'delete from plinth.audit where at < $1::timestamp with time zone'
  const { count } = await session.query({ text, values: [before] })
  return count
}

/** Values of a record that nobody is to read any more. */
export interface Redaction {
  readonly model: string
  readonly record: string
  readonly fields: readonly string[]
}

const redactText = `update plinth.audit set was = was - $3::text[], becomes = becomes - $3::text[],
    hidden = array(select unnest(hidden) union select field from unnest($3::text[]) field
      where coalesce(was ? field, false) or coalesce(becomes ? field, false))
  where model = $1 and record = $2::uuid and (was ?| $3::text[] or becomes ?| $3::text[])`

/** Takes values of fields out of all entries of a record; that they were changed stays. */
export async function redactAudit(session: Session, redaction: Redaction): Promise<void> {
  const { model, record, fields } = redaction
  await session.query({ text: redactText, values: [model, record, `{${fields.join(',')}}`] })
}
