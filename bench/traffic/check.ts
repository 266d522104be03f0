/** Owns the proof that both opponents do the same work: the same requests get the same JSON. */

import { isDeepStrictEqual } from 'node:util'
import type { Opponent } from '../world.ts'
import type { Fixture } from './data.ts'
import { type Request, type Scenario, scenarios } from './scenarios.ts'

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** What may differ after a write: who made it, and when. */
const madeUp: ReadonlySet<string> = new Set(['id', 'createdAt', 'updatedAt', 'version'])

/** Fails where the opponents' answers differ in more than cursors. */
export async function checkSame(
  fixture: Fixture,
  opponents: readonly [Opponent, Opponent],
): Promise<void> {
  for (const scenario of scenarios) {
    const requests = scenario.requests(fixture)
    for (const place of [0, 7]) {
      const request = requests[place]
      if (request) await checkOne({ scenario, request, label: `check-${place}` }, opponents)
    }
  }
}

interface Checking {
  readonly scenario: Scenario
  readonly request: Request
  readonly label: string
}

async function checkOne(
  { scenario, request, label }: Checking,
  [ours, peer]: readonly [Opponent, Opponent],
): Promise<void> {
  const asked = [
    await ask(ours, request, `${label}-a`),
    await ask(peer, request, `${label}-b`),
  ] as const
  const [left, right] = asked.map(({ status, body }) => ({
    status,
    body: comparable(body, scenario.is === 'write'),
  }))
  const emptied = /^\{"data":\[\]/.test(JSON.stringify(left?.body))
  if (isDeepStrictEqual(left, right) && !emptied) return
  const shown = [left, right].map((each) => JSON.stringify(each)?.slice(0, 1_500)).join('\n')
  throw new Error(
    `${scenario.name}: the opponents do not answer alike to ${request.target}\n${shown}`,
  )
}

async function ask({ url }: Opponent, request: Request, label: string): Promise<Answer> {
  const { method, target, token, body } = request
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const text = body?.replaceAll('%n', label)
  const response = await fetch(new URL(target, url), {
    method,
    headers,
    ...(text === undefined ? {} : { body: text }),
  })
  return { status: response.status, body: await response.json() }
}

/** A body without what must differ: cursors by their presence only. */
function comparable(body: unknown, written: boolean): unknown {
  if (typeof body !== 'object' || body === null) return body
  const entries = Object.entries(body).map(([name, value]) => {
    if (name === 'page') return [name, presence(value)]
    if (!written) return [name, value]
    if (madeUp.has(name)) return [name, typeof value]
    return [name, typeof value === 'string' ? value.replace(/-[ab]$/, '') : value]
  })
  return Object.fromEntries(entries)
}

function presence(page: unknown): unknown {
  const { next, previous } = page as { readonly next: unknown; readonly previous: unknown }
  return { next: typeof next, previous: typeof previous }
}
