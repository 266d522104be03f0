/** Owns what the figures of jobs are measured with: a small app on a server of its own. */

import { join } from 'node:path'
import { anyone, app, integer, kit, text } from 'plinth'
import { type AppSetup, openApp, type RunningApp } from '../../packages/plinth/src/app/compose.ts'
import type { WorkMode } from '../../packages/plinth/src/app/work/open.ts'
import { systemClock } from '../../packages/plinth/src/base/time.ts'
import type { DatabaseAddress } from '../../packages/plinth/src/database/database.ts'
import { startEmbedded } from '../../packages/plinth/src/database/embedded/server.ts'

/** A kit whose jobs store one row each. */
export const desk = kit('desk', {
  models: {
    note: { fields: { number: integer(), text: text() }, access: { read: anyone } },
  },
})

/** When handlers began, by the number of their job. */
export const begun = new Map<number, number>()

/** What a process that is to be killed does with its jobs. */
export const stuck: { holds: (() => Promise<void>) | undefined } = { holds: undefined }

/** Stores one row. */
export const note = desk.job('note', {
  input: { number: integer() },
  async run({ input, data }) {
    begun.set(input.number, performance.now())
    await stuck.holds?.()
    await data.unrestricted.note.create({ number: input.number, text: 'done' })
  },
})

/** A fact that a handler follows. */
export const noted = desk.event('noted', { number: integer() })

desk.on(noted, async ({ event, data }) => {
  begun.set(event.data.number, performance.now())
  await data.unrestricted.note.create({ number: event.data.number, text: 'heard' })
})

/** The app of the figures. */
export const deskApp = app({ kits: [desk] })

/** A PostgreSQL server with default durability. */
export async function startServer(
  scratch: string,
): Promise<{ readonly address: DatabaseAddress; stop(): Promise<void> }> {
  return startEmbedded({ directory: join(scratch, 'jobs'), log: () => undefined })
}

/** Opens the app in this process. */
export function openDesk(
  address: DatabaseAddress,
  { work, follow = false }: { readonly work: WorkMode; readonly follow?: boolean },
): Promise<RunningApp> {
  const following = { mode: 'follow', migrations: '' } as const
  const schema: AppSetup['schema'] = follow ? following : 'settled'
  const setup = { database: address, secret: 'x'.repeat(43), production: false, schema, work }
  return openApp(deskApp, setup, { clock: systemClock, log: tellProblem })
}

function tellProblem({ level, message }: { readonly level: string; readonly message: string }) {
  if (level === 'error') process.stderr.write(`${message}\n`)
}
