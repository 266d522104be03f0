/** Owns one of several server processes on one database: it answers calls that its parent sends. */

import { openApp } from '../../../packages/plinth/src/app/compose.ts'
import { Failure } from '../../../packages/plinth/src/base/failure.ts'
import { type Clock, systemClock } from '../../../packages/plinth/src/base/time.ts'
import { parseDatabaseUrl } from '../../../packages/plinth/src/database/address.ts'
import { clubApp } from '../stage.ts'

const [url = '', startMs = '0', secret = ''] = process.argv.slice(2)

// The clock of the test stands still: a window of a minute does not end under a busy machine.
const clock: Clock = { ...systemClock, now: () => Number(startMs) }
const setup = { secret, production: false, schema: 'settled', work: 'off' } as const
const running = await openApp(clubApp, { ...setup, database: parseDatabaseUrl(url) }, { clock })

/** A call as the parent sends it. */
export interface SentCall {
  readonly number: number
  readonly operation: string
  readonly input: object
  readonly remoteAddress: string
}

process.on('message', ({ number, ...call }: SentCall) => {
  const whole = { ...call, as: { credential: undefined }, traceId: '0'.repeat(32) }
  running
    .invoke(whole)
    .then(({ status }) => String(status))
    .catch((error: unknown) => (error instanceof Failure ? error.code : `bug: ${String(error)}`))
    .then((outcome) => process.send?.({ number, outcome }))
})
process.on('disconnect', () => {
  void running.close().then(() => process.exit(0))
})
process.send?.('ready')
