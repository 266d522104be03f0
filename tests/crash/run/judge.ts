/** Owns the judgement of a run: its history and what stands at the end, put before the checkers. */

import { checkBank } from '../check/bank.ts'
import { type Anomaly, type HistoryLine, operationsOf } from '../check/history.ts'
import { checkOrders, type Facts, type Parts } from '../check/invariants.ts'
import { checkListAppend } from '../check/list-append.ts'
import type { ListOperation, ListTransaction } from '../check/lists.ts'

/** What is judged. */
export interface Evidence {
  readonly history: readonly HistoryLine[]
  readonly facts: Facts
  readonly registers: ReadonlyMap<string, readonly number[]>
  readonly parts: Parts
}

/** Everything that is wrong. */
export function judge({ history, facts, registers, parts }: Evidence): readonly Anomaly[] {
  const operations = operationsOf(history)
  const walks = operations.flatMap(({ op, request, response, ...rest }) => {
    return op === 'walk' ? [{ ...rest, operations: listOperations(request, response) }] : []
  })
  const total = facts.accounts.reduce((sum, { initial }) => sum + initial, 0)
  const looks = operations.flatMap(({ op, id, outcome, response }) => {
    return op === 'balances' && outcome === 'ok' ? [{ id, balances: balancesOf(response) }] : []
  })
  const last = new Map(facts.accounts.map(({ id, balance }) => [id, balance]))
  return [
    ...checkOrders(operations, facts, parts),
    ...checkBank([...looks, { id: 'the end', balances: last }], total),
    ...checkListAppend(walks satisfies readonly ListTransaction[], registers),
    ...rudeAnswers(history),
  ]
}

interface Walk {
  readonly steps: readonly { readonly key: string; readonly append?: number }[]
}

/** What was asked, with what was read where the answer is known. */
function listOperations(request: unknown, response: unknown): readonly ListOperation[] {
  const lists = (response as { body?: { lists?: { values: number[] }[] } } | undefined)?.body?.lists
  let reads = 0
  return (request as Walk).steps.map(({ key, append }) => {
    if (append !== undefined) return { append: key, value: append }
    return { read: key, list: lists?.[reads++]?.values }
  })
}

function balancesOf(response: unknown): ReadonlyMap<string, number> {
  const { body } = response as { body: { accounts: { name: string; balance: number }[] } }
  return new Map(body.accounts.map(({ name, balance }) => [name, balance]))
}

/** Whatever dies, a caller is told so: a bug of ours is no answer to a death. */
function rudeAnswers(history: readonly HistoryLine[]): readonly Anomaly[] {
  return history.flatMap(({ id, op, response }) => {
    const { status, body } = (response ?? {}) as { status?: number; body?: unknown }
    if (status === undefined || status < 500 || status === 503) return []
    return [{ kind: 'rude answer', detail: `${op} ${id}: ${status} ${JSON.stringify(body)}` }]
  })
}
