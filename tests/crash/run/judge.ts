/** Owns the judgement of a run: its history and what stands at the end, put before the checkers. */

import { checkBank } from '../check/bank.ts'
import { type Anomaly, type HistoryLine, type Operation, operationsOf } from '../check/history.ts'
import { checkOrders, type Facts, type Parts } from '../check/invariants.ts'
import { checkListAppend } from '../check/list-append.ts'
import type { ListOperation, ListTransaction } from '../check/lists.ts'
import { checkRegister } from '../check/register.ts'
import { checkSessions, type SessionStep } from '../check/session.ts'
import { cellOperations, valuesOf } from './cells.ts'

/** What is judged. */
export interface Evidence {
  readonly history: readonly HistoryLine[]
  readonly facts: Facts
  readonly registers: ReadonlyMap<string, readonly number[]>
  readonly parts: Parts
  /** How often a failpoint threw on the way of a call: each may have become one answer. */
  readonly thrown: number
}

/** Everything that is wrong. */
export function judge({ history, facts, registers, parts, thrown }: Evidence): readonly Anomaly[] {
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
    ...[...cellOperations(operations).values()].flatMap((each) => checkRegister(each, 0)),
    ...checkSessions(operations.flatMap(sessionStep)),
    ...rudeAnswers(history, thrown),
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

/** What a client saw of the lists and added to them, by actions and by plain reads. */
function sessionStep(operation: Operation): readonly SessionStep[] {
  const { id, client: session, op, outcome, begunAt, request, response } = operation
  if (outcome !== 'ok') return []
  if (op === 'look') {
    const { key } = request as { readonly key: string }
    return [{ id, session, begunAt, saw: [{ key, values: valuesOf(response) }], added: [] }]
  }
  if (op !== 'walk') return []
  const steps = listOperations(request, response)
  const added = steps.flatMap((step) =>
    'append' in step ? [{ key: step.append, value: step.value }] : [],
  )
  const saw = steps.flatMap((step) => {
    return 'read' in step && step.list !== undefined ? [{ key: step.read, values: step.list }] : []
  })
  return [{ id, session, begunAt, saw, added }]
}

/**
 * Whatever dies, a caller is told so: a bug of ours is no answer to a death. A planted bug is told
 * as one, once.
 */
function rudeAnswers(history: readonly HistoryLine[], thrown: number): readonly Anomaly[] {
  const rude = history.flatMap(({ id, op, response }) => {
    const { status, body } = (response ?? {}) as { status?: number; body?: unknown }
    if (status === undefined || status < 500 || status === 503) return []
    return [{ kind: 'rude answer', detail: `${op} ${id}: ${status} ${JSON.stringify(body)}` }]
  })
  return rude.length <= thrown ? [] : rude
}
