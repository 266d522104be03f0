/** Owns the app that the proofs kill: it starts a server, stores rows, says which are stored. */

import { openDatabase } from '../../open.ts'
import { startEmbedded } from '../server.ts'

const [directory = '', mode = ''] = process.argv.slice(2)

function say(message: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

try {
  const server = await startEmbedded({ directory, log: (line) => say({ log: line }) })
  process.on('SIGTERM', async () => {
    await server.stop()
    process.exit(0)
  })
  say({ pid: server.pid, host: server.address.host })
  if (mode === 'store') {
    const database = await openDatabase(server.address)
    await database.dedicated((session) =>
      session.script('create table if not exists public.kept (id int primary key)'),
    )
    for (let id = 0; ; id++) {
      const text = 'insert into public.kept values ($1)'
      await database.transaction((session) => session.query({ text, values: [id], name: 'keep' }))
      say({ stored: id })
    }
  }
} catch (error) {
  say({ failed: error instanceof Error ? error.message : String(error) })
  process.exit(1)
}
