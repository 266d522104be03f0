/** Owns upsert by natural key: find under lock, then update or create, in one transaction. */

import { askerOf, factsOf } from '../../access/caller.ts'
import { fieldRead, readCondition } from '../../access/compile.ts'
import { allOf, conditionText, depends } from '../../access/condition.ts'
import { fill, type Slot } from '../../access/slot.ts'
import { Failure, invalidInput, type Problem } from '../../base/failure.ts'
import { instantText } from '../../base/time.ts'
import type { Model, ModelField } from '../../catalog/catalog.ts'
import type { Session } from '../../database/database.ts'
import { reporter } from '../../kinds/kinds.ts'
import { planName } from '../../query/plan-name.ts'
import { valueSlot, type WritePlan } from '../../query/write/plan.ts'
import { name, sql, statement } from '../../sql/fragment.ts'
import type { Reply } from '../call.ts'
import { demandTime } from '../deadline.ts'
import type { Scope } from '../runtime.ts'
import { demandPossible } from './permit.ts'
import { runCreate, runUpdate } from './writes.ts'

const attemptsMax = 3

/**
 * Creates the record of a natural key, or changes the one that exists. Two upserts of a new key
 * at once: one creates; the other's insert meets the unique key, and it looks again. The row is
 * found by a locking read, never by ON CONFLICT DO NOTHING.
 *
 * A record that the caller may not read does not exist here either: the answer is that of a create
 * whose unique value is taken. So nobody who could not create learns that it is there.
 */
export async function runUpsert(scope: Scope, model: Model): Promise<Reply> {
  demandPossible(scope, model, 'create', 'update')
  const facts = factsOf(scope.caller, scope.runtime.catalog)
  // Across organisations a key says whose it is: each may have the same one.
  const whose = facts.acrossOrganisations && model.tenant !== undefined ? [model.tenant] : []
  const key = keyOf(model, { names: [...whose, ...model.key], input: scope.call.input })
  return repeated(scope, () =>
    inTransaction(scope, (session) => upsert({ ...scope, session }, { model, key })),
  )
}

/** Runs an upsert again where another one was first, unless it stands inside a transaction. */
export async function repeated<T>({ runtime, session }: Scope, run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      const raced = error instanceof Failure && error.code === 'conflict'
      if (!raced || attempt >= attemptsMax || session !== runtime.database) throw error
      // The winner's row may be one that this caller cannot see: then the next look refuses.
    }
  }
}

interface Keyed {
  readonly model: Model
  readonly key: Key
}

/** The fields by which a record is found, and their values. */
interface Key {
  readonly names: readonly string[]
  readonly values: readonly string[]
}

async function upsert(scope: Scope, keyed: Keyed): Promise<Reply> {
  demandTime(scope.runtime, scope.call)
  const id = await lockByKey(scope, keyed)
  const { call } = scope
  if (id !== undefined && !call.onlyCreate) {
    return runUpdate(
      { ...scope, call: { ...call, id, ...patchOf(call, keyed.model) } },
      keyed.model,
    )
  }
  if (id === undefined && call.version === undefined) return runCreate(scope, keyed.model)
  if (id === undefined) demandPossible(scope, keyed.model, 'update')
  throw new Failure('version_mismatch', {
    detail: call.onlyCreate
      ? 'A record with this key exists already.'
      : 'There is no record with this key: leave out If-Match to create it.',
  })
}

/** What an upsert changes: never whose the record is, which is part of its key. */
function patchOf({ input }: Scope['call'], { tenant }: Model): { readonly input: unknown } {
  if (tenant === undefined || typeof input !== 'object' || input === null) return { input }
  return { input: Object.fromEntries(Object.entries(input).filter(([name]) => name !== tenant)) }
}

async function lockByKey(scope: Scope, { model, key }: Keyed): Promise<string | undefined> {
  const { caller, runtime, session } = scope
  const { catalog } = runtime
  const facts = factsOf(caller, catalog)
  const {
    text,
    name: plan,
    slots,
  } = runtime.plans.get(`key ${facts.key} ${model.name}`, () => {
    const row = { model, alias: 't' }
    // A key that a rule hides in a row finds nothing, or it could be guessed: as reading by key.
    const conditions = key.names.flatMap((each, index) => {
      const field = model.fields.get(each) as ModelField
      const value = valueSlot(index, field.kind.columnType)
      const same = sql`${name('t', field.column)} = ${value}`
      return [depends(same), fieldRead({ catalog, facts, row }, field)]
    })
    const found = allOf([...conditions, readCondition(catalog, facts, row)])
    const made = statement(
      sql`select t.id from ${name(model.schema, model.table)} as t
        where ${conditionText(found)} for no key update of t`,
    )
    return { text: made.text, name: planName(made.text), slots: made.values as readonly Slot[] }
  }) as Pick<WritePlan, 'text' | 'name' | 'slots'>
  const now = instantText(runtime.clock.now())
  const values = fill(slots, { ...askerOf(caller), now, values: key.values })
  const { rows } = await session.query({ text, name: plan, values })
  return rows[0]?.[0] ?? undefined
}

function keyOf(
  model: Model,
  { names, input }: { readonly names: readonly string[]; readonly input: unknown },
): Key {
  const problems: Problem[] = []
  const given = (typeof input === 'object' && input !== null ? input : {}) as Readonly<
    Record<string, unknown>
  >
  const values = names.flatMap((field) => {
    const { kind } = model.fields.get(field) as ModelField
    if (given[field] === undefined || given[field] === null) {
      const detail = 'Give a value: it is the key.'
      problems.push({ pointer: `/${field}`, code: 'required', detail })
      return []
    }
    const value = kind.check(given[field], reporter(problems, `/${field}`))
    return value === undefined ? [] : [kind.parameter(value)]
  })
  if (problems.length > 0) throw invalidInput(problems)
  return { names, values }
}

function inTransaction<T>(scope: Scope, work: (session: Session) => Promise<T>): Promise<T> {
  const { runtime, session } = scope
  if (session !== runtime.database) return work(session)
  return runtime.database.transaction(work, { isolation: 'read committed', caller: scope.turn })
}
