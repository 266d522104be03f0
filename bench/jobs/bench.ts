/** Owns the figures of jobs: how many a second, how soon, after a death, beside a million. */

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningApp } from '../../packages/plinth/src/app/compose.ts'
import type { DatabaseAddress } from '../../packages/plinth/src/database/database.ts'
import { logicTransaction } from '../../packages/plinth/src/engine/logic/transaction.ts'
import { type Figure, grouped } from '../table.ts'
import { measureClaims } from './claims.ts'
import { measurePeer } from './peer.ts'
import { begun, note, noted, openDesk, startServer } from './world.ts'

const jobs = 40_000
const jobsOfPeer = 8_000
const waiting = 1_000_000
const samples = 400
const kills = 16

const caller = { is: 'unrestricted', reason: 'bench' } as const
const run = { caller, traceId: 'bench', name: 'bench' }

/** Measures everything about jobs, on a server of its own. */
export async function measureJobs(
  scratch: { readonly path: string },
  tell: (line: string) => void,
): Promise<readonly Figure[]> {
  const server = await startServer(scratch.path)
  try {
    const desk = await openDesk(server.address, { work: 'off', follow: true })
    const peer = await measurePeer(server.address, jobsOfPeer)
    const rate = await measureRate(desk, server.address)
    tell(`jobs: ${grouped(rate)}/s, the loop by hand ${grouped(peer)}/s`)
    const delays = await measureDelays(server.address)
    const takeOvers = await measureTakeOvers(desk, server.address)
    const claims = await measureClaims(desk.runtime.database, waiting)
    await desk.close()
    return [rateFigure(rate, peer), ...delayFigures(delays), takeOverFigure(takeOvers)].concat(
      claimFigure(claims),
    )
  } finally {
    await server.stop()
  }
}

/** Jobs a second: enqueued before, run by one process beside PostgreSQL, counted by their rows. */
async function measureRate(desk: RunningApp, address: DatabaseAddress): Promise<number> {
  const { runtime } = desk
  for (let from = 0; from < jobs; from += 1_000) {
    await logicTransaction(runtime, run, async ({ scope }) => {
      const numbers = Array.from({ length: 1_000 }, (_, at) => from + at)
      await Promise.all(numbers.map((number) => scope.enqueue(note, { number })))
    })
  }
  const startMs = performance.now()
  const worker = await openDesk(address, { work: 'on' })
  const left = `select 1 from plinth.job where state <> 'done' limit 1`
  while ((await runtime.database.query({ text: left, values: [] })).rows.length > 0) {
    await sleep(20)
  }
  const tookMs = performance.now() - startMs
  await worker.close()
  const text = 'select count(*), count(distinct number) from desk.note'
  const { rows } = await runtime.database.query({ text, values: [] })
  if (rows[0]?.join() !== `${jobs},${jobs}`) throw new Error(`Not once each: ${rows[0]}.`)
  return (jobs * 1_000) / tookMs
}

/** Milliseconds from a commit to the start of a handler, in order. */
async function measureDelays(address: DatabaseAddress): Promise<readonly number[]> {
  const desk = await openDesk(address, { work: 'on' })
  await desk.worker.registered
  const delays: number[] = []
  for (let at = 0; at < samples; at++) {
    const number = 1_000_000 + at
    await logicTransaction(desk.runtime, run, async ({ scope }) => scope.emit(noted, { number }))
    const committedMs = performance.now()
    while (!begun.has(number)) await sleep(1)
    delays.push((begun.get(number) ?? 0) - committedMs)
    await sleep(5 + (at % 20))
  }
  await desk.close()
  return delays.sort((a, b) => a - b)
}

/** Milliseconds from kill -9 of a worker to the end of its job elsewhere, in order. */
async function measureTakeOvers(
  desk: RunningApp,
  address: DatabaseAddress,
): Promise<readonly number[]> {
  const took: number[] = []
  for (let kill = 0; kill < kills; kill++) {
    const number = 2_000_000 + kill
    const child = spawn(
      process.execPath,
      ['--conditions=source', join(import.meta.dirname, 'stuck.ts'), JSON.stringify(address)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const said = once(child.stdout)
    await logicTransaction(desk.runtime, run, async ({ scope }) => {
      await scope.enqueue(note, { number })
    })
    await said
    const other = await openDesk(address, { work: 'on' })
    await other.worker.registered
    const killedMs = performance.now()
    child.kill('SIGKILL')
    while (!begun.has(number)) await sleep(2)
    took.push((begun.get(number) ?? 0) - killedMs)
    await other.close()
  }
  return took.sort((a, b) => a - b)
}

function once(stream: NodeJS.ReadableStream): Promise<unknown> {
  return new Promise((resolve) => stream.once('data', resolve))
}

function rateFigure(rate: number, peer: number): Figure {
  return {
    name: `jobs, once each (a loop by hand: ${grouped(peer)}/s)`,
    value: `${grouped(rate)} jobs/s`,
    goal: '≥ 4,000 jobs/s',
    reached: rate >= 4_000,
  }
}

function delayFigures(delays: readonly number[]): readonly Figure[] {
  const at = (share: number): number => delays[Math.floor(delays.length * share)] ?? Number.NaN
  return (
    [
      [0.5, 5],
      [0.95, 15],
    ] as const
  ).map(([share, goal]) => ({
    name: `commit to start of handler, p${share * 100}`,
    value: `${at(share).toFixed(1)} ms`,
    goal: `≤ ${goal} ms`,
    reached: at(share) <= goal,
  }))
}

function takeOverFigure(took: readonly number[]): Figure {
  const worst = took.at(-1) ?? Number.NaN
  return {
    name: `take-over after kill -9, the longest of ${took.length}`,
    value: `${worst.toFixed(0)} ms`,
    goal: '≤ 1,000 ms',
    reached: worst <= 1_000,
  }
}

function claimFigure({ besideNoneMs, besideManyMs }: Awaited<ReturnType<typeof measureClaims>>) {
  const more = (besideManyMs / besideNoneMs - 1) * 100
  return {
    name: `a claim of 50 beside ${grouped(waiting)} waiting (${besideManyMs.toFixed(2)} ms)`,
    value: `${more.toFixed(0)} % slower`,
    goal: '≤ 20 %',
    reached: more <= 20,
  }
}
