/** Owns the answer of an action: checked against its declaration before anything is committed. */

import { AssertionError, assert, present } from '../../../base/assert.ts'
import { Failure } from '../../../base/failure.ts'
import type { ActionOperation } from '../../../catalog/catalog.ts'
import type { Attempt } from '../attempt.ts'
import { isSeenRecord, logicData } from '../data/data.ts'
import { demandValues } from '../values.ts'

/** An answer, as code has it and as it is sent. */
export interface Output {
  readonly value: unknown
  /** Undefined: there is none. */
  readonly body: string | undefined
}

const nothing: Output = Object.freeze({ value: undefined, body: undefined })

/**
 * The answer that a result makes. What does not fit the declaration is a bug of the app: the call
 * fails with `internal`, the log says where, and nothing is committed.
 *
 * A record is answered as the caller may read it. One that came from `data` is that already; any
 * other, such as one from `data.unrestricted`, is read again under the caller's rules, and where
 * they hide it the answer is empty.
 */
export async function outputOf(
  attempt: Attempt,
  { name, declared }: ActionOperation,
  result: unknown,
): Promise<Output> {
  const { output } = present(declared, name)
  switch (output.is) {
    case 'nothing':
      assert(result === undefined, `${name} answers something, but declares no output.`)
      return nothing
    case 'values': {
      const value = demandValues(output.shape, demandObject(result, name), `The answer of ${name}`)
      return { value, body: textOf(value, name) }
    }
    case 'record': {
      const record = demandObject(result, name)
      const value = isSeenRecord(record, attempt.setting.caller, output.model)
        ? record
        : await readAgain(attempt, output.model, record)
      return value === undefined ? nothing : { value, body: textOf(value, name) }
    }
  }
}

function demandObject(result: unknown, name: string): object {
  if (typeof result === 'object' && result !== null) return result
  throw new AssertionError(`${name} answers nothing, but declares an output.`)
}

async function readAgain(attempt: Attempt, model: string, record: object): Promise<unknown> {
  const { runtime, session, caller, traceId, name } = attempt.setting
  const { id } = record as { readonly id?: unknown }
  assert(typeof id === 'string', `${name} answers something that is no record of ${model}.`)
  const data = logicData({
    ...{ runtime, session, caller, traceId, within: { operation: name, caller } },
    twoSteps: undefined,
    start: async (_, work) => await work(),
    touched: () => undefined,
  })
  try {
    return await present(data[model], model).get(id)
  } catch (error) {
    if (error instanceof Failure && error.code === 'not_found') return undefined
    throw error
  }
}

function textOf(value: unknown, name: string): string {
  try {
    return JSON.stringify(value)
  } catch (cause) {
    throw new AssertionError(`The answer of ${name} cannot be written as JSON.`, { cause })
  }
}
