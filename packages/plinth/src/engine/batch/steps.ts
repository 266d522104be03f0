/** Owns the form of a batch: its list of steps, checked as a whole before the first one runs. */

import { invalidInput, type Problem } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { ModelOperation } from '../../catalog/catalog.ts'
import { suggestionOrStop } from '../../catalog/mistakes.ts'
import type { Call } from '../call.ts'
import type { Scope } from '../runtime.ts'
import { referenceName } from './references.ts'

/** One operation of a batch. */
export interface Step {
  readonly operation: ModelOperation
  readonly call: Call
  /** An id, or a reference to an earlier step. */
  readonly id: unknown
  /** The name under which later steps know its record. */
  readonly as: string | undefined
}

interface Parsing {
  readonly fields: Readonly<Record<string, unknown>>
  readonly place: string
  readonly problems: Problem[]
}

/** Reads the steps of a batch. Fails with `invalid_input`, every problem by its place. */
export function parseSteps(scope: Scope): readonly Step[] {
  const input = scope.call.input as { readonly operations?: unknown } | null | undefined
  const list = typeof input === 'object' && input !== null ? input.operations : undefined
  if (!Array.isArray(list) || list.length === 0) {
    const detail = 'Give a list of at least one operation.'
    throw invalidInput([{ pointer: '/operations', code: 'wrong_type', detail }])
  }
  if (list.length > limits.batchOperationsMax) {
    const detail = `Give at most ${limits.batchOperationsMax} operations (batchOperationsMax).`
    throw invalidInput([{ pointer: '/operations', code: 'too_many', detail }])
  }
  const problems: Problem[] = []
  const steps = list.flatMap((item: unknown, index) => {
    const place = `/operations/${index}`
    if (typeof item === 'object' && item !== null && !Array.isArray(item)) {
      const fields = item as Readonly<Record<string, unknown>>
      return parseStep(scope, { fields, place, problems }) ?? []
    }
    problems.push({ pointer: place, code: 'wrong_type', detail: 'Give an object.' })
    return []
  })
  for (const [index, { as }] of steps.entries()) {
    const first = as === undefined ? index : steps.findIndex((step) => step.as === as)
    if (first === index) continue
    const detail = `The name "${as}" is taken by /operations/${first}: choose another.`
    problems.push({ pointer: `/operations/${index}/as`, code: 'duplicate_name', detail })
  }
  if (problems.length > 0) throw invalidInput(problems)
  return steps
}

const members: ReadonlySet<string> = new Set(['operation', 'id', 'input', 'version', 'as'])

function parseStep(scope: Scope, parsing: Parsing): Step | undefined {
  const { fields, place, problems } = parsing
  for (const name of Object.keys(fields)) {
    if (members.has(name)) continue
    const detail = `There is no such member${suggestionOrStop(name, members)}`
    problems.push({ pointer: `${place}/${name}`, code: 'unknown_field', detail })
  }
  const operation = operationOf(scope, parsing)
  if (!operation) return undefined
  checkMembers(operation, parsing)
  const { id, version, as } = fields
  return {
    operation,
    id,
    as: typeof as === 'string' ? as : undefined,
    call: {
      ...withoutConditions(scope.call),
      operation: operation.name,
      input: fields.input,
      ...(typeof version === 'number' ? { version } : {}),
    },
  }
}

function operationOf(scope: Scope, { fields, place, problems }: Parsing) {
  const { operations } = scope.runtime.catalog
  const name = typeof fields.operation === 'string' ? fields.operation : ''
  const operation = operations.get(name)
  if (operation && operation.type !== 'action' && writes.has(operation.type)) return operation
  // Looked for once: a search through every operation is not repeated for a hundred wrong ones.
  const near = problems.length === 0 ? suggestionOrStop(name, operations.keys()) : '.'
  const detail = `Name an operation that writes, such as product.create${near}`
  problems.push({ pointer: `${place}/operation`, code: 'unknown_operation', detail })
  return undefined
}

const writes: ReadonlySet<string> = new Set(['create', 'update', 'delete', 'upsert'])
const named: ReadonlySet<string> = new Set(['update', 'delete'])

function withoutConditions(call: Call): Call {
  const { version: _, onlyCreate: __, idempotencyKey: ___, ...rest } = call
  return rest
}

function checkMembers({ type }: ModelOperation, { fields, place, problems }: Parsing): void {
  const { id, version, as, input } = fields
  const note = (member: string, code: string, detail: string): void => {
    problems.push({ pointer: `${place}/${member}`, code, detail })
  }
  if (named.has(type)) {
    if (id === undefined) note('id', 'required', 'Say which record: give its id.')
    else if (typeof id !== 'string' && referenceName(id) === undefined) {
      note('id', 'wrong_type', 'Give an id.')
    }
  } else if (id !== undefined) note('id', 'not_writable', 'Ids are made here: leave it out.')
  if (type === 'delete' && input !== undefined) note('input', 'not_writable', 'Leave it out.')
  if (version !== undefined && type === 'create') {
    note('version', 'not_writable', 'A new record has no version yet: leave it out.')
  } else if (version !== undefined && !Number.isSafeInteger(version)) {
    note('version', 'wrong_type', 'Give a whole number.')
  }
  if (as !== undefined && typeof as !== 'string') note('as', 'wrong_type', 'Give a name.')
}
