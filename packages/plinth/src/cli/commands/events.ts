/** Owns `plinth events …`: the log of events, and who reads it anew. */

import type { Rewinding } from '../../app/work/operate.ts'
import { operate } from '../session.ts'
import { columns, printData, tell } from '../terminal.ts'

/** Which events are listed. */
export interface EventListing {
  readonly after: number
  readonly limit: number
  readonly type?: string
}

/** Prints events, one JSON line each. */
export async function listEvents(
  file: string | undefined,
  { after, limit, type }: EventListing,
): Promise<void> {
  await operate(file, async (operating) => {
    const types = type === undefined ? undefined : [type]
    for (const event of await operating.events({ after, limit, types })) {
      const { data, ...head } = event
      printData(JSON.stringify({ ...head, data: JSON.parse(data) }))
    }
  })
}

/** Runs a handler anew. */
export async function replay(
  file: string | undefined,
  given: { handler: string; from: number | string; to: number | undefined },
): Promise<void> {
  const count = await operate(file, (operating) => operating.replay(given))
  tell(`${count} events are handled anew by ${given.handler}.`)
}

/** Shows where each subscription stands. */
export async function listSubscriptions(file: string | undefined): Promise<void> {
  await operate(file, async (operating) => {
    const subscriptions = await operating.subscriptions()
    if (subscriptions.length === 0) tell('There are none.')
    const rows = subscriptions.map(({ name, position, behind, next, state, movedAt, error }) => {
      const where = [String(position), String(behind), String(next ?? '')]
      return [name, ...where, state, movedAt, error?.split('\n')[0] ?? '']
    })
    const head = ['subscription', 'position', 'behind', 'next', 'state', 'moved at', 'error']
    if (rows.length > 0) for (const line of columns([head, ...rows])) printData(line)
  })
}

/** Lets a subscription go on elsewhere. */
export async function rewind(file: string | undefined, rewinding: Rewinding): Promise<void> {
  const position = await operate(file, (operating) => operating.rewind(rewinding))
  tell(`${rewinding.subscription} goes on behind the position ${position}.`)
}

/** Forgets a subscription that is declared no more. */
export async function forget(file: string | undefined, name: string): Promise<void> {
  await operate(file, (operating) => operating.forgetSubscription(name))
  tell(`${name} is forgotten.`)
}
