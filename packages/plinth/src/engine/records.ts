/** Owns access to records from code of the app itself: the same operations, past all rules. */

import { present } from '../base/assert.ts'
import type { ModelOperation } from '../catalog/catalog.ts'
import type { Session } from '../database/database.ts'
import type { Call, Reply } from './call.ts'
import { runModelOperation } from './models.ts'
import type { PlainRecord, RecordAccess, Runtime } from './runtime.ts'

// In no organisation, and in all: who works in one is asked by the actions themselves.
const caller = Object.freeze({
  ...{ is: 'unrestricted', reason: 'built-in action', acrossOrganisations: true },
} as const)

/** Records of any model in a session. */
export function recordAccess(runtime: Runtime, session: Session): RecordAccess {
  const run = async (name: string, rest: Partial<Call>): Promise<Reply> => {
    const operation = present(runtime.catalog.operations.get(name), name) as ModelOperation
    const call: Call = {
      operation: name,
      as: { caller },
      remoteAddress: '',
      traceId: '',
      ...rest,
    }
    return runModelOperation({ runtime, session, caller, call }, operation)
  }
  const record = (reply: Reply): PlainRecord => JSON.parse(reply.body ?? 'null') as PlainRecord
  return {
    async find(model, query) {
      const reply = await run(`${model}.list`, { query })
      return (JSON.parse(reply.body ?? '') as { data: readonly PlainRecord[] }).data
    },
    create: async (model, input) => record(await run(`${model}.create`, { input })),
    update: async (model, id, input) => record(await run(`${model}.update`, { id, input })),
    async delete(model, id) {
      await run(`${model}.delete`, { id })
    },
  }
}
