/** Owns the reading of the audit: who may see which entries, and what of them. */

import { askerOf, type Caller, factsOf } from '../../access/caller.ts'
import { fieldRead, readCondition } from '../../access/compile.ts'
import { Failure, invalidInput } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { ActionInput, ActionOperation, Model } from '../../catalog/catalog.ts'
import { always, both } from '../../define/expression.ts'
import { type AuditRow, readAudit } from '../../effects/audit.ts'
import {
  bigintKind,
  instantKind,
  integerKind,
  type Json,
  textKind,
  uuidKind,
} from '../../kinds/kinds.ts'
import type { Call } from '../call.ts'
import { runModelOperation } from '../models.ts'
import type { Action, ActionScope, ActionValues, Runtime } from '../runtime.ts'
import { recordedValue } from './values.ts'

const given = (name: string, kind: ActionInput['kind']): ActionInput => ({
  name,
  kind,
  optional: true,
})

const input: readonly ActionInput[] = [
  given('model', textKind({ max: 63 })),
  given('record', uuidKind()),
  given('actor', textKind({ max: 200 })),
  given('via', textKind({ max: 200 })),
  given('operation', textKind({ max: 200 })),
  given('trace', textKind({ max: 32 })),
  given('from', instantKind()),
  given('to', instantKind()),
  given('before', bigintKind({ min: '1' })),
  given('limit', integerKind({ min: 1, max: limits.pageSizeMax })),
]

const operation: ActionOperation = Object.freeze({
  name: 'audit.entries',
  type: 'action',
  kit: 'audit',
  path: 'entries',
  safe: true,
  input: new Map(input.map((one) => [one.name, one])),
  description:
    'Who did what, newest first. The role admin reads all; with `model` and `record`, whoever ' +
    'may read a record reads its history where its model says `audit: "readers"`.',
})

/** The operation by which the audit is read. The runtime is asked for when it is called. */
export function auditAction(runtime: () => Runtime): Action {
  return {
    operation,
    admit: (caller, call) => demandReader(runtime(), caller, call),
    async run(scope) {
      const entries = await entriesFor(runtime(), scope)
      return { status: 200, value: entries }
    },
  }
}

/** An entry as its reader may see it. `hidden` also names fields whose values they may not read. */
interface Entry extends Omit<AuditRow, 'was' | 'becomes'> {
  readonly before: Readonly<Record<string, Json>>
  readonly after: Readonly<Record<string, Json>>
}

async function entriesFor(runtime: Runtime, scope: ActionScope): Promise<object> {
  const asked = scope.input as ActionValues & { readonly limit?: number }
  const limit = asked.limit ?? 20
  const question = { ...asked, limit: limit + 1, organisation: whoseEntries(scope.caller) }
  const rows = await readAudit(runtime.database, question)
  const page = rows.slice(0, limit)
  const known = { runtime, caller: scope.caller, ofRecord: typeof asked.record === 'string' }
  const data = page.map((row) => entryOf(known, row))
  return { data, page: { next: rows.length > limit ? (page.at(-1)?.position ?? null) : null } }
}

/** Entries of an organisation's records are its own, whatever else their reader may. */
function whoseEntries(caller: Caller): string | null | undefined {
  if (caller.is === 'unrestricted' && caller.acrossOrganisations) return undefined
  return askerOf(caller).organisationId
}

/** One answer for a record that does not exist, one that is hidden, and one without a history. */
async function demandReader(runtime: Runtime, caller: Caller, asked: Call): Promise<void> {
  const input = Object(asked.input) as { readonly model?: unknown; readonly record?: unknown }
  if (caller.is === 'unrestricted') return
  if (caller.is === 'user' && caller.roles.has('admin')) return
  if (caller.is === 'anonymous' && typeof input.record !== 'string') {
    throw new Failure('sign_in_required', { detail: 'Sign in to read the audit.' })
  }
  if (typeof input.model !== 'string' || typeof input.record !== 'string') {
    throw new Failure('forbidden', { detail: 'Name a model and a record, or be an admin.' })
  }
  const model = runtime.catalog.models.get(input.model)
  if (model?.audit !== 'readers') throw noHistory()
  const call = { ...asked, operation: `${model.name}.get`, id: input.record, query: {} }
  const reading = { runtime, session: runtime.database, caller, call }
  await runModelOperation(reading, { name: call.operation, type: 'get', model }).catch(
    (error: unknown) => {
      throw error instanceof Failure && error.status < 500 ? noHistory() : error
    },
  )
}

function noHistory(): Failure {
  return invalidInput([
    { pointer: '/record', code: 'not_found', detail: 'There is no history of such a record.' },
  ])
}

interface Known {
  readonly runtime: Runtime
  readonly caller: Caller
  /** True: the caller may read this very record, so what follows the record may be seen. */
  readonly ofRecord: boolean
}

function entryOf(known: Known, row: AuditRow): Entry {
  const { position, operation, verb, actor, via, record, trace } = row
  const model = known.runtime.catalog.models.get(row.model ?? '')
  const seen = visibleFields(known, model)
  const changed = new Set([...Object.keys(row.was), ...Object.keys(row.becomes)])
  const hidden = [...changed].filter((name) => !seen(name))
  const shown = (side: AuditRow['was']): Readonly<Record<string, Json>> =>
    Object.fromEntries(
      Object.entries(side)
        .filter(([name]) => seen(name))
        .map(([name, text]) => [name, recordedValue(model, name, text)]),
    )
  return {
    ...{ position, at: instantKind().toValue(row.at), operation, verb, actor, via },
    ...{ model: row.model, record, before: shown(row.was), after: shown(row.becomes) },
    hidden: [...row.hidden, ...hidden].sort(),
    trace,
  }
}

/** What depends on the row is hidden: the entry is older than what the rule would be asked of. */
function visibleFields(
  { runtime, caller, ofRecord }: Known,
  model: Model | undefined,
): (name: string) => boolean {
  if (!model) return () => caller.is === 'unrestricted'
  const facts = factsOf(caller, runtime.catalog)
  const { catalog } = runtime
  const row = { model, alias: 't' }
  // Entries of deleted records are seen by whoever sees every record.
  const all = (of: Model): boolean =>
    readCondition(catalog, facts, { ...row, model: whole(of) }).constant === true
  const linked = new Map(
    [...model.relations.values()].map(({ inputName, target }) => [inputName, target]),
  )
  const seesAll = ofRecord || all(model)
  return (name) => {
    if (!seesAll && caller.is !== 'unrestricted') return false
    const field = model.fields.get(name)
    if (!field) {
      // The ids of records that the caller may not see are theirs to keep.
      const target = catalog.models.get(linked.get(name) ?? '')
      return target !== undefined && all(target)
    }
    return fieldRead({ catalog, facts, row }, field).constant === true
  }
}

/**
 * A model as the audit asks of it: records that are deleted count, and of a tenant's there are only
 * entries of the reader's own organisation.
 */
function whole(model: Model): Model {
  const { access } = model
  const { within } = access
  const terms = access.read.type === 'and' ? access.read.terms : [access.read]
  const read = both(terms.filter((term) => term !== within))
  return { ...model, softDelete: false, access: { ...access, within: always, read } }
}
