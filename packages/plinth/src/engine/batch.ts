/** Owns batches: several operations in one transaction, all or none. */

import { Failure, invalidInput, type Problem } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import type { ModelOperation } from '../catalog/catalog.ts'
import { suggestion } from '../catalog/mistakes.ts'
import type { Call, Reply } from './call.ts'
import { runModelOperation } from './models.ts'
import type { Scope } from './runtime.ts'

interface Step {
  readonly operation: ModelOperation
  readonly call: Call
  readonly as: string | undefined
}

const stepNames: ReadonlySet<string> = new Set(['operation', 'id', 'input', 'version', 'as'])
const unsafe: ReadonlySet<string> = new Set(['create', 'update', 'delete', 'upsert'])

/**
 * Runs a batch: `{ operations: [{ operation, id?, input?, version?, as? }] }`. A later step refers
 * to a record made by an earlier one as `{ "$ref": "name" }`, the name given by `as`. The failure
 * of a step fails the batch; its pointers start with `/operations/<n>`.
 */
export async function runBatch(scope: Scope): Promise<Reply> {
  const steps = parseSteps(scope)
  const ids = new Map<string, string>()
  const results: string[] = []
  for (const [index, step] of steps.entries()) {
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
  const { call } = step
  const resolved: Call = {
    ...call,
    ...(call.id === undefined ? {} : { id: resolveId(call.id, { ids, place }) }),
    input: resolveReferences(call.input, { ids, place: `${place}/input` }),
  }
  try {
    return await runModelOperation({ ...scope, call: resolved }, step.operation)
  } catch (error) {
    throw error instanceof Failure ? placed(error, place) : error
  }
}

function placed(failure: Failure, place: string): Failure {
  return new Failure(failure.code, {
    detail: `${place}: ${failure.detail}`,
    problems: failure.problems.map((problem) => ({
      ...problem,
      pointer: `${place}/input${problem.pointer}`,
    })),
    ...(failure.retryAfterSeconds === undefined
      ? {}
      : { retryAfterSeconds: failure.retryAfterSeconds }),
    cause: failure.cause ?? failure,
  })
}

function parseSteps(scope: Scope): readonly Step[] {
  const input = scope.call.input as { readonly operations?: unknown } | null | undefined
  const list = typeof input === 'object' && input !== null ? input.operations : undefined
  if (!Array.isArray(list) || list.length === 0) {
    const detail = 'Give a list of at least one operation.'
    throw invalidInput([{ pointer: '/operations', code: 'wrong_type', detail }])
  }
  if (list.length > limits.batchOperationsMax) {
    const detail = `Give at most ${limits.batchOperationsMax} operations.`
    throw invalidInput([{ pointer: '/operations', code: 'too_many', detail }])
  }
  const problems: Problem[] = []
  const steps = list.flatMap((item: unknown, index) => {
    const step = parseStep(scope, { item, place: `/operations/${index}`, problems })
    return step ? [step] : []
  })
  if (problems.length > 0) throw invalidInput(problems)
  return steps
}

interface Parsing {
  readonly item: unknown
  readonly place: string
  readonly problems: Problem[]
}

function parseStep(scope: Scope, { item, place, problems }: Parsing): Step | undefined {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    problems.push({ pointer: place, code: 'wrong_type', detail: 'Give an object.' })
    return undefined
  }
  const fields = item as Readonly<Record<string, unknown>>
  for (const name of Object.keys(fields)) {
    if (stepNames.has(name)) continue
    const detail = `There is no such member${suggestion(name, stepNames)}.`
    problems.push({ pointer: `${place}/${name}`, code: 'unknown_field', detail })
  }
  const name = typeof fields.operation === 'string' ? fields.operation : ''
  const operation = scope.runtime.catalog.operations.get(name)
  if (!operation || operation.type === 'action' || !unsafe.has(operation.type)) {
    const near = suggestion(name, scope.runtime.catalog.operations.keys())
    const detail = `Name an operation that writes, such as product.create${near}.`
    problems.push({ pointer: `${place}/operation`, code: 'unknown_operation', detail })
    return undefined
  }
  const { id, version, as } = fields
  checkStepValues(fields, { item, place, problems })
  return {
    operation,
    as: typeof as === 'string' ? as : undefined,
    call: {
      ...withoutVersion(scope.call),
      operation: name,
      input: fields.input,
      ...(id === undefined ? {} : { id: id as string }),
      ...(typeof version === 'number' ? { version } : {}),
    },
  }
}

function withoutVersion({ version: _, onlyCreate: __, ...call }: Call): Call {
  return call
}

function checkStepValues(
  { id, version, as }: Readonly<Record<string, unknown>>,
  { place, problems }: Parsing,
): void {
  if (id !== undefined && typeof id !== 'string' && referenceName(id) === undefined) {
    problems.push({ pointer: `${place}/id`, code: 'wrong_type', detail: 'Give an id.' })
  }
  if (version !== undefined && !Number.isSafeInteger(version)) {
    problems.push({ pointer: `${place}/version`, code: 'wrong_type', detail: 'Give a number.' })
  }
  if (as !== undefined && typeof as !== 'string') {
    problems.push({ pointer: `${place}/as`, code: 'wrong_type', detail: 'Give a name.' })
  }
}

interface References {
  readonly ids: ReadonlyMap<string, string>
  readonly place: string
}

function resolveId(id: unknown, references: References): string {
  return typeof id === 'string' ? id : (resolveReference(id, references) ?? '')
}

/** Replaces `{ "$ref": "name" }` by the id, one level deep and inside lists. */
function resolveReferences(input: unknown, references: References): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
  const resolved: Record<string, unknown> = Object.create(null)
  for (const [name, value] of Object.entries(input)) {
    const place = { ids: references.ids, place: `${references.place}/${name}` }
    resolved[name] = Array.isArray(value)
      ? value.map((item: unknown) => resolveReference(item, place) ?? item)
      : (resolveReference(value, place) ?? value)
  }
  return resolved
}

function resolveReference(value: unknown, { ids, place }: References): string | undefined {
  const name = referenceName(value)
  if (name === undefined) return undefined
  const id = ids.get(name)
  if (id !== undefined) return id
  const detail = `No earlier operation is named "${name}"${suggestion(name, ids.keys())}.`
  throw invalidInput([{ pointer: place, code: 'unknown_reference', detail }])
}

function referenceName(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const keys = Object.keys(value)
  const name = (value as Readonly<Record<string, unknown>>).$ref
  return keys.length === 1 && typeof name === 'string' ? name : undefined
}
