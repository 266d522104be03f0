/** Owns `plinth clock` and its moves. */

import { type ClockMove, moveSandboxClock, sandboxClock } from '../../app/sandbox/clock.ts'
import { systemClock } from '../../base/time.ts'
import { withApp } from '../session.ts'
import { printData, tell } from '../terminal.ts'

/** Shows what the app takes for now. */
export async function show(app: string | undefined): Promise<void> {
  await withApp(app, async ({ running }) => {
    const { now, shiftMs } = await sandboxClock(running, systemClock)
    printData(now)
    if (shiftMs === 0) tell('The machine’s own time.')
    else tell(`${Math.round(Math.abs(shiftMs) / 1000)} s ${shiftMs > 0 ? 'ahead' : 'behind'}.`)
  })
}

/** Moves the app's clock; a running server follows within a second. */
export async function move(app: string | undefined, by: ClockMove): Promise<void> {
  await withApp(app, async ({ running, config }) => {
    const { production } = config
    printData(await moveSandboxClock(running, { move: by, machine: systemClock, production }))
    tell('A running server follows within a second.')
  })
}
