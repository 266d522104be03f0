/** Owns a process that reads subscriptions and holds one event for ever, to be killed. */

import { openApp } from '../../../app/compose.ts'
import { systemClock } from '../../../base/time.ts'
import type { DatabaseAddress } from '../../../database/database.ts'
import { behaviour, ledgerApp } from './ledger.ts'

const [address = '', what = ''] = process.argv.slice(2)
behaviour.held = { what, until: new Promise(() => undefined) }
const setup = {
  ...{ database: JSON.parse(address) as DatabaseAddress, secret: 'x'.repeat(43) },
  ...({ production: false, schema: 'settled', work: 'on' } as const),
}
const running = await openApp(ledgerApp, setup, { clock: systemClock })
await running.worker.registered
process.stdout.write('working\n')
