/** Owns the recording of a step in the transaction of its logic, over all attempts at that. */

import { instantText } from '../../../base/time.ts'
import type { Session } from '../../../database/database.ts'
import type { Lease } from '../../lease.ts'
import type { Completion, Foresee, StepChange, Written } from '../journal.ts'
import { recordOf, type StepEnd, type StepOf, writeStep } from './write.ts'

/** What a step is recorded with. */
export interface RecordingParts {
  readonly of: Pick<StepOf, 'workflowId' | 'workflowPlace'>
  readonly lease: Lease
  /** Absent where the workflow cannot end with a step. */
  readonly foresee: Foresee | undefined
  /** True where the workflow may wait for events. */
  readonly forgets: boolean
  readonly keepMs: number
  readonly now: () => number
}

/** The recording of one step: decided in each attempt, then sent with its COMMIT. */
export interface StepRecording {
  decide(change: StepChange): Promise<void>
  write(session: Session): Promise<Written>
}

interface Foreseen {
  readonly result: string | undefined
  readonly nowMs: number
  readonly completion: Completion | undefined
}

interface Decided {
  readonly change: StepChange
  readonly nowMs: number
  readonly end: StepEnd | undefined
}

/** Makes the recording of one step. */
export function stepRecording(parts: RecordingParts): StepRecording {
  let foreseen: Foreseen | undefined
  let decided: Decided | undefined
  return {
    async decide(change) {
      foreseen ??= await foresee(parts, change)
      // Where PostgreSQL asks for the transaction again, its logic may come to something else: then
      // nothing holds of what the code was told, and it runs again with what is stored.
      const holds = foreseen.result === change.result
      const nowMs = holds ? foreseen.nowMs : parts.now()
      const completion = holds ? foreseen.completion : undefined
      decided = { change, nowMs, end: completion && (await endOf(parts, completion)) }
    },
    write(session) {
      if (decided === undefined) throw new Error('A step is decided before it is written.')
      const { change, nowMs, end } = decided
      const of = { ...parts.of, hold: parts.lease.job, nowMs }
      return writeStep(session, of, { change, end })
    },
  }
}

async function foresee(parts: RecordingParts, change: StepChange): Promise<Foreseen> {
  const nowMs = parts.now()
  const completion = await parts.foresee?.(recordOf(change, nowMs))
  return { result: change.result, nowMs, completion }
}

async function endOf(
  { lease, forgets, keepMs, now }: RecordingParts,
  { result }: Completion,
): Promise<StepEnd> {
  const { keepUntil: jobKeepUntil } = await lease.completion()
  return { result, forgets, keepUntil: instantText(now() + keepMs), jobKeepUntil }
}
