/** Owns the writes of models: each parses, plans (or reuses a plan), fills and runs. */

import { askerOf, factsOf } from '../../access/caller.ts'
import { fill } from '../../access/slot.ts'
import { present } from '../../base/assert.ts'
import { reach } from '../../base/failpoint.ts'
import { Failure, invalidInput } from '../../base/failure.ts'
import { instantText } from '../../base/time.ts'
import type { Model } from '../../catalog/catalog.ts'
import type { Session } from '../../database/database.ts'
import { reporter, uuidKind } from '../../kinds/kinds.ts'
import { notFound } from '../../query/grammar/read.ts'
import { lockPlan, planDelete, planUpdate } from '../../query/write/change.ts'
import { planCreate } from '../../query/write/create.ts'
import { type ParsedWrite, parseCreate, parseUpdate } from '../../query/write/input.ts'
import type { WriteTarget } from '../../query/write/permissions.ts'
import type { WriteOutcome, WritePlan } from '../../query/write/plan.ts'
import { lockReach } from '../../query/write/reach/gone.ts'
import { type Reach, reachesOthers, reachOf } from '../../query/write/reach/reach.ts'
import { isStale } from '../../query/write/stale.ts'
import type { Reply } from '../call.ts'
import { demandTime } from '../deadline.ts'
import type { Scope } from '../runtime.ts'
import { explainWriteFailure } from './conflicts.ts'
import { createAhead, originOf } from './foreseen.ts'
import { demandPossible } from './permit.ts'

/** Creates a record. */
export function runCreate(scope: Scope, model: Model): Reply | Promise<Reply> {
  demandPossible(scope, model, 'create')
  const target = targetOf(scope, model)
  const parsed = parseCreate(target, scope.call.input)
  guard(scope, model, parsed)
  const links = parsed.links.map((link) => link.relation)
  const { given } = parsed
  const plan = scope.runtime.plans.get(
    `create ${model.name} ${target.facts.key} ${given.join()} ${links.join()}`,
    () => planCreate({ ...target, given, links }),
  )
  const id = scope.runtime.newId()
  const values = [...valuesOf(parsed), id]
  const running = { plan, model, parsed, values }
  const outcome = createAhead(scope, running) ?? runPlan(scope, running)
  if (!(outcome instanceof Promise)) return created(outcome, id)
  return outcome.then((came) => created(came, id))
}

function created(outcome: WriteOutcome, id: string): Reply {
  if (outcome.is === 'done') return { status: 201, ...recordReply(outcome), id }
  throw outcome.is === 'refused' ? outcome.failure : new Failure('internal')
}

/** Changes a record by a merge patch. */
export async function runUpdate(scope: Scope, model: Model): Promise<Reply> {
  demandPossible(scope, model, 'update')
  const keeper = scope.runtime.keepers?.get(model.name)
  return keeper ? keeper.update(scope, (held) => update(held, model)) : update(scope, model)
}

async function update(scope: Scope, model: Model): Promise<Reply> {
  const id = idOf(scope)
  const target = targetOf(scope, model)
  const parsed = parseUpdate(target, scope.call.input)
  guard(scope, model, parsed)
  const links = parsed.links.map((link) => link.relation)
  const { given } = parsed
  const { versioned, version } = versionOf(scope)
  const plan = scope.runtime.plans.get(
    `update ${model.name} ${target.facts.key} ${given.join()} ${links.join()} ${versioned}`,
    () => planUpdate({ ...target, given, links, versioned }),
  )
  const values = [...valuesOf(parsed), id, ...version]
  const lock = links.length > 0 ? 'no key update' : undefined
  const outcome = await settled(scope, { target, id, lock }, (held) =>
    runPlan(held, { plan, model, parsed, values }),
  )
  if (outcome.is === 'done') return { status: 200, ...recordReply(outcome), id }
  throw outcome.is === 'refused' ? outcome.failure : notFound()
}

/** Deletes a record, or marks it where the model deletes softly. */
export async function runDelete(scope: Scope, model: Model): Promise<Reply> {
  demandPossible(scope, model, 'delete')
  const keeper = scope.runtime.keepers?.get(model.name)
  return keeper ? keeper.delete(scope, (held) => remove(held, model)) : remove(scope, model)
}

async function remove(scope: Scope, model: Model): Promise<Reply> {
  const id = idOf(scope)
  const target = targetOf(scope, model)
  const { versioned, version } = versionOf(scope)
  const plan = scope.runtime.plans.get(
    `delete ${model.name} ${target.facts.key} ${versioned}`,
    () => planDelete({ ...target, versioned }),
  )
  const reach = reachOf(target.catalog, model)
  const lock = reachesOthers(reach) ? 'update' : undefined
  const outcome = await settled(scope, { target, id, lock, reach }, (held) =>
    runPlan(held, { plan, model, values: [id, ...version] }),
  )
  if (outcome.is === 'done') return { status: 204, body: undefined }
  throw outcome.is === 'refused' ? outcome.failure : notFound()
}

/** What writes and reads of a model are planned for. */
export function targetOf({ runtime, caller }: Scope, model: Model): WriteTarget {
  return { catalog: runtime.catalog, model, facts: factsOf(caller, runtime.catalog) }
}

