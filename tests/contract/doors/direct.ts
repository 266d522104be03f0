/** Owns the call without a door: what code of the app itself does. */

import type { Caller } from '../../../packages/plinth/src/access/caller.ts'
import { Failure } from '../../../packages/plinth/src/base/failure.ts'
import { comparedOf, type Door, failed, part } from './door.ts'

/** Calls of the engine. */
export const direct: Door = {
  name: 'direct',
  async ask(world, question) {
    const { as, operation, id, query, input, version, idempotencyKey } = question
    const caller: Caller =
      as === 'anonymous' ? { is: 'anonymous' } : { is: 'user', id: as.id, roles: new Set(as.roles) }
    try {
      const reply = await world.running.invoke({
        ...{ operation, as: { caller }, remoteAddress: '127.0.0.1', traceId: '0'.repeat(32) },
        ...(id === undefined ? {} : { id }),
        ...(query === undefined ? {} : { query }),
        ...(input === undefined ? {} : { input }),
        ...(version === undefined ? {} : { version }),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      })
      const body = reply.body === undefined ? null : JSON.parse(reply.body)
      const names = comparedOf(question)
      if (operation.endsWith('.list')) {
        return { data: (body.data as object[]).map((record) => part(record, names)) }
      }
      return { data: names.length === 0 ? null : part(body, names) }
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      return failed({ code: error.code, errors: error.problems })
    }
  },
}
