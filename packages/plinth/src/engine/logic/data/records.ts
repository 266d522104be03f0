/** Owns what logic does with hot records: locks, and things of which only so many may be taken. */

import { askerOf } from '../../../access/caller.ts'
import { fill } from '../../../access/slot.ts'
import { assert } from '../../../base/assert.ts'
import { isSabotaged } from '../../../base/failpoint.ts'
import { instantText } from '../../../base/time.ts'
import type { Model, ModelField } from '../../../catalog/catalog.ts'
import { notFound } from '../../../query/grammar/read.ts'
import { lockPlan } from '../../../query/write/change.ts'
import { isStale } from '../../../query/write/stale.ts'
import { isStopped, planStep, type Step } from '../../../query/write/step.ts'
import { stepAhead } from '../../operations/foreseen.ts'
import { demandPossible } from '../../operations/permit.ts'
import { runGet } from '../../operations/reads.ts'
import { idOf, runPlan, runUpdate, targetOf } from '../../operations/writes.ts'
import type { Scope } from '../../runtime.ts'

/**
 * Reads a record that stays as it is until the transaction ends. The lock and the read are under
 * way together; the read sees what the lock has waited for. Fails with `not_found`.
 */
export async function lockRecord(scope: Scope, model: Model): Promise<unknown> {
  const { runtime, caller, session } = scope
  demandPossible(scope, model, 'read')
  const id = idOf(scope)
  const target = targetOf(scope, model)
  const lock = 'no key update'
  const key = `lock ${lock} ${target.facts.key} ${model.name}`
  const { text, name, slots } = runtime.plans.get(key, () => lockPlan(target, lock))
  const now = instantText(runtime.clock.now())
  const values = fill(slots, { ...askerOf(caller), now, values: [id] })
  const [{ count }, reply] = await Promise.all([
    session.query({ text, name, values }),
    runGet(scope, model),
  ])
  if (count === 0) throw notFound()
  return JSON.parse(reply.body ?? 'null') as unknown
}

/** What is taken, as `Taking` types it. */
interface Taken {
  readonly from?: unknown
  readonly into?: unknown
  readonly limit?: unknown
  readonly quantity?: unknown
}

/** Takes from a field, or into one. False where not enough is left. */
export function takeFromRecord(scope: Scope, model: Model, taking: Taken): Promise<boolean> {
  const { field, quantity, limit } = readTaking(model, taking)
  if (taking.into === undefined)
    return step(scope, { model, field, step: { is: 'take' }, quantity })
  const limitField = typeof limit === 'string' ? limit : undefined
  const filling: Step = { is: 'fill', limitField }
  return step(scope, { model, field, step: filling, quantity, limit })
}

/** Undoes `takeFromRecord`. */
export async function giveBackRecord(scope: Scope, model: Model, taking: Taken): Promise<void> {
  const { field, quantity } = readTaking(model, taking)
  const back: Step = { is: taking.into === undefined ? 'restore' : 'drain' }
  await step(scope, { model, field, step: back, quantity })
}

/** Sets an instant that is null to now. False where it was set before. */
export function consumeRecord(scope: Scope, model: Model, field: string): Promise<boolean> {
  const known = model.fields.get(field)
  const fits = known?.role === 'declared' && known.kind.columnType === 'timestamp with time zone'
  assert(fits && known?.optional, `${model.name}.${field} is no optional instant to be consumed.`)
  return step(scope, { model, field: known as ModelField, step: { is: 'consume' } })
}

function readTaking(model: Model, { from, into, limit, quantity = 1 }: Taken) {
  const field = numberField(model, from ?? into)
  const whole = Number.isSafeInteger(quantity) && (quantity as number) >= 1
  assert(whole, `A quantity is a whole number of at least 1, not ${String(quantity)}.`)
  if (typeof limit === 'string') numberField(model, limit)
  else if (into !== undefined) {
    assert(Number.isSafeInteger(limit), `A limit is a whole number or a field, not ${limit}.`)
  }
  return { field, quantity: quantity as number, limit: limit as string | number | undefined }
}

function numberField(model: Model, name: unknown): ModelField {
  const field = model.fields.get(String(name))
  const fits = field?.role === 'declared' && field.kind.arithmetic && !field.computed
  assert(field && fits, `${model.name} has no number "${String(name)}" to take from.`)
  return field
}

interface Stepping {
  readonly model: Model
  readonly field: ModelField
  readonly step: Step
  readonly quantity?: number
  readonly limit?: string | number | undefined
}

async function step(scope: Scope, stepping: Stepping): Promise<boolean> {
  const { model, field, step: way, quantity, limit } = stepping
  demandPossible(scope, model, 'update')
  const id = idOf(scope)
  if (isSabotaged('two-step-take')) return stepInTwo(scope, stepping)
  const target = targetOf(scope, model)
  const by = way.is === 'fill' ? `${way.is} ${way.limitField ?? ''}` : way.is
  const plan = scope.runtime.plans.get(
    `step ${model.name} ${target.facts.key} ${field.name} ${by}`,
    () => planStep({ ...target, field: field.name, step: way }),
  )
  const amounts = quantity === undefined ? [] : [String(quantity)]
  const most = way.is === 'fill' && way.limitField === undefined ? [String(limit)] : []
  const values = [id, ...amounts, ...most]
  if (await stepAhead(scope, { plan, values })) return true
  const first = await runPlan(scope, { plan, model, values })
  // Others were before while it waited for the row. By now the transaction holds it.
  const again = first.is === 'refused' && isStale(first.failure)
  const outcome = again ? await runPlan(scope, { plan, model, values }) : first
  if (outcome.is === 'done') return true
  if (outcome.is === 'absent') {
    // Fails with `not_found` where there is none; otherwise the step was stopped.
    await runGet(scope, model)
    return false
  }
  if (isStopped(outcome.failure)) return false
  throw outcome.failure
}

/** The planted bug: reads, judges, then writes whatever has happened in between. */
async function stepInTwo(scope: Scope, stepping: Stepping): Promise<boolean> {
  const { model, field, step: way, quantity = 1, limit } = stepping
  const reply = await runGet(scope, model)
  const record = JSON.parse(reply.body ?? '{}') as Readonly<Record<string, unknown>>
  if (way.is === 'consume') {
    if (record[field.name] !== null) return false
    const input = { [field.name]: instantText(scope.runtime.clock.now()) }
    await runUpdate({ ...scope, call: { ...scope.call, input } }, model)
    return true
  }
  const had = amountOf(record[field.name])
  const most = typeof limit === 'string' ? amountOf(record[limit]) : Number(limit)
  if (way.is === 'take' && had < quantity) return false
  if (way.is === 'fill' && had + quantity > most) return false
  const blind: Step = { is: way.is === 'take' || way.is === 'drain' ? 'drain' : 'restore' }
  const { facts } = targetOf(scope, model)
  const target = { catalog: scope.runtime.catalog, model, facts }
  const plan = planStep({ ...target, field: field.name, step: blind })
  const values = [idOf(scope), String(quantity)]
  return (await runPlan(scope, { plan, model, values })).is === 'done'
}

function amountOf(value: unknown): number {
  const money = value as { readonly amount?: number } | null
  return Number(typeof money === 'object' ? (money?.amount ?? 0) : value)
}
