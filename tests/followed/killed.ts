/** Owns a node of the street in a process of its own, which a test kills. */

import { openApp } from '../../packages/plinth/src/app/compose.ts'
import { serveLocally } from '../../packages/plinth/src/app/local-server.ts'
import { movableClock } from '../../packages/plinth/src/base/time.ts'
import type { DatabaseAddress } from '../../packages/plinth/src/database/database.ts'
import { streetApp } from './street.ts'

const database = JSON.parse(process.argv[2] ?? '') as DatabaseAddress
const secret = 'p7Jq2mX9vR4tK8wZ1nB6yL3cF5hD0gSa'
// Sessions are as old as the test's clock says.
const clock = movableClock(Number(process.argv[3]))
const setup = { database, secret, production: false, schema: 'settled' } as const
const node = await openApp(streetApp, setup, { clock })
const { url } = await serveLocally(node, { log: () => undefined })
process.stdout.write(`${url}\n`)
