/** Owns the status of workflows, in the form of calls that are answered later. */

import type { Caller } from '../../../access/caller.ts'
import { keptCaller } from '../../../access/kept-caller.ts'
import { Failure, type FailureCode, failureKinds } from '../../../base/failure.ts'
import { instantText } from '../../../base/time.ts'
import { type StartedStatus, startedStatus } from '../../../effects/workflows/status.ts'
import type { Runtime } from '../../runtime.ts'

/** How something stands that was begun by a call. JSON texts are as they are stored. */
export interface BegunStatus {
  readonly operation: string
  readonly state: StartedStatus['state']
  readonly result: string | null
  readonly failure: Failure | null
  /** RFC 3339. */
  readonly createdAt: string
  readonly endedAt: string | null
}

interface Asking {
  readonly runtime: Runtime
  readonly caller: Caller
  readonly id: string
}

/**
 * How a workflow stands that this caller has started. Undefined: there is none, it is not theirs,
 * or its declaration does not let them know. Who is not signed in has none: nobody could tell them
 * from others.
 */
export async function workflowStatus({
  runtime,
  caller,
  id,
}: Asking): Promise<BegunStatus | undefined> {
  if (caller.is === 'anonymous' || caller.is === 'unrestricted') return undefined
  if (/\p{Cc}/u.test(id)) return undefined
  // A key is told of what was started with it, and of nothing else: its owner started more.
  const found = await startedStatus(runtime.database, { id, caller: keptCaller(caller) })
  const workflow = found && runtime.catalog.logic.workflows.get(found.workflow)
  if (found === undefined || workflow?.status !== true) return undefined
  return {
    ...{ operation: found.workflow, state: found.state, result: found.result },
    failure: found.state === 'failed' ? failureOf(found.ending) : null,
    createdAt: instantText(found.startedMs),
    endedAt: found.endedMs === null ? null : instantText(found.endedMs),
  }
}

interface StoredWords {
  readonly said?: boolean
  readonly error?: { readonly code: string; readonly detail: string }
}

const unsaid = 'It failed. Whoever runs the app can see why.'

/** What the code said on purpose, or a failure with a code of its own; no text of anything else. */
function failureOf(ending: string | null): Failure {
  const { said, error }: StoredWords = ending === null ? {} : (JSON.parse(ending) as StoredWords)
  const code = error?.code ?? ''
  const known = Object.hasOwn(failureKinds, code) && code !== 'internal'
  if (error === undefined || !known || (code === 'step_failed' && said !== true)) {
    return new Failure('step_failed', { detail: unsaid })
  }
  return new Failure(code as FailureCode, { detail: error.detail })
}