/** The id of a call. One that is no id cannot exist: it is absent like any other. */
export function idOf({ call }: Scope): string {
  const id = uuidKind().check(present(call.id, 'the id of a call'), reporter([], ''))
  if (id === undefined) throw notFound()
  return id
}

/** The version demanded. One that no record can have is demanded all the same, and not met. */
function versionOf({ call }: Scope): { versioned: boolean; version: readonly string[] } {
  const { version } = call
  if (typeof version !== 'number') return { versioned: false, version: [] }
  const possible = Number.isSafeInteger(version) && version >= 0 && version <= 0x7fffffff
  return { versioned: true, version: [possible ? String(version) : '0'] }
}

/** Fails with `invalid_input` where a model demands more of its values than their kinds. */
function guard({ runtime }: Scope, model: Model, { given, values }: ParsedWrite): void {
  const judge = runtime.guards?.get(model.name)
  if (!judge) return
  const problems = judge(new Map(given.map((name, index) => [name, values[index] ?? null])))
  if (problems.length > 0) throw invalidInput(problems)
}

type CallValue = string | null | readonly string[]

function valuesOf(parsed: ParsedWrite): readonly CallValue[] {
  return [...parsed.values, ...parsed.links.map((link) => link.ids)]
}

interface Locking {
  readonly target: WriteTarget
  readonly id: string
  /** Undefined: the write changes its own row alone, and needs none before it. */
  readonly lock: 'update' | 'no key update' | undefined
  /** What goes with the record. */
  readonly reach?: Reach
}

/** Makes a change; once more, behind the lock, where others were before while it waited. */
async function settled(
  scope: Scope,
  locking: Locking,
  change: (held: Scope) => Promise<WriteOutcome>,
): Promise<WriteOutcome> {
  const outcome = await locked(scope, locking, change)
  if (outcome.is !== 'refused' || !isStale(outcome.failure)) return outcome
  const { target, id } = locking
  return locked(scope, { target, id, lock: 'no key update' }, change)
}

/**
 * Links live in rows of their own, so two changes of one record's links must come one after the
 * other: the record is locked by a statement before, and the change begins with what is there then.
 * So does a deletion that others let go of: nobody refers to the record anew behind the lock.
 */
function locked<T>(
  scope: Scope,
  { target, id, lock, reach }: Locking,
  change: (held: Scope) => Promise<T>,
): Promise<T> {
  if (!lock) return change(scope)
  const { runtime, caller } = scope
  const key = `lock ${lock} ${target.facts.key} ${target.model.name}`
  const { text, name, slots } = runtime.plans.get(key, () => lockPlan(target, lock))
  const inputs = {
    ...askerOf(caller),
    now: instantText(runtime.clock.now()),
    values: [id],
  }
  const work = async (session: Session): Promise<T> => {
    demandTime(runtime, scope.call)
    const { rows } = await session.query({ text, name, values: fill(slots, inputs) })
    if (rows.length > 0 && reach) await lockGone({ ...scope, session }, { target, id, reach })
    return change({ ...scope, session })
  }
  if (scope.session !== runtime.database) return work(scope.session)
  return runtime.database.transaction(work, { isolation: 'read committed', caller: scope.turn })
}

/**
 * Locks what goes with a record, and looks again, since others may have added to it before they
 * were kept out. Where as many are found as before, they are the same ones: all of them are held.
 */
async function lockGone(
  scope: Scope,
  { target, id, reach }: Pick<Locking, 'target' | 'id'> & { readonly reach: Reach },
): Promise<void> {
  const { runtime, session } = scope
  // What only lets go of the record is held by the statement that changes it.
  if (reach.looks === 0) return
  const key = `lock gone ${target.model.name}`
  const { text, name } = runtime.plans.get(key, () => lockReach(target.catalog, reach))
  for (let look = 1, before = -1; look <= reach.looks; look++) {
    demandTime(runtime, scope.call)
    const { rows } = await session.query({ text, name, values: [id] })
    const found = Number(rows[0]?.[0])
    if (found === before) return
    before = found
  }
}

/** A planned write, and what it is run for. */
export interface Running {
  readonly plan: WritePlan
  readonly model: Model
  /** What the caller gave; nothing for a delete. */
  readonly parsed?: ParsedWrite
  readonly values: readonly CallValue[]
}

/** Runs a planned write. What PostgreSQL refuses is explained in the caller's terms. */
export async function runPlan(scope: Scope, running: Running): Promise<WriteOutcome> {
  const { runtime, caller, session, turn } = scope
  const { model, parsed } = running
  const now = instantText(runtime.clock.now())
  const inputs = { ...askerOf(caller), now, origin: originOf(scope), values: running.values }
  const { text, name, slots, read } = running.plan
  try {
    const values = fill(slots, inputs)
    const { rows } = await session.query({ text, name, values, caller: turn })
    await reach('row.written')
    return read(rows[0])
  } catch (error) {
    throw explainWriteFailure(error, { ...targetOf(scope, model), parsed })
  }
}

function recordReply(outcome: Extract<WriteOutcome, { is: 'done' }>): {
  body: string | undefined
  version: number
} {
  return { body: outcome.body, version: outcome.version }
}
