/** Owns load by node:http, for machines without wrk: a fixed number of connections, kept busy. */

import { Agent, request as open } from 'node:http'
import type { LoadFigures, LoadRun } from './load-run.ts'
import type { Request } from './scenarios.ts'

interface Tally {
  readonly latenciesUs: number[]
  failed: number
  broken: number
  sent: number
}

/** Keeps every connection busy for some seconds. */
export async function clientLoad(options: LoadRun): Promise<LoadFigures> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections })
  const tally: Tally = { latenciesUs: [], failed: 0, broken: 0, sent: 0 }
  const startMs = performance.now()
  const endMs = startMs + options.seconds * 1_000
  const lane = async (): Promise<void> => {
    while (performance.now() < endMs) await ask(options, agent, tally)
  }
  await Promise.all(Array.from({ length: options.connections }, lane))
  const durationUs = (performance.now() - startMs) * 1_000
  agent.destroy()
  const sorted = tally.latenciesUs.sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0
  const { failed, broken } = tally
  return { requests: sorted.length, durationUs, p50Us: at(0.5), p99Us: at(0.99), failed, broken }
}

function ask({ url, requests, label }: LoadRun, agent: Agent, tally: Tally): Promise<void> {
  tally.sent += 1
  const { method, target, token, body } = requests[tally.sent % requests.length] as Request
  const text = body?.replaceAll('%n', `${label}-${tally.sent}`)
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(text === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
  }
  const startMs = performance.now()
  return new Promise((resolve) => {
    const sent = open(new URL(target, url), { agent, method, headers }, (response) => {
      if ((response.statusCode ?? 500) >= 400) tally.failed += 1
      response.resume().once('end', () => {
        tally.latenciesUs.push((performance.now() - startMs) * 1_000)
        resolve()
      })
    })
    sent.once('error', () => {
      tally.broken += 1
      resolve()
    })
    sent.end(text)
  })
}
