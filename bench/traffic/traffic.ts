/** Owns the measuring of traffic: short runs of both opponents and of pgbench, in turn. */

import { join } from 'node:path'
import type { Caller } from '../../packages/plinth/src/access/caller.ts'
import type { DatabaseAddress } from '../../packages/plinth/src/database/database.ts'
import { median } from '../table.ts'
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

/** What a scenario has come to: medians; ratios are medians of the ratios of each round. */
export interface ScenarioResult {
  readonly scenario: Scenario
  readonly ours: LoadResult
  readonly peer: LoadResult
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
    options.tell(`${scenario.name}: ${rates}, ratio ${ratio.toFixed(2)}`)
  }
  return results
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
  const load = async ({ url }: Opponent, forSeconds = seconds): Promise<LoadResult> => {
    runs += 1
    const label = `${scenario.name.length}-${Date.now().toString(36)}-${runs}`
    const result = await loader.load({ url, requests, seconds: forSeconds, connections, label })
    if (scenario.is === 'write') await tidy(options.address)
    return result
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

interface Round {
  readonly ours: LoadResult
  readonly peer: LoadResult
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

function medianResult(results: readonly LoadResult[]): LoadResult {
  return {
    perSecond: median(results.map(({ perSecond }) => perSecond)),
    p50Ms: median(results.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(results.map(({ p99Ms }) => p99Ms)),
  }
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
