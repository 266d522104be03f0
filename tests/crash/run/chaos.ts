/** Owns one run: load, faults until enough has died, the drain, the judgement, the report. */

import { join } from 'node:path'
import { type Failpoint, failpoints } from '../../../packages/plinth/src/base/failpoint.ts'
import type { Anomaly } from '../check/history.ts'
import { partsOf } from '../check/invariants.ts'
import { type Chance, chanceFrom } from '../harness/chance.ts'
import { pause } from '../harness/processes.ts'
import { Recorder } from '../harness/recorder.ts'
import type { Server } from '../harness/server.ts'
import { readFacts, readRegisters, untilDrained } from './facts.ts'
import { drawFault, type Fault, faultNamed } from './faults.ts'
import { judge } from './judge.ts'
import { Load, type LoadOptions } from './load.ts'
import { checkReplays } from './replays.ts'
import { DoesNotServe, System, type SystemOptions } from './system.ts'

/** How a run goes. */
export interface ChaosOptions extends SystemOptions {
  readonly seed: number
  /** How many processes are killed at least. */
  readonly kills: number
  readonly clients?: number
  /** Failpoints, struck one by one before chance takes over: `step.done@1=kill`. */
  readonly points?: readonly string[]
  /** Faults by their names, struck after the failpoints and before chance takes over. */
  readonly script?: readonly string[]
  /** Milliseconds that a failpoint is waited for. Default 2,500. */
  readonly pointPatienceMs?: number
  /** So many of 100 faults are failpoints. Default 50. */
  readonly pointPercent?: number
  /** Milliseconds of load after the last fault. Default 300. */
  readonly quietMs?: number
  readonly load?: Partial<
    Pick<LoadOptions, 'weights' | 'walk' | 'pauseMs' | 'impatient' | 'coupons'>
  >
  readonly say?: (line: string) => void
}

/** What a run came to. */
export interface Verdict {
  readonly seed: number
  readonly kills: number
  readonly operations: number
  readonly acknowledged: number
  readonly anomalies: readonly Anomaly[]
  /** By fault and failpoint: how often it was tried, and how often it struck. */
  readonly table: ReadonlyMap<string, Tally>
  /** Where history and logs are. */
  readonly folder: string
  readonly seconds: number
}

/** Tried, and struck. */
export interface Tally {
  tried: number
  struck: number
}

/** Runs, judges, and ends everything that it has started. */
export async function chaos(options: ChaosOptions): Promise<Verdict> {
  const system = await System.start(options)
  try {
    return await new Run(system, options).run()
  } finally {
    await system.stop()
  }
}

const deathsMax = 3
// Something is to be lost when the first blow falls.
const firstWorkMs = 600
const workPatienceMs = 2_000

class Run {
  readonly #system: System
  readonly #options: ChaosOptions
  readonly #chance: Chance
  readonly #recorder: Recorder
  readonly #table = new Map<string, Tally>()
  readonly #startMs = performance.now()
  #kills = 0

  constructor(system: System, options: ChaosOptions) {
    this.#system = system
    this.#options = options
    this.#chance = chanceFrom(options.seed)
    this.#recorder = new Recorder(join(system.folder, 'history.jsonl'))
  }

