/** Owns the typed data API: the operations of the catalog as methods, under one caller's rules. */

import type { Caller } from '../access/caller.ts'
import { hex, randomBytes } from '../base/ids.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Models } from '../define/infer.ts'
import type { Data } from '../define/logic/data.ts'
import type { Call, Reply } from '../engine/call.ts'

/** Runs a call, by the whole path or inside a transaction. */
export type Run = (call: Call) => Promise<Reply>

/**
 * The models of a catalog for code. Every method is a call under the caller's rules and fails as
 * a request would.
 */
export function dataOf<S extends Models>(catalog: Catalog, run: Run, caller: Caller): Data<S> {
  const as = Object.freeze({ caller })
  const traceId = hex(randomBytes(16))
  const ask = async (operation: string, rest: Partial<Call>): Promise<unknown> => {
    const reply = await run({ operation, as, remoteAddress: '', traceId, ...rest })
    return reply.body === undefined ? undefined : (JSON.parse(reply.body) as unknown)
  }
  const models = [...catalog.models.values()].filter(({ exposed }) => exposed)
  return Object.freeze(
    Object.fromEntries(models.map(({ name }) => [name, modelData(name, ask)])),
  ) as unknown as Data<S>
}

type Ask = (operation: string, rest: Partial<Call>) => Promise<unknown>

interface Versioned {
  readonly version?: number
}

function modelData(model: string, ask: Ask): Readonly<Record<string, unknown>> {
  return Object.freeze({
    find: (query: object = {}) => ask(`${model}.list`, { query }),
    get: (id: string, query: object = {}) => ask(`${model}.get`, { id, query }),
    create: (input: object) => ask(`${model}.create`, { input }),
    update: (id: string, input: object, { version }: Versioned = {}) =>
      ask(`${model}.update`, { id, input, ...(version === undefined ? {} : { version }) }),
    async delete(id: string, { version }: Versioned = {}) {
      await ask(`${model}.delete`, { id, ...(version === undefined ? {} : { version }) })
    },
    upsert: (input: object) => ask(`${model}.upsert`, { input }),
  })
}
