/** Owns the word that there is work: to the worker beside us at once, to others now and then. */

import { limits } from '../base/limits.ts'
import type { Database } from '../database/database.ts'
import type { News } from '../engine/logic/effects.ts'

/** The channel on which workers of other processes listen. */
export const workChannel = 'plinth_work'

/** Who is told first. */
export interface WakeTarget {
  /** True where it can see to it: events are always put in order, jobs need room. */
  takes(news: News): boolean
  wake(news: News): void
}

const notifyText = `select pg_catalog.pg_notify('${workChannel}', $1)`

/**
 * Passes the word on. A NOTIFY inside of each transaction would make commits wait for one another,
 * so it is sent by itself, at most every `workerNotifyMs`, and only where nobody here can take
 * what was added. It may be lost: workers also look by themselves.
 */
export class Waker {
  readonly #database: Database
  #target: WakeTarget | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #untold: News = 'events'

  constructor(database: Database) {
    this.#database = database
  }

  /** The worker of this process. */
  attach(target: WakeTarget | undefined): void {
    this.#target = target
  }

  /** There is work. */
  wake(news: News = 'jobs'): void {
    const target = this.#target
    if (target?.takes(news)) {
      target.wake(news)
      return
    }
    if (news === 'jobs') this.#untold = news
    if (this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      tellWorkers(this.#database, this.#untold === 'jobs' ? 'work' : 'events')
      this.#untold = 'events'
    }, limits.workerNotifyMs)
    this.#timer.unref()
  }

  /** Says nothing more. */
  close(): void {
    clearTimeout(this.#timer)
    this.#target = undefined
  }
}

/**
 * Tells the workers of all processes: `work`, `events` where there are no jobs in it, or
 * `cancel <job>`. Lost where the database is away:
 * then they find out by themselves.
 */
export function tellWorkers(database: Database, message: string): void {
  const query = { name: 'plinth_notify', text: notifyText, values: [message] }
  database.query(query).catch(() => undefined)
}
