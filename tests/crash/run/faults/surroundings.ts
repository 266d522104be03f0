/** Owns the faults of what surrounds processes: the network, the disk, the machine's clock. */

import type { Trouble } from '../../harness/network.ts'
import { pause } from '../../harness/processes.ts'
import type { Server } from '../../harness/server.ts'
import { always, type Blow, type Fault, type Struck, struck } from './fault.ts'

/** Every fault of the surroundings. */
export const surroundingFaults: readonly Fault[] = [
  network('network reset', 'reset'),
  network('network black hole', 'hole'),
  network('network black hole, then reset', 'lost'),
  network('COMMIT lost on its way', 'commit-lost'),
  network('answer to COMMIT lost', 'answer-lost'),
  {
    name: 'disk full',
    weight: 1,
    fits: ({ disk }) => disk !== undefined,
    strike: fillDisk,
  },
  clock('clock an hour ahead, and back', 'clock=+1h'),
  clock('clock an hour behind, and back', 'clock=-1h'),
]

function network(name: string, what: Trouble): Fault {
  const lasts = what === 'hole' || what === 'lost'
  return {
    name,
    weight: 1,
    fits: (system) => system.network !== undefined,
    strike: async ({ system, chance }) => {
      const did = await system.network?.trouble(what, lasts ? chance.integer(200, 3_000) : 0)
      return struck(did ?? false)
    },
  }
}

/** Nothing more can be written for a while. PostgreSQL may go on, or end: then it starts again. */
async function fillDisk({ system, chance }: Struck): Promise<Blow> {
  const { disk, postgres } = system
  disk?.fill()
  await pause(chance.integer(500, 3_000))
  disk?.free()
  // A PostgreSQL of its own has an init system, or a supervisor of ours, that starts it again.
  if (postgres?.isGone) await postgres.start()
  return struck()
}

function clock(name: string, shift: string): Fault {
  return {
    name,
    weight: 1,
    fits: always,
    async strike({ node, chance }) {
      const jumped = await plannedAndFired(node, shift)
      await pause(chance.integer(200, 2_000))
      node.plan([])
      return struck(jumped)
    },
  }
}

const patienceMs = 2_000

async function plannedAndFired(node: Server, point: string): Promise<boolean> {
  const before = node.fired().length
  node.plan([point])
  return node.untilFired(before + 1, patienceMs)
}
