/** Owns the check of list-append histories, after Elle: what readers saw betrays the order. */

import { cycleAnomalies } from './cycles.ts'
import { type Dependencies, dependencyGraph } from './dependencies.ts'
import type { Anomaly } from './history.ts'
import type { ListTransaction, Writer, Writers } from './lists.ts'

/**
 * Checks a history together with the lists as they stand at the end. Every value is appended at
 * most once to a key. Finds: duplicate, unknown value, G1a (aborted read), G1b (intermediate
 * read), incompatible order, lost append, internal (a transaction
 * that contradicts itself), and circles of
 * dependencies (G0, G1c, G-single, G2-item, and each with real time: strict serializability).
 */
export function checkListAppend(
  transactions: readonly ListTransaction[],
  final: ReadonlyMap<string, readonly number[]>,
): readonly Anomaly[] {
  const writers = writersOf(transactions)
  const reads = readsOf(transactions, final)
  const { orders, anomalies } = ordersOf(reads)
  const found = [
    ...anomalies,
    ...reads.flatMap((read) => [...strangeValues(read, writers), ...intermediate(read, writers)]),
    ...transactions.flatMap(blindToItself),
    ...lostAppends(transactions, final),
  ]
  const dependencies: Dependencies = { transactions, orders, writers }
  const nameOf = (node: number): string => transactions[node]?.id ?? `#${node}`
  return [...unique(found), ...cycleAnomalies(dependencyGraph(dependencies), nameOf)]
}

function writersOf(transactions: readonly ListTransaction[]): Writers {
  const writers = new Map<string, Map<number, Writer>>()
  for (const [node, transaction] of transactions.entries()) {
    const last = new Map<string, number>()
    for (const operation of transaction.operations) {
      if ('append' in operation) last.set(operation.append, operation.value)
    }
    for (const operation of transaction.operations) {
      if (!('append' in operation)) continue
      const { append: key, value } = operation
      const ofKey = writers.get(key) ?? new Map<number, Writer>()
      ofKey.set(value, { node, transaction, superseded: last.get(key) !== value })
      writers.set(key, ofKey)
    }
  }
  return writers
}

interface Read {
  readonly key: string
  readonly list: readonly number[]
  /** -1: the lists at the end. */
  readonly node: number
  readonly by: string
}

function readsOf(
  transactions: readonly ListTransaction[],
  final: ReadonlyMap<string, readonly number[]>,
): readonly Read[] {
  const seen = transactions.flatMap(({ id, outcome, operations }, node) =>
    operations.flatMap((operation) => {
      if (!('read' in operation) || outcome !== 'ok' || operation.list === undefined) return []
      return [{ key: operation.read, list: operation.list, node, by: id }]
    }),
  )
  const last = [...final].map(([key, list]) => ({ key, list, node: -1, by: 'the end' }))
  return [...seen, ...last]
}

/** The longest list of a key is its order; every other one must be how it began. */
function ordersOf(reads: readonly Read[]): {
  readonly orders: ReadonlyMap<string, readonly number[]>
  readonly anomalies: readonly Anomaly[]
} {
  const orders = new Map<string, readonly number[]>()
  for (const { key, list } of reads) {
    if (list.length > (orders.get(key)?.length ?? -1)) orders.set(key, list)
  }
  const anomalies = reads.flatMap(({ key, list, by }) => {
    const order = orders.get(key) ?? []
    const differs = list.findIndex((value, index) => value !== order[index])
    if (differs < 0) return []
    const where = `${key}[${differs}]: ${list[differs]} for ${by}, ${order[differs]} elsewhere`
    return [{ kind: 'incompatible order', detail: where }]
  })
  return { orders, anomalies }
}

function strangeValues({ key, list, by }: Read, writers: Writers): readonly Anomaly[] {
  const anomalies: Anomaly[] = []
  const met = new Set<number>()
  for (const value of list) {
    const writer = writers.get(key)?.get(value)?.transaction
    const detail = `${key} holds ${value}, as ${by} saw`
    if (met.has(value)) anomalies.push({ kind: 'duplicate', detail: `${detail}, twice` })
    met.add(value)
    if (writer === undefined) anomalies.push({ kind: 'unknown value', detail })
    if (writer?.outcome === 'fail') {
      anomalies.push({ kind: 'G1a', detail: `${detail}; ${writer.id}, which appended it, failed` })
    }
  }
  return anomalies
}

/** A list that others read ends with the last value that its writer appended. */
function intermediate({ key, list, node, by }: Read, writers: Writers): readonly Anomaly[] {
  const last = list.at(-1)
  const writer = last === undefined ? undefined : writers.get(key)?.get(last)
  if (writer === undefined || !writer.superseded || writer.node === node) return []
  const detail = `${by} saw ${key} end with ${last}, before ${writer.transaction.id} was done`
  return [{ kind: 'G1b', detail }]
}

/** What a transaction reads of a key follows from its own earlier reads and appends. */
function blindToItself({ id, outcome, operations }: ListTransaction): readonly Anomaly[] {
  if (outcome !== 'ok') return []
  const seen = new Map<string, readonly number[]>()
  const own = new Map<string, readonly number[]>()
  const anomalies: Anomaly[] = []
  for (const operation of operations) {
    if ('append' in operation) {
      const { append: key, value } = operation
      own.set(key, [...(own.get(key) ?? []), value])
    } else if (operation.list !== undefined) {
      const { read: key, list } = operation
      const appended = own.get(key) ?? []
      const begins = seen.get(key) ?? list.slice(0, Math.max(0, list.length - appended.length))
      if (!same(list, [...begins, ...appended])) {
        anomalies.push({ kind: 'internal', detail: `${id} read ${key} as [${list}]` })
      }
      seen.set(key, list)
      own.delete(key)
    }
  }
  return anomalies
}

function same(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index])
}

function lostAppends(
  transactions: readonly ListTransaction[],
  final: ReadonlyMap<string, readonly number[]>,
): readonly Anomaly[] {
  const kept = new Map([...final].map(([key, list]) => [key, new Set(list)]))
  return transactions.flatMap(({ id, outcome, operations }) =>
    operations.flatMap((operation) => {
      if (!('append' in operation) || outcome !== 'ok') return []
      const { append: key, value } = operation
      if (kept.get(key)?.has(value)) return []
      return [{ kind: 'lost append', detail: `${id} appended ${value} to ${key}: it is gone` }]
    }),
  )
}

function unique(anomalies: readonly Anomaly[]): readonly Anomaly[] {
  return [...new Map(anomalies.map((each) => [`${each.kind} ${each.detail}`, each])).values()]
}
