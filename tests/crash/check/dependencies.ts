/** Owns the dependencies between list-append transactions: who must come before whom, and why. */

import { Graph } from './graph.ts'
import type { ListTransaction, Writers } from './lists.ts'

/** What dependencies are derived from. */
export interface Dependencies {
  readonly transactions: readonly ListTransaction[]
  /** By key: all its values in their order. */
  readonly orders: ReadonlyMap<string, readonly number[]>
  readonly writers: Writers
}

/**
 * Edges between the indexes of the transactions: `ww` from one append to the next, `wr` from an
 * append to who read it as the last, `rw` from a reader to the next append, `realtime` from one
 * that ended to one that began later.
 */
export function dependencyGraph(dependencies: Dependencies): Graph {
  const graph = new Graph(dependencies.transactions.length)
  for (const key of dependencies.orders.keys()) addWrites(graph, dependencies, key)
  for (const [node, transaction] of dependencies.transactions.entries()) {
    if (transaction.outcome === 'ok') addReads(graph, dependencies, node)
  }
  addRealTime(graph, dependencies.transactions)
  return graph
}

function addWrites(graph: Graph, { orders, writers }: Dependencies, key: string): void {
  const order = orders.get(key) ?? []
  for (const [index, value] of order.entries()) {
    const next = order[index + 1]
    const from = writers.get(key)?.get(value)?.node
    const to = next === undefined ? undefined : writers.get(key)?.get(next)?.node
    if (from === undefined || to === undefined) continue
    graph.add({ from, to, kind: 'ww', why: `${key}: ${next} was appended behind ${value}` })
  }
}

function addReads(
  graph: Graph,
  { transactions, orders, writers }: Dependencies,
  node: number,
): void {
  for (const operation of transactions[node]?.operations ?? []) {
    if (!('read' in operation) || operation.list === undefined) continue
    const { read: key, list } = operation
    const last = list.at(-1)
    const writer = last === undefined ? undefined : writers.get(key)?.get(last)?.node
    if (writer !== undefined) {
      graph.add({ from: writer, to: node, kind: 'wr', why: `${key}: ${last} was read` })
    }
    const next = orders.get(key)?.[list.length]
    const overwriter = next === undefined ? undefined : writers.get(key)?.get(next)?.node
    if (overwriter !== undefined) {
      graph.add({ from: node, to: overwriter, kind: 'rw', why: `${key}: ${next} was not seen` })
    }
  }
}

/**
 * Whoever ended before another began came first. Only from those who ended last: who ended before
 * one of them began comes before it already.
 */
function addRealTime(graph: Graph, transactions: readonly ListTransaction[]): void {
  const moments = transactions.flatMap(({ begunAt, endedAt, outcome }, node) => {
    if (outcome === 'fail') return []
    const begins = { at: begunAt, node, ends: false }
    return outcome === 'ok' ? [begins, { at: endedAt, node, ends: true }] : [begins]
  })
  // Of one instant the beginnings come first: equal moments prove no order.
  moments.sort((one, other) => one.at - other.at || Number(one.ends) - Number(other.ends))
  let latest: number[] = []
  const before = new Map<number, readonly number[]>()
  for (const { node, ends } of moments) {
    if (ends) {
      const earlier = new Set(before.get(node))
      latest = [...latest.filter((each) => !earlier.has(each)), node]
      continue
    }
    before.set(node, [...latest])
    for (const from of latest) {
      graph.add({ from, to: node, kind: 'realtime', why: 'it had ended before the other began' })
    }
  }
}
