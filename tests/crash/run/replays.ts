/** Owns the check of replays: a key gives its one answer again, and to another body none. */

import { type Anomaly, type HistoryLine, type Operation, operationsOf } from '../check/history.ts'
import type { Chance } from '../harness/chance.ts'
import type { System } from './system.ts'

const samples = 30
const paths: Readonly<Record<string, string>> = {
  order: '/api/shop/order',
  transfer: '/api/shop/transfer',
  walk: '/api/shop/walk',
}

/** Asks some of what was acknowledged again: once as it was, once with another body. */
export async function checkReplays(
  system: System,
  history: readonly HistoryLine[],
  chance: Chance,
): Promise<readonly Anomaly[]> {
  const answered = operationsOf(history).filter(({ op, outcome }) => outcome === 'ok' && paths[op])
  const anomalies: Anomaly[] = []
  for (let count = 0; count < Math.min(samples, answered.length); count++) {
    anomalies.push(...(await checkReplay(system, chance.pick(answered))))
  }
  return anomalies
}

async function checkReplay(system: System, operation: Operation): Promise<readonly Anomaly[]> {
  const { id, op, request, response } = operation
  const known = response as { readonly status: number; readonly body: unknown }
  const again = await send(system, operation, request)
  const other = await send(system, operation, { ...(request as object), reference: `other-${id}` })
  const anomalies: Anomaly[] = []
  if (again.status !== known.status || again.text !== textOf(known.body)) {
    const detail = `${op} ${id}: ${known.status} ${textOf(known.body)}, then ${again.status}`
    anomalies.push({ kind: 'replay differs', detail: `${detail} ${again.text}` })
  }
  if (other.status !== 422 || !other.text.includes('key_reused')) {
    const detail = `${op} ${id}: another body was answered ${other.status} ${other.text}`
    anomalies.push({ kind: 'key of another body', detail })
  }
  return anomalies
}

async function send(
  { bases }: System,
  { id, op }: Operation,
  body: unknown,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${bases.at(-1)}${paths[op]}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': id },
    body: JSON.stringify(body),
  })
  return { status: response.status, text: await response.text() }
}

/** A body as it was sent: JSON keeps the order of its members. */
function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}
