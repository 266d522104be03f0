/** Owns the rule of an action: asked of the caller and the input before anything runs. */

import { askerOf, type Caller, factsOf } from '../../../access/caller.ts'
import { compileRule } from '../../../access/compile.ts'
import { fill, type Slot } from '../../../access/slot.ts'
import { present } from '../../../base/assert.ts'
import { Failure } from '../../../base/failure.ts'
import { instantText } from '../../../base/time.ts'
import type { ActionOperation } from '../../../catalog/catalog.ts'
import type { Session } from '../../../database/database.ts'
import { planName } from '../../../query/plan-name.ts'
import { valueSlot } from '../../../query/write/plan.ts'
import { refusal } from '../../../query/write/verdict.ts'
import { sql, statement } from '../../../sql/fragment.ts'
import { demandProof } from '../../operations/permit.ts'
import type { Runtime } from '../../runtime.ts'

/** Who calls, and where a rule that needs the input's values is asked. */
export interface Asking {
  readonly runtime: Runtime
  readonly session: Session
  readonly caller: Caller
}

/** Refuses a call that no input could make possible, before the input is looked at. */
export function demandAllowable(
  { runtime, caller }: Pick<Asking, 'runtime' | 'caller'>,
  operation: ActionOperation,
): void {
  const facts = factsOf(caller, runtime.catalog)
  const { query, holds } = planFor(operation, { runtime, facts })
  if (query !== undefined || holds) return
  demandProof({ caller, catalog: runtime.catalog }, (proven) => {
    const plan = planFor(operation, { runtime, facts: proven })
    return plan.query !== undefined || plan.holds
  })
  throw refused(facts)
}

interface AllowPlan {
  /** Undefined: `holds` says it. */
  readonly query: { readonly text: string; readonly name: string } | undefined
  readonly slots: readonly Slot[]
  readonly holds: boolean
}

/**
 * Refuses a call that the action's rule does not allow: `sign_in_required` for anonymous callers,
 * `forbidden` for others. A rule over who is calling is decided here; one over values is asked of
 * PostgreSQL in one statement, by the same code as the rules of records.
 */
export async function demandAllowed(
  { runtime, session, caller }: Asking,
  operation: ActionOperation,
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const facts = factsOf(caller, runtime.catalog)
  const { query, slots, holds } = planFor(operation, { runtime, facts })
  if (query === undefined) {
    if (!holds) demandAllowable({ runtime, caller }, operation)
    return
  }
  const inputs = {
    ...askerOf(caller),
    now: instantText(runtime.clock.now()),
    values: [...operation.input.values()].map(({ name, kind }) => {
      const value = values[name]
      return value === null || value === undefined ? null : kind.parameter(value)
    }),
  }
  const { rows } = await session.query({ ...query, values: fill(slots, inputs) })
  if (rows[0]?.[0] !== 't') throw refused(facts)
}

interface Planning {
  readonly runtime: Runtime
  readonly facts: ReturnType<typeof factsOf>
}

function planFor(operation: ActionOperation, planning: Planning): AllowPlan {
  const { runtime, facts } = planning
  const key = `allow ${operation.name} ${facts.key}`
  return runtime.plans.get(key, () => allowPlan(operation, planning))
}

function allowPlan(operation: ActionOperation, { runtime, facts }: Planning): AllowPlan {
  const { allow, inputModel } = present(operation.declared, operation.name)
  const names = [...operation.input.keys()]
  const condition = compileRule({
    ...{ catalog: runtime.catalog, facts, rule: allow },
    row: { model: inputModel, alias: 'i' },
    input: (field) => {
      const kind = operation.input.get(field)?.kind
      if (kind === undefined) return undefined
      return { value: valueSlot(names.indexOf(field), kind.columnType), given: true }
    },
  })
  if (!condition.fragment) return { query: undefined, slots: [], holds: condition.constant }
  const { text, values } = statement(sql`select coalesce(${condition.fragment}, false)`)
  return { query: { text, name: planName(text) }, slots: values as readonly Slot[], holds: false }
}

function refused(facts: Planning['facts']): Failure {
  const failure = refusal({ facts })
  if (failure.code !== 'forbidden') return failure
  return new Failure('forbidden', { detail: 'The rule of this action does not allow it to you.' })
}
