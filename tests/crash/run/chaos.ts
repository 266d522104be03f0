/** Owns one run: load, faults until enough has died, the drain, the judgement, the report. */

import { join } from 'node:path'
import type { Anomaly, HistoryLine } from '../check/history.ts'
import { partsOf } from '../check/invariants.ts'
import { type Chance, chanceFrom } from '../harness/chance.ts'
import { pause } from '../harness/processes.ts'
import { Recorder } from '../harness/recorder.ts'
import type { Server } from '../harness/server.ts'
import { readFacts, readRegisters, untilDrained } from './facts.ts'
import { drawFault, faultNamed } from './faults/draw.ts'
import type { Fault } from './faults/fault.ts'
import { judge } from './judge.ts'
import { Load, type LoadOptions } from './load.ts'
import { isInside, isOnTheWayOfACall, Points } from './points.ts'
import { checkReplays } from './replays.ts'
import type { BlowFigures, Tally, Verdict } from './report.ts'
import { DoesNotServe, System, type SystemOptions } from './system.ts'
import { Witness } from './witness.ts'

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
  /** At the end, every failpoint that has not fired is waited for once more. Default false. */
  readonly everyPoint?: boolean
  /** How much is acknowledged between two blows, from and to. Default 1 to 16. */
  readonly pace?: readonly [number, number]
  /** Milliseconds that so much is waited for. Default 2,000. */
  readonly pacePatienceMs?: number
  /** Milliseconds of load after the last fault. Default 300. */
  readonly quietMs?: number
  readonly load?: Partial<Pick<LoadOptions, 'only' | 'walk' | 'pauseMs' | 'impatient' | 'coupons'>>
  readonly say?: (line: string) => void
  /** Aborted where no more is to be struck: what happened until then is judged. */
  readonly enough?: AbortSignal
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
const rarePatienceMs = 15_000

class Run {
  readonly #system: System
  readonly #options: ChaosOptions
  readonly #chance: Chance
  readonly #recorder: Recorder
  readonly #table = new Map<string, Tally>()
  readonly #startMs = performance.now()
  readonly #points = new Points()
  readonly #witness: Witness
  readonly #blows: BlowFigures[] = []
  #kills = 0
  #thrown = 0

  constructor(system: System, options: ChaosOptions) {
    this.#system = system
    this.#options = options
    this.#chance = chanceFrom(options.seed)
    this.#recorder = new Recorder(join(system.folder, 'history.jsonl'))
    this.#witness = new Witness(system.socket)
  }

  async run(): Promise<Verdict> {
    const { points = [], script = [], clients = 8, quietMs = 300 } = this.#options
    const load = await Load.start({
      ...{ bases: this.#system.bases, recorder: this.#recorder, clients },
      chance: this.#chance.branch('load'),
      ...this.#options.load,
    })
    const anomalies: Anomaly[] = []
    try {
      await pause(firstWorkMs)
      for (const point of points) await this.#strikePoint(point)
      for (const name of script) await this.#strikeFault(faultNamed(name))
      while (!this.#isOver) await this.#strike()
      await this.#strikeUnreached()
      await pause(quietMs)
      for (const node of this.#system.nodes) node.plan([])
      await this.#system.untilServing()
    } catch (error) {
      if (!(error instanceof DoesNotServe)) throw error
      anomalies.push({ kind: 'does not serve again', detail: error.message })
    } finally {
      // The history is closed with the verdict: nobody may still write to it.
      await load.stop()
      await this.#witness.close()
    }
    return this.#verdict(anomalies.length > 0 ? anomalies : await this.#judge())
  }

  get #isOver(): boolean {
    return this.#kills >= this.#options.kills || this.#options.enough?.aborted === true
  }

  async #strike(): Promise<void> {
    const { pointPercent = 50 } = this.#options
    if (this.#chance.happens(pointPercent))
      return this.#strikePoint(this.#points.draw(this.#chance))
    await this.#strikeFault(drawFault(this.#system, this.#chance))
  }

  async #strikeFault(fault: Fault): Promise<void> {
    const node = await this.#serving()
    const open = await this.#witness.untilOpen()
    const { killed, struck } = await fault.strike({
      ...{ system: this.#system, node, chance: this.#chance },
    })
    this.#kills += killed
    this.#count(fault.name, struck)
    await this.#untilWorked({ killed, open })
  }

  /** Sets a failpoint on a node and waits until it fires; some places are seldom passed. */
  async #strikePoint(point: string, patienceMs = this.#options.pointPatienceMs): Promise<void> {
    const node = await this.#serving()
    const before = node.fired().length
    node.plan([point])
    const fired = await node.untilFired(before + 1, patienceMs ?? 2_500)
    const open = isInside(point) ? 1 : await this.#witness.open()
    node.plan([])
    const killed = Number(fired && point.endsWith('kill'))
    this.#kills += killed
    if (killed > 0) node.noteDeath()
    if (fired && point.endsWith('throw')) this.#thrown += Number(isOnTheWayOfACall(point))
    this.#points.note(point, fired)
    this.#count(point.replace(/@.*=/, ' '), fired)
    if (fired) await this.#untilWorked({ killed, open })
  }

  async #strikeUnreached(): Promise<void> {
    if (this.#options.everyPoint !== true) return
    for (const name of this.#points.unreached) {
      await this.#strikePoint(`${name}@1=kill`, rarePatienceMs)
    }
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
  async #untilWorked(blow: Pick<BlowFigures, 'killed' | 'open'>): Promise<void> {
    const { pace = [1, 16], pacePatienceMs = workPatienceMs } = this.#options
    const count = this.#chance.integer(...pace)
    const startMs = performance.now()
    const before = this.#recorder.acknowledged
    const figures = { ...blow, acknowledged: 0, backMs: Number.POSITIVE_INFINITY }
    this.#blows.push(figures)
    for (let tookMs = 0; figures.acknowledged < count && tookMs < pacePatienceMs; ) {
      await pause(5)
      tookMs = performance.now() - startMs
      figures.acknowledged = this.#recorder.acknowledged - before
      if (figures.acknowledged > 0) figures.backMs = Math.min(figures.backMs, tookMs)
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
      ...judge({ history, facts, registers, parts, thrown: this.#thrown }),
      ...(await checkReplays(system, history, this.#chance.branch('replays'))),
    ]
  }

  #verdict(anomalies: readonly Anomaly[]): Verdict {
    const { lines } = this.#recorder
    this.#recorder.close()
    return {
      ...{ seed: this.#options.seed, kills: this.#kills, anomalies, table: this.#table },
      ...{ hits: this.#points.hits, blows: this.#blows, answers: answersOf(lines) },
      operations: lines.filter(({ phase }) => phase === 'invoke').length,
      acknowledged: lines.filter(({ phase }) => phase === 'ok').length,
      folder: this.#system.folder,
      seconds: Math.round((performance.now() - this.#startMs) / 1_000),
    }
  }
}

function answersOf(lines: readonly HistoryLine[]): ReadonlyMap<number, number> {
  const answers = new Map<number, number>()
  for (const { response } of lines) {
    const { status } = (response ?? {}) as { readonly status?: number }
    if (status !== undefined) answers.set(status, (answers.get(status) ?? 0) + 1)
  }
  return answers
}
