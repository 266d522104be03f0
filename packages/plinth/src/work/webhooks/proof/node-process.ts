/** Owns a node of the shop in a process of its own, which delivers: told what to by arguments. */

import { openApp } from '../../../app/compose.ts'
import type { DatabaseAddress } from '../../../database/database.ts'
import { store } from './shop.ts'

const [address = '', secret = ''] = process.argv.slice(2)
const setup = {
  ...{ database: JSON.parse(address) as DatabaseAddress, secret },
  ...({ production: false, schema: 'settled', work: 'on' } as const),
}
const running = await openApp(store, setup)
await running.worker.registered
process.stdout.write('working\n')
process.once('SIGTERM', () => {
  void running.close().then(() => process.exit(0))
})
