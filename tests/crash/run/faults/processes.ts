/** Owns the faults of processes: servers and PostgreSQL die, freeze, and lose their power. */

import { pause } from '../../harness/processes.ts'
import { always, type Blow, embedded, type Fault, killed, struck, whole } from './fault.ts'

/** Every fault of processes. */
export const processFaults: readonly Fault[] = [
  {
    name: 'worker kill -9',
    weight: 8,
    fits: always,
    strike: async ({ node }) => killed(Number(node.killWorker())),
  },
  {
    name: 'worker frozen',
    weight: 1,
    fits: always,
    async strike({ node, chance }) {
      if (!node.killWorker('SIGSTOP')) return struck(false)
      await pause(chance.integer(200, 2_500))
      node.killWorker('SIGCONT')
      return struck()
    },
  },
  {
    name: 'supervisor kill -9',
    weight: 2,
    fits: always,
    strike: ({ node }) => begunAnew(node, node.killSupervisor()),
  },
  {
    name: 'everything kill -9',
    weight: 2,
    fits: embedded,
    strike: ({ node }) => begunAnew(node, node.killAll(), 3),
  },
  {
    name: 'PostgreSQL stopped at once',
    weight: 2,
    fits: always,
    async strike({ system: { postgres }, node }) {
      if (postgres === undefined) return killed(Number(node.stopPostgresAtOnce()))
      return begunAnew(postgres, postgres.stopAtOnce())
    },
  },
  {
    name: 'PostgreSQL whole kill -9',
    weight: 5,
    fits: whole,
    strike: async ({ system: { postgres } }) => {
      return postgres === undefined ? struck(false) : begunAnew(postgres, postgres.kill())
    },
  },
  {
    name: 'one session ended',
    weight: 2,
    fits: whole,
    strike: async ({ system: { postgres }, chance }) => {
      return killed(Number(postgres?.killSession(chance.integer(0, 40)) ?? false))
    },
  },
  {
    name: 'power cut',
    weight: 1,
    fits: ({ postgres, disk }) => postgres !== undefined && disk !== undefined,
    async strike({ system: { postgres, disk, nodes } }) {
      await Promise.all([postgres?.kill(), ...nodes.map((node) => node.killWorker())])
      disk?.cutPower()
      await postgres?.start()
      return killed(1 + nodes.length)
    },
  },
]

/** What has died is started again. */
async function begunAnew(
  what: { start(): Promise<void> },
  death: Promise<void>,
  count = 1,
): Promise<Blow> {
  await death
  await what.start()
  return killed(count)
}
