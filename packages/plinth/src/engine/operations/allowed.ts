/** Owns the asking of rules over named values: of several values at once, in one statement. */

import { askerOf, type Caller, factsOf, viaOf } from '../../access/caller.ts'
import { compileRule } from '../../access/compile.ts'
import { comparisonType } from '../../access/operand.ts'
import { fill, type Slot } from '../../access/slot.ts'
import { Failure } from '../../base/failure.ts'
import { instantText } from '../../base/time.ts'
import type { ModelField, ValueRule } from '../../catalog/catalog.ts'
import { planName } from '../../query/plan-name.ts'
import { valueSlot } from '../../query/write/plan.ts'
import { refusal } from '../../query/write/verdict.ts'
import { type Fragment, join, name, raw, sql, statement } from '../../sql/fragment.ts'
import type { Runtime } from '../runtime.ts'
import { demandProof } from './permit.ts'

/** Named values, as JSON has them. */
export type NamedValues = Readonly<Record<string, unknown>>

/** Who asks. */
export interface RuleAsking {
  readonly runtime: Runtime
  readonly caller: Caller
}

interface RulePlan {
  /** Undefined: `holds` says it. */
  readonly query: { readonly text: string; readonly name: string } | undefined
  readonly slots: readonly Slot[]
  readonly holds: boolean
}

/**
 * Refuses a caller whom no values could let through. Fails with `sign_in_required`, `forbidden`,
 * `step_up_required`.
 */
export function demandPossibleFor({ runtime, caller }: RuleAsking, rule: ValueRule): void {
  const facts = factsOf(caller, runtime.catalog)
  const isPossible = ({ query, holds }: RulePlan): boolean => query !== undefined || holds
  if (isPossible(planFor(rule, { runtime, facts }))) return
  demandProof({ caller, catalog: runtime.catalog }, (proven) => {
    return isPossible(planFor(rule, { runtime, facts: proven }))
  })
  throw refused(facts)
}

/** Refuses a caller whom these values do not let through. Fails as `demandPossibleFor` does. */
export async function demandAllowedFor(
  asking: RuleAsking,
  rule: ValueRule,
  values: NamedValues,
): Promise<void> {
  demandPossibleFor(asking, rule)
  const [allowed] = await allowedAmong(asking, rule, [values])
  if (!allowed) throw refused(factsOf(asking.caller, asking.runtime.catalog))
}

/**
 * Which of these a rule lets a caller have, in order. What depends on who asks alone is decided
 * here; the rest by PostgreSQL, by the same code as the rules of records.
 */
export async function allowedAmong(
  { runtime, caller }: RuleAsking,
  rule: ValueRule,
  values: readonly NamedValues[],
): Promise<readonly boolean[]> {
  const facts = factsOf(caller, runtime.catalog)
  const { query, slots, holds } = planFor(rule, { runtime, facts })
  if (query === undefined) return values.map(() => holds)
  const columns = [...rule.members].map(([member, { kind }]) =>
    values.map((one) => {
      const value = one[member]
      return value === null || value === undefined ? null : String(kind.parameter(value as never))
    }),
  )
  const inputs = {
    ...askerOf(caller),
    now: instantText(runtime.clock.now()),
    values: [values.map((_, at) => String(at)), ...columns] as never,
  }
  const { rows } = await runtime.database.query({
    ...query,
    values: fill(slots, inputs),
    repeatable: true,
  })
  const found = new Set(rows.map(([at]) => Number(at)))
  return values.map((_, at) => found.has(at))
}

interface Planning {
  readonly runtime: Runtime
  readonly facts: ReturnType<typeof factsOf>
}

function planFor(rule: ValueRule, { runtime, facts }: Planning): RulePlan {
  const key = `rule ${rule.name} ${facts.key}`
  return runtime.plans.get(key, () => planned(rule, { runtime, facts }))
}

/** The values come as one list of texts for each member: `v.m0`, `v.m1`, and so on. */
function planned(rule: ValueRule, { runtime, facts }: Planning): RulePlan {
  const members = [...rule.members.keys()]
  const column = (field: ModelField): Fragment => {
    const at = members.indexOf(field.name)
    const type = raw(comparisonType(field.kind))
    return at < 0 ? sql`null::${type}` : sql`${name('v', `m${at}`)}::${type}`
  }
  const condition = compileRule({
    ...{ catalog: runtime.catalog, facts, rule: rule.allow },
    row: { model: rule.model, alias: 'v', column },
  })
  if (!condition.fragment) return { query: undefined, slots: [], holds: condition.constant }
  const lists = [raw(''), ...members].map((_, at) => valueSlot(at, 'text[]'))
  const names = ['at', ...members.map((_, at) => `m${at}`)].map((each) => name(each))
  const { text, values } = statement(
    sql`select ${name('v', 'at')} from unnest(${join(lists)}) as v(${join(names)})
      where ${condition.fragment}`,
  )
  return { query: { text, name: planName(text) }, slots: values as readonly Slot[], holds: false }
}

function refused(facts: Planning['facts']): Failure {
  const failure = refusal({ facts })
  if (failure.code !== 'forbidden') return failure
  return new Failure('forbidden', { detail: 'Its rule does not allow this to you.' })
}

/** Refuses a narrower credential without any of these scopes. Fails with `insufficient_scope`. */
export function demandOneScope(caller: Caller, scopes: readonly string[]): void {
  const held = viaOf(caller)?.scopes
  if (held === undefined || scopes.some((scope) => held.has(scope))) return
  throw new Failure('insufficient_scope', {
    detail: `This takes the scope ${scopes.join(' or ')}: use a credential that has it.`,
  })
}
