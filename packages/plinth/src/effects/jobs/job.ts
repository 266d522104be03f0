/** Owns the form of a job: as it is enqueued, as a worker holds it, as people look at it. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'

/** Who a job acts for. */
export type JobCaller =
  | { readonly is: 'anonymous' }
  | {
      readonly is: 'user'
      readonly id: string
      readonly impersonator?: string | undefined
      /** The session of a call that is answered later: it is not made once that was revoked. */
      readonly session?: string
      /** What they came with in place of a session. */
      readonly via?: { readonly sort: 'key' | 'agent' | 'oauth' | 'service'; readonly id: string }
      /** The organisation in which they worked. */
      readonly organisation?: string
    }
  | {
      readonly is: 'service'
      readonly id: string
      readonly name: string
      readonly organisation?: string
    }
  | { readonly is: 'unrestricted'; readonly reason: string; readonly organisation?: string }

/** A job to be run after the commit. */
export interface NewJob {
  /** A UUID. */
  readonly id: string
  /** `<kit>.<job>`, or the name of an internal runner such as `plinth.mail`. */
  readonly job: string
  /** `<kit>.<queue>`; absent: `default`. */
  readonly queue?: string | undefined
  /** Checked values as JSON text; at most `jobInputBytesMax`. */
  readonly input: string
  /** Higher runs earlier. */
  readonly priority: number
  /** RFC 3339. */
  readonly runAt: string
  /** Jobs of one key and queue run one after another. */
  readonly key?: string | undefined
  /** Only one unfinished job of this name has this word. */
  readonly dedupe?: string | undefined
  /** Default `existing`. */
  readonly onDuplicate?: 'existing' | 'reject' | 'replace' | undefined
  readonly caller: JobCaller
  readonly traceId: string
}

/** What became of an enqueuing. */
export interface Enqueued {
  readonly id: string
  /** `existing`: an earlier job stands for it. */
  readonly outcome: 'queued' | 'existing' | 'replaced'
}

/** The queue of jobs that name none. */
export const defaultQueue = 'default'

/** The states of a job. */
export const jobStates = [
  ...['delayed', 'waiting', 'ready', 'running', 'retrying', 'done', 'failed', 'cancelled'],
] as const

/** The state of a job. */
export type JobState = (typeof jobStates)[number]

/** A job that a worker holds. */
export interface ClaimedJob {
  readonly id: string
  /** Where its row stood when it was claimed. */
  readonly place: string
  /** `<kit>.<job>`, or the name of an internal runner. */
  readonly name: string
  readonly queue: string
  readonly key: string | null
  /** JSON text. */
  readonly input: string
  readonly caller: JobCaller
  readonly traceId: string
  /** 1 for the first; begins anew where somebody retries the job. */
  readonly attempt: number
  /** The number of the worker that holds it: no other one ever has it, also after a crash. */
  readonly worker: number
  /** The number of this claim: it grows over all claims of all jobs, whoever retries what. */
  readonly claim: number
  /** RFC 3339. */
  readonly enqueuedAt: string
  /** The attempt that asked for the effect outside; null: none has. */
  readonly effectAsked: number | null
  /** What the effect outside returned, as JSON text; null: it is not known to be done. */
  readonly effectResult: string | null
}

/** The caller of a job as it is stored. Roles are looked up again when the job runs. */
export function callerText(caller: JobCaller): string {
  if (caller.is === 'user') {
    const { id, impersonator, via, organisation, session } = caller
    const came = via && { sort: via.sort, id: via.id }
    return JSON.stringify({ is: 'user', id, impersonator, via: came, organisation, session })
  }
  if (caller.is === 'service') {
    const { is, id, name, organisation } = caller
    return JSON.stringify({ is, id, name, organisation })
  }
  if (caller.is === 'unrestricted') {
    const { is, reason, organisation } = caller
    return JSON.stringify({ is, reason, organisation })
  }
  return '{"is":"anonymous"}'
}

/** Reads what `callerText` wrote. */
export function readCaller(text: string): JobCaller {
  return JSON.parse(text) as JobCaller
}

/** Fails with `unserialisable` where a text is longer than `jobInputBytesMax`. */
export function demandSize(text: string, what: string): void {
  const { jobInputBytesMax: max } = limits
  // Three bytes are the most that one unit of UTF-16 takes.
  if (text.length * 3 <= max) return
  const bytes = new TextEncoder().encode(text).length
  if (bytes <= max) return
  throw new Failure('unserialisable', {
    detail: `${what} has ${bytes} bytes, ${max} are the most: keep large things in a record.`,
  })
}
