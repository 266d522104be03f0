/** Owns the faults of a run: each kills, freezes or cuts off something. */

import type { Chance } from '../harness/chance.ts'
import { pause } from '../harness/processes.ts'
import type { Server } from '../harness/server.ts'
import type { System } from './system.ts'

/** A fault: does it, and says how many processes died by force. */
export interface Fault {
  readonly name: string
  /** Whether it can be done on this system. */
  readonly fits: (system: System) => boolean
  readonly strike: (struck: Struck) => Promise<number>
}

/** What a fault is done to. */
export interface Struck {
  readonly system: System
  /** A node that serves. */
  readonly node: Server
  readonly chance: Chance
}

const always = (): boolean => true
const embedded = ({ postgres }: System): boolean => postgres === undefined
const whole = ({ postgres }: System): boolean => postgres !== undefined

/** Every fault that needs no failpoint. */
export const faults: readonly Fault[] = [
  {
    name: 'worker kill -9',
    fits: always,
    strike: async ({ node }) => Number(node.killWorker()),
  },
  {
    name: 'worker frozen',
    fits: always,
    async strike({ node, chance }) {
      if (!node.killWorker('SIGSTOP')) return 0
      await pause(chance.integer(200, 2_500))
      node.killWorker('SIGCONT')
      return 0
    },
  },
  {
    name: 'supervisor kill -9',
    fits: always,
    async strike({ node }) {
      await node.killSupervisor()
      await node.start()
      return 1
    },
  },
  {
    name: 'PostgreSQL stopped at once',
    fits: always,
    async strike({ system: { postgres }, node }) {
      if (postgres === undefined) return Number(node.stopPostgresAtOnce())
      await postgres.stopAtOnce()
      await postgres.start()
      return 1
    },
  },
  {
    name: 'everything kill -9',
    fits: embedded,
    async strike({ node }) {
      await node.killAll()
      await node.start()
      return 3
    },
  },
  {
    name: 'PostgreSQL whole kill -9',
    fits: whole,
    async strike({ system: { postgres } }) {
      await postgres?.kill()
      await postgres?.start()
      return 1
    },
  },
  {
    name: 'one session ended',
    fits: whole,
    strike: async ({ system: { postgres }, chance }) => {
      return Number(postgres?.killSession(chance.integer(0, 40)) ?? false)
    },
  },
  {
    name: 'power cut',
    fits: ({ disk }) => disk !== undefined,
    async strike({ system: { postgres, disk, nodes } }) {
      await Promise.all([postgres?.kill(), ...nodes.map((node) => node.killWorker())])
      disk?.cutPower()
      await postgres?.start()
      return 1 + nodes.length
    },
  },
]

/** How often each fault is drawn. */
const weights: Readonly<Record<string, number>> = {
  'worker kill -9': 8,
  'worker frozen': 1,
  'supervisor kill -9': 2,
  'PostgreSQL stopped at once': 2,
  'everything kill -9': 2,
  'PostgreSQL whole kill -9': 5,
  'one session ended': 2,
  'power cut': 1,
}

/** Draws a fault that fits. */
export function drawFault(system: System, chance: Chance): Fault {
  const fitting = faults.filter((fault) => fault.fits(system))
  const name = chance.weighted(
    Object.fromEntries(fitting.map((fault) => [fault.name, weights[fault.name] ?? 1])),
  )
  return fitting.find((fault) => fault.name === name) ?? (faults[0] as Fault)
}

/** The fault of a name. */
export function faultNamed(name: string): Fault {
  const found = faults.find((fault) => fault.name === name)
  if (found === undefined) throw new Error(`There is no fault ${name}.`)
  return found
}
