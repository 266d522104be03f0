/** Owns a worker in a process of its own, to be killed and frozen: told what to do by arguments. */

import { openApp } from '../../app/compose.ts'
import { systemClock } from '../../base/time.ts'
import type { DatabaseAddress } from '../../database/database.ts'
import { behaviour, deskApp } from './desk.ts'

const [address = '', holds = ''] = process.argv.slice(2)
// What it holds never ends: whoever starts this process ends it.
behaviour.holds.set(holds, new Promise(() => undefined))
const setup = {
  ...{ database: JSON.parse(address) as DatabaseAddress, secret: 'x'.repeat(43) },
  ...({ production: false, schema: 'settled', work: 'on' } as const),
}
const running = await openApp(deskApp, setup, { clock: systemClock })
await running.worker.registered
process.stdout.write('working\n')
process.once('SIGTERM', () => {
  void running.close().then(() => process.exit(0))
})
