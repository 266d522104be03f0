/** Owns one short run of load against a server: by wrk where it is installed, else by our own. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isInstalled, run } from '../processes.ts'
import { clientLoad } from './client.ts'
import type { LoadFigures, LoadRun } from './load-run.ts'

/** What one run has come to. */
export interface LoadResult {
  readonly perSecond: number
  readonly requests: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Puts load on a server. */
export interface Loader {
  readonly name: string
  load(run: LoadRun): Promise<LoadResult>
}

/** The best loader that this machine has; files for it go to the folder. */
export async function findLoader(folder: string): Promise<Loader> {
  if (!(await isInstalled('wrk')))
    return { name: 'own client (wrk is not installed)', load: loadByClient }
  return { name: 'wrk', load: (options) => loadByWrk(folder, options) }
}

async function loadByWrk(folder: string, options: LoadRun): Promise<LoadResult> {
  const file = join(folder, 'requests.txt')
  const lines = options.requests.map(({ method, target, token, body }) =>
    [method, target, token ?? '-', body ?? ''].join(' ').trimEnd(),
  )
  await writeFile(file, `${lines.join('\n')}\n`)
  const printed = await run('wrk', [
    ...['-t', '1', '-c', String(options.connections), '-d', `${options.seconds}s`],
    ...['-s', join(import.meta.dirname, 'requests.lua'), options.url, '--', file, options.label],
  ])
  const json = printed.split('\n').find((line) => line.startsWith('{'))
  return resultOf(JSON.parse(json ?? '{}') as LoadFigures, options)
}

async function loadByClient(options: LoadRun): Promise<LoadResult> {
  return resultOf(await clientLoad(options), options)
}

function resultOf(figures: LoadFigures, { url }: LoadRun): LoadResult {
  const { requests, durationUs, p50Us, p99Us, failed, broken } = figures
  if (failed + broken > 0 || !(requests > 0)) {
    throw new Error(`${url} failed ${failed} and left ${broken} of ${requests} requests open.`)
  }
  return {
    perSecond: requests / (durationUs / 1e6),
    requests,
    p50Ms: p50Us / 1_000,
    p99Ms: p99Us / 1_000,
  }
}
