/** Owns the measuring of traffic: short runs of both opponents and of pgbench, in turn. */

import { join } from 'node:path'
import type { Caller } from '../../packages/plinth/src/access/caller.ts'
import type { DatabaseAddress } from '../../packages/plinth/src/database/database.ts'
import { median } from '../table.ts'
import { type Part, processorTimeOf } from '../tree.ts'
import type { Opponent } from '../world.ts'
import { connectTo, type Fixture, tidy } from './data.ts'
import type { Loader, LoadResult } from './load.ts'
import { findPgbench, type PgbenchScripts, writeScripts } from './pgbench.ts'
import type { Request, Scenario } from './scenarios.ts'
import { type CallerOf, statementOf, storeCatalog } from './statement.ts'

/** What is measured, and with what. */
export interface TrafficOptions {
  readonly scenarios: readonly Scenario[]
  readonly fixture: Fixture
  readonly ours: Opponent
  readonly peer: Opponent
  readonly address: DatabaseAddress
  readonly loader: Loader
  /** Where files of the load go. */
  readonly folder: string
  readonly rounds: number
  readonly seconds: number
  readonly connections: number
  readonly tell: (line: string) => void
}

/** A run, and what it used: what other programs do on the machine does not change that much. */
export interface RunResult extends LoadResult {
  /** Microseconds of processor time a request; undefined where the system does not tell. */
  readonly serverUs: number | undefined
  readonly postgresUs: number | undefined
}

/** What a scenario has come to: medians; ratios are medians of the ratios of each round. */
export interface ScenarioResult {
  readonly scenario: Scenario
  readonly ours: RunResult
  readonly peer: RunResult
  readonly ratio: number
  readonly pgbench: { readonly perSecond: number; readonly ratio: number } | undefined
}

/** Measures scenario after scenario. */
export async function measureTraffic(options: TrafficOptions): Promise<readonly ScenarioResult[]> {
  const pgbench = await pgbenchFor(options)
  const results: ScenarioResult[] = []
  for (const scenario of options.scenarios) {
    const requests = scenario.requests(options.fixture)
    const scripts = scenario.is === 'read' ? await pgbench?.(scenario, requests) : undefined
    const result = await measureScenario({ options, scenario, requests, scripts })
    results.push(result)
    const { ours, peer, ratio } = result
    const rates = `${Math.round(ours.perSecond)}/s against ${Math.round(peer.perSecond)}/s`
    const use = `µs a request: ${useOf(ours)} against ${useOf(peer)}`
    options.tell(`${scenario.name}: ${rates}, ratio ${ratio.toFixed(2)}; ${use}`)
  }
  return results
}

function useOf({ serverUs, postgresUs }: RunResult): string {
  return `server ${serverUs?.toFixed(0) ?? '?'}, PostgreSQL ${postgresUs?.toFixed(0) ?? '?'}`
}

interface Measuring {
  readonly options: TrafficOptions
  readonly scenario: Scenario
  readonly requests: readonly Request[]
  readonly scripts: PgbenchScripts | undefined
}

async function measureScenario(measuring: Measuring): Promise<ScenarioResult> {
  const { options, scenario, requests, scripts } = measuring
  const { loader, connections, seconds } = options
  let runs = 0
  const load = async (opponent: Opponent, forSeconds = seconds): Promise<RunResult> => {
    runs += 1
    const label = `${scenario.name.length}-${Date.now().toString(36)}-${runs}`
    const { url } = opponent
    const before = await used(options, opponent)
    const result = await loader.load({ url, requests, seconds: forSeconds, connections, label })
    const after = await used(options, opponent)
    if (scenario.is === 'write') await tidy(options.address)
    const each = (part: Part): number | undefined =>
      before && after
        ? (((after.get(part) ?? 0) - (before.get(part) ?? 0)) * 1_000) / result.requests
        : undefined
    return { ...result, serverUs: each('server'), postgresUs: each('postgres') }
  }
  await load(options.ours, 1)
  await load(options.peer, 1)
  const rounds: Round[] = []
  for (let round = 0; round < options.rounds; round++) {
    // Whoever comes first would find the machine as the one before has left it: they swap.
    const oursFirst = round % 2 === 0
    const first = await load(oursFirst ? options.ours : options.peer)
    const second = await load(oursFirst ? options.peer : options.ours)
    const [ours, peer] = oursFirst ? [first, second] : [second, first]
    rounds.push({ ours, peer, pgbench: await scripts?.run(seconds) })
  }
  return summarize(scenario, rounds)
}

