/** Owns the part of a job that is outside of the database: intent, call, answer, in that order. */

import { onItsWay, reach } from '../../base/failpoint.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Database } from '../../database/database.ts'
import type { Job } from '../../define/logic/logic.ts'
import type { ExternalScope } from '../../define/logic/specs.ts'
import type { Lease } from '../lease.ts'
import { leaseLost } from '../queue/finish.ts'
import { storable } from '../workflow/replay/storable.ts'

const askText = `update plinth.job set effect_asked = $4::integer
  where id = $1::uuid and state = 'running' and worker = $2::integer and claim = $3::bigint`
const answerText = `update plinth.job set effect_result = $4
  where id = $1::uuid and state = 'running' and worker = $2::integer and claim = $3::bigint`

/** What is called outside, and for whom. */
export interface Outside {
  readonly database: Database
  readonly lease: Lease
  readonly job: Job
  readonly input: unknown
}

/**
 * Calls the world once for a job, as far as anybody can: the intent is stored before the call, the
 * answer after it, and an answered call is never made again. Where an attempt ended between the
 * two, nobody knows whether the call arrived: it is repeated with the same key, so that a receiver
 * who honours keys does it once; a job with `onUnknown: 'ask'` becomes a dead letter instead.
 */
export async function callOutside({ database, lease, job, input }: Outside): Promise<unknown> {
  const { job: held, aborted } = lease
  if (held.effectResult !== null) return JSON.parse(held.effectResult)
  const { id, attempt, worker, claim } = held
  if (held.effectAsked !== null && job.onUnknown === 'ask') {
    throw outcomeUnknown(held.effectAsked)
  }
  const note = async (text: string, name: string, value: unknown): Promise<void> => {
    const { count } = await database.query({ name, text, values: [id, worker, claim, value] })
    if (count === 0) throw leaseLost()
  }
  await note(askText, 'plinth_job_ask', attempt)
  const scope: ExternalScope<unknown> = {
    ...{ input, idempotencyKey: id },
    attempt: { jobId: id, number: attempt, aborted },
  }
  const external = job.external as ((scope: ExternalScope<unknown>) => Promise<unknown>) | undefined
  const result = (await (external && onItsWay(external(scope)))) ?? null
  await reach('effect.answered')
  const text = answerOf(job, result)
  await note(answerText, 'plinth_job_answer', text)
  await reach('effect.recorded')
  return JSON.parse(text)
}

/** The failure of a job whose earlier attempt asked for an effect and did not hear back. */
export function outcomeUnknown(attempt: number): Failure {
  return new Failure('effect_unknown', {
    detail:
      `Attempt ${attempt} asked for an effect outside and did not hear back: look there, then ` +
      'retry the job (it is asked for again) or cancel it.',
  })
}

/** The answer as text. What JSON turns into something else, such as a Map, is refused by name. */
function answerOf({ kit, name }: Job, result: unknown): string {
  const stored = storable(result, limits.jobInputBytesMax)
  if ('text' in stored && stored.text !== undefined) return stored.text
  const problem = 'problem' in stored ? stored.problem : 'it is nothing'
  throw new Failure('unserialisable', {
    detail: `What ${kit}.${name} returned from outside cannot be stored: ${problem}.`,
  })
}
