/** Owns a worker of the family in a process of its own, which dies while it undoes something. */

import { openApp } from '../../../../app/compose.ts'
import { systemClock } from '../../../../base/time.ts'
import type { DatabaseAddress } from '../../../../database/database.ts'
import { app } from '../../../../define/kit.ts'
import { behaviour, desk } from './family.ts'

const [address = '', last = ''] = process.argv.slice(2)
behaviour.undoing = (what) => {
  // In the middle of the transaction that undoes it.
  if (what === last) process.kill(process.pid, 'SIGKILL')
}
const setup = {
  ...{ database: JSON.parse(address) as DatabaseAddress, secret: 'x'.repeat(43) },
  ...({ production: false, schema: 'settled', work: 'on' } as const),
}
await openApp(app({ kits: [desk] }), setup, { clock: systemClock })
