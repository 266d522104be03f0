/** Owns connections of one's own: locks, migrations, messages, and the word when one is lost. */

import type { Failure } from '../base/failure.ts'
import { name, sql, statement } from '../sql/fragment.ts'
import type { DatabaseAddress, DedicatedSession } from './database.ts'
import { failureOf } from './errors.ts'
import { type ConnectionLimits, connect } from './wire/connect.ts'

/** Runs the work on a new connection without a transaction, and ends the connection after it. */
export async function runDedicated<T>(
  address: DatabaseAddress,
  limits: ConnectionLimits,
  work: (session: DedicatedSession) => Promise<T>,
): Promise<T> {
  const { promise: lost, resolve: tellLost } = Promise.withResolvers<Failure>()
  let ended = false
  // A migration or a lock takes as long as it takes; only waiting for a lock stays bounded.
  const unbounded = {
    ...limits,
    statementTimeoutMs: 0,
    idleInTransactionTimeoutMs: 0,
    transactionTimeoutMs: 0,
  }
  const wire = await connect(address, unbounded, {
    broken: (error) => {
      if (!ended) tellLost(failureOf(error))
    },
  })
  const handlers = new Map<string, (payload: string) => void>()
  wire.onNotification((channel, payload) => {
    // Apart from the reading of messages: a handler that throws must not break that too.
    queueMicrotask(() => handlers.get(channel)?.(payload))
  })
  try {
    return await work({
      query: (query) => wire.query(query),
      script: (text) => wire.script(text),
      lost,
      async listen(channel, onMessage) {
        handlers.set(channel, onMessage)
        await wire.query(statement(sql`listen ${name(channel)}`))
      },
    })
  } finally {
    ended = true
    wire.close()
  }
}