/** Processor time so far: the opponent's own, and that of PostgreSQL, which belongs to ours. */
async function used(
  { ours }: TrafficOptions,
  opponent: Opponent,
): Promise<ReadonlyMap<Part, number> | undefined> {
  if (process.platform !== 'linux') return undefined
  const own = await processorTimeOf(opponent.process.pid)
  const database = await processorTimeOf(ours.process.pid)
  return new Map([...own, ['postgres', database.get('postgres') ?? 0]])
}

interface Round {
  readonly ours: RunResult
  readonly peer: RunResult
  readonly pgbench: number | undefined
}

function summarize(scenario: Scenario, rounds: readonly Round[]): ScenarioResult {
  const pgbenchRates = rounds.flatMap(({ pgbench }) => (pgbench === undefined ? [] : [pgbench]))
  const ratios = rounds.flatMap(({ ours, pgbench }) => (pgbench ? [ours.perSecond / pgbench] : []))
  return {
    scenario,
    ours: medianResult(rounds.map(({ ours }) => ours)),
    peer: medianResult(rounds.map(({ peer }) => peer)),
    ratio: median(rounds.map(({ ours, peer }) => ours.perSecond / peer.perSecond)),
    pgbench:
      ratios.length === 0 ? undefined : { perSecond: median(pgbenchRates), ratio: median(ratios) },
  }
}

function medianResult(results: readonly RunResult[]): RunResult {
  return {
    perSecond: median(results.map(({ perSecond }) => perSecond)),
    requests: median(results.map(({ requests }) => requests)),
    p50Ms: median(results.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(results.map(({ p99Ms }) => p99Ms)),
    serverUs: medianKnown(results.map(({ serverUs }) => serverUs)),
    postgresUs: medianKnown(results.map(({ postgresUs }) => postgresUs)),
  }
}

function medianKnown(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length > 0 ? median(known) : undefined
}

type ScriptsFor = (scenario: Scenario, requests: readonly Request[]) => Promise<PgbenchScripts>

async function pgbenchFor(options: TrafficOptions): Promise<ScriptsFor | undefined> {
  const program = await findPgbench()
  if (program === undefined) {
    options.tell('pgbench is not installed: its column stays empty.')
    return undefined
  }
  const { address } = options
  const catalog = await storeCatalog()
  const callers = await callersOf(address, options.fixture)
  return (scenario, requests) => {
    const folder = join(options.folder, scenario.name.replace(/\W+/g, '-'))
    const statements = requests.map((request) => statementOf(catalog, request, callers))
    return writeScripts(statements, { program, address, folder })
  }
}

/** The callers behind the tokens: sessions were given to users in the order of their ids. */
async function callersOf(address: DatabaseAddress, fixture: Fixture): Promise<CallerOf> {
  const client = await connectTo(address)
  try {
    const tokens = [...fixture.staff, ...fixture.customers]
    const { rows } = await client.query<{ id: string; roles: string[] }>(
      'select id, roles from identity."user" order by id limit $1',
      [tokens.length],
    )
    const callers = new Map<string, Caller>()
    for (const [index, { id, roles }] of rows.entries()) {
      callers.set(tokens[index] ?? '', { is: 'user', id, roles: new Set(roles) })
    }
    return (token) => callers.get(token ?? '') ?? { is: 'anonymous' }
  } finally {
    await client.end()
  }
}