  async run(): Promise<Verdict> {
    const { kills, points = [], script = [], clients = 8, quietMs = 300 } = this.#options
    const load = await Load.start({
      ...{ bases: this.#system.bases, recorder: this.#recorder, clients },
      chance: this.#chance.branch('load'),
      ...this.#options.load,
    })
    try {
      await pause(firstWorkMs)
      for (const point of points) await this.#strikePoint(point)
      for (const name of script) await this.#strikeFault(faultNamed(name))
      while (this.#kills < kills) await this.#strike()
      await pause(quietMs)
      for (const node of this.#system.nodes) node.plan([])
      await this.#system.untilServing()
    } catch (error) {
      if (!(error instanceof DoesNotServe)) throw error
      return this.#verdict([{ kind: 'does not serve again', detail: error.message }])
    } finally {
      await load.stop()
    }
    return this.#verdict(await this.#judge())
  }

  async #strike(): Promise<void> {
    const { pointPercent = 50 } = this.#options
    if (this.#chance.happens(pointPercent)) return this.#strikePoint(drawPoint(this.#chance))
    await this.#strikeFault(drawFault(this.#system, this.#chance))
  }

  async #strikeFault(fault: Fault): Promise<void> {
    const node = await this.#serving()
    const dead = await fault.strike({ system: this.#system, node, chance: this.#chance })
    this.#kills += dead
    this.#count(fault.name, dead > 0 || fault.name === 'worker frozen')
    await this.#untilWorked(this.#chance.integer(1, 16))
  }

  /** Sets a failpoint on a node and waits until it fires; some places are seldom passed. */
  async #strikePoint(point: string): Promise<void> {
    const { pointPatienceMs = 2_500 } = this.#options
    const node = await this.#serving()
    const before = node.fired().length
    node.plan([point])
    const fired = await node.untilFired(before + 1, pointPatienceMs)
    node.plan([])
    if (fired && point.endsWith('kill')) {
      this.#kills += 1
      node.noteDeath()
    }
    this.#count(point.replace(/@.*=/, ' '), fired)
    await this.#untilWorked(this.#chance.integer(1, 16))
  }

  /**
   * A node that serves. One whose worker died a few times in a row would come back more and more
   * slowly, as it should: its supervisor is killed too, and it starts anew.
   */
  async #serving(): Promise<Server> {
    for (const node of this.#system.nodes) {
      if (node.deaths < deathsMax) continue
      await node.killSupervisor()
      await node.start()
      this.#kills += 1
      this.#count('supervisor kill -9', true)
    }
    return this.#chance.pick(await this.#system.untilServing(1))
  }

  /** Between two blows something is done: so much is acknowledged, or the patience ends. */
  async #untilWorked(count: number): Promise<void> {
    const { lines } = this.#recorder
    const endMs = performance.now() + workPatienceMs
    const from = lines.length
    for (let done = 0; done < count && performance.now() < endMs; ) {
      await pause(10)
      done = lines.slice(from).filter(({ phase }) => phase === 'ok').length
    }
  }

  #count(name: string, struck: boolean): void {
    const tally = this.#table.get(name) ?? { tried: 0, struck: 0 }
    tally.tried += 1
    tally.struck += Number(struck)
    this.#table.set(name, tally)
    this.#options.say?.(`${this.#kills} killed: ${name}${struck ? '' : ' (not reached)'}`)
  }

  async #judge(): Promise<readonly Anomaly[]> {
    const system = this.#system
    const unfinished = await untilDrained(system)
    const facts = await readFacts(system, unfinished)
    const registers = await readRegisters(system)
    const parts = partsOf(this.#options.parts)
    const { lines: history } = this.#recorder
    return [
      ...judge({ history, facts, registers, parts }),
      ...(await checkReplays(system, history, this.#chance.branch('replays'))),
    ]
  }

  #verdict(anomalies: readonly Anomaly[]): Verdict {
    const { lines } = this.#recorder
    this.#recorder.close()
    return {
      ...{ seed: this.#options.seed, kills: this.#kills, anomalies, table: this.#table },
      operations: lines.filter(({ phase }) => phase === 'invoke').length,
      acknowledged: lines.filter(({ phase }) => phase === 'ok').length,
      folder: this.#system.folder,
      seconds: Math.round((performance.now() - this.#startMs) / 1_000),
    }
  }
}

const names = Object.keys(failpoints) as readonly Failpoint[]

/** Draws a failpoint with its hit and what happens there; to die is what happens most. */
function drawPoint(chance: Chance): string {
  const name = chance.pick(names)
  const hit = chance.integer(1, 12)
  const dropReply = failpoints[name].replies ? 3 : 0
  const kind = chance.weighted({ kill: 6, 'delay:150ms': 1, 'stop:1s': 1, dropReply })
  return `${name}@${hit}=${kind}`
}

/** The report of a run, as people read it: a table, what is wrong, and the verdict. */
export function report(verdict: Verdict, again: string): string {
  const { seed, kills, operations, acknowledged, anomalies, table, folder, seconds } = verdict
  const rows = [...table].sort(([one], [other]) => one.localeCompare(other))
  const lines = rows.map(([name, { tried, struck }]) => {
    return `  ${name.padEnd(36)} ${String(struck).padStart(5)} of ${String(tried).padStart(5)}`
  })
  const byKind = Map.groupBy(anomalies, ({ kind }) => kind)
  const wrong = [...byKind].map(([kind, all]) => `  ${all.length} × ${kind}: ${all[0]?.detail}`)
  const bad = anomalies.length > 0
  return [
    `Seed ${seed}: ${kills} killed in ${seconds} s, ${operations} operations asked for,`,
    `  ${acknowledged} acknowledged`,
    ...lines,
    ...(bad ? ['Wrong:', ...wrong, `History and logs: ${folder}`, `Again: ${again}`] : []),
    `VERDICT ${bad ? `FAILED, ${anomalies.length} anomalies` : 'held'} (seed ${seed})`,
  ].join('\n')
}
