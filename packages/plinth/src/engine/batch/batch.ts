/** Owns batches: several operations in one transaction, all or none. */

import { Failure } from '../../base/failure.ts'
import type { Call, Reply } from '../call.ts'
import { demandTime } from '../deadline.ts'
import { runModelOperation } from '../models.ts'
import type { Scope } from '../runtime.ts'
import { resolveId, resolveReferences } from './references.ts'
import { parseSteps, type Step } from './steps.ts'

/**
 * Runs a batch: `{ operations: [{ operation, id?, input?, version?, as? }] }`. A later step refers
 * to a record made by an earlier one as `{ "$ref": "name" }`, the name given by `as`: in place of
 * an id, of the value of a reference, and in lists of ids. The failure of a step fails the batch;
 * its pointers start with `/operations/<n>`.
 */
export async function runBatch(scope: Scope): Promise<Reply> {
  const steps = parseSteps(scope)
  const ids = new Map<string, string>()
  const results: string[] = []
  for (const [index, step] of steps.entries()) {
    demandTime(scope.runtime, scope.call)
    const reply = await runStep(scope, { step, index, ids })
    if (step.as !== undefined && reply.id !== undefined) ids.set(step.as, reply.id)
    results.push(resultText(reply))
  }
  return { status: 200, body: `{"results":[${results.join(',')}]}` }
}

function resultText(reply: Reply): string {
  const body = reply.body === undefined ? '' : `,"body":${reply.body}`
  const id = reply.id === undefined ? '' : `,"id":${JSON.stringify(reply.id)}`
  return `{"status":${reply.status}${id}${body}}`
}

interface Running {
  readonly step: Step
  readonly index: number
  readonly ids: ReadonlyMap<string, string>
}

async function runStep(scope: Scope, { step, index, ids }: Running): Promise<Reply> {
  const place = `/operations/${index}`
  const { call, id } = step
  const { model } = step.operation
  const resolved: Call = {
    ...call,
    ...(id === undefined ? {} : { id: resolveId(id, { ids, place: `${place}/id` }) }),
    input: resolveReferences(call.input, { model, ids, place: `${place}/input` }),
  }
  try {
    return await runModelOperation({ ...scope, call: resolved }, step.operation)
  } catch (error) {
    throw error instanceof Failure ? placed(error, place) : error
  }
}

function placed(failure: Failure, place: string): Failure {
  return failure.with({
    detail: `${place}: ${failure.detail}`,
    problems: failure.problems.map((problem) => ({
      ...problem,
      pointer: `${place}/input${problem.pointer}`,
    })),
    cause: failure.cause ?? failure,
  })
}
