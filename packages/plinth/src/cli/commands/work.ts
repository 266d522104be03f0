/** Owns `plinth work`, `plinth jobs …` and `plinth schedules`. */

import { reachDatabase } from '../../app/database.ts'
import { startApp } from '../../app/start.ts'
import type { JobState, SeenJob } from '../../app/work/operate.ts'
import { operate } from '../session.ts'
import { configOf, logOf } from '../setup.ts'
import { columns, faint, printData, tell } from '../terminal.ts'

/** Runs jobs until a signal ends it. */
export async function work(file: string | undefined): Promise<void> {
  const config = await configOf(file)
  const log = logOf(config)
  const ended = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve()).once('SIGINT', () => resolve())
  })
  const database = await reachDatabase(config, log, { announced: true })
  try {
    const { address } = database
    const options = { config, database: address, command: 'start', acceptLoss: false } as const
    const { running } = await startApp({ ...options, log, work: 'on' })
    try {
      await running.worker.registered
      tell(`Working, ${config.jobsAtOnce} jobs at once. Ctrl-C ends it.`)
      await ended
      tell(faint('Ending: what runs may end in its time.'))
    } finally {
      await running.close()
    }
  } finally {
    await database.stop()
  }
}

/** Which jobs are listed, and how. */
export interface Listing {
  readonly state?: string
  readonly queue?: string
  readonly name?: string
  readonly limit: number
  readonly format: string
}

/** Lists jobs. */
export async function listJobs(file: string | undefined, listing: Listing): Promise<void> {
  const { format, state, ...question } = listing
  await operate(file, async (operating) => {
    const jobs = await operating.jobs({ ...question, state: state as JobState | undefined })
    if (format === 'jsonl') for (const job of jobs) printData(JSON.stringify(job))
    else printJobs(jobs)
  })
}

function printJobs(jobs: readonly SeenJob[]): void {
  if (jobs.length === 0) {
    tell('There are none.')
    return
  }
  const rows = jobs.map(({ id, name, queue, state, attempt, runAt, error }) => {
    return [id, name, queue, state, String(attempt), runAt, error?.split('\n')[0] ?? '']
  })
  const head = ['id', 'job', 'queue', 'state', 'attempt', 'run at', 'error']
  for (const line of columns([head, ...rows])) printData(line)
}

/** Shows one job in full. */
export async function showJob(file: string | undefined, id: string): Promise<void> {
  await operate(file, async (operating) => {
    const { input, caller, ...job } = await operating.job(id)
    const whole = { ...job, caller: JSON.parse(caller), input: JSON.parse(input) }
    printData(JSON.stringify(whole, undefined, 2))
  })
}

/** Retries or cancels a job. */
export async function changeJob(
  file: string | undefined,
  verb: 'retry' | 'cancel',
  id: string,
): Promise<void> {
  await operate(file, (operating) => operating[verb](id))
  tell(verb === 'retry' ? `The job ${id} runs anew.` : `The job ${id} is cancelled.`)
}

/** Which dead letters are meant, and what happens to them. */
export interface Dead {
  readonly name?: string
  readonly queue?: string
  readonly limit: number
  readonly retry: boolean
  readonly clear: boolean
}

/** Lists dead letters, runs them anew, or forgets them. */
export async function deadLetters(file: string | undefined, dead: Dead): Promise<void> {
  const { retry, clear, ...question } = dead
  await operate(file, async (operating) => {
    if (retry) tell(`${await operating.redrive(question)} dead letters run anew.`)
    else if (clear) tell(`${await operating.clearDead(question)} dead letters are forgotten.`)
    else printJobs(await operating.jobs({ ...question, state: 'failed' }))
  })
}

/** Counts the jobs of every queue. */
export async function listQueues(file: string | undefined): Promise<void> {
  await operate(file, async (operating) => {
    const queues = await operating.queues()
    if (queues.length === 0) tell('No queue holds a job.')
    const rows = queues.map(({ queue, paused, counts }) => {
      const states = Object.entries(counts).map(([state, count]) => `${state} ${count}`)
      return [queue, paused ? 'paused' : '', states.join(', ')]
    })
    for (const line of columns(rows)) printData(line)
  })
}

/** Pauses or resumes a queue. */
export async function changeQueue(
  file: string | undefined,
  verb: 'pause' | 'resume',
  queue: string,
): Promise<void> {
  await operate(file, async (operating) => {
    if (verb === 'pause') {
      await operating.pause(queue)
      tell(`The queue ${queue} is paused: what is added to it is kept.`)
    } else if (await operating.resume(queue)) tell(`The queue ${queue} goes on.`)
    else tell(`The queue ${queue} was not paused.`)
  })
}

/** Lists schedules. */
export async function listSchedules(file: string | undefined): Promise<void> {
  await operate(file, async (operating) => {
    const schedules = await operating.schedules()
    if (schedules.length === 0) tell('The app declares none.')
    const rows = schedules.map(({ name, cron, timeZone, missed, lastTick, nextTick, pausedAt }) => {
      const next = pausedAt === null ? (nextTick ?? 'never') : `paused since ${pausedAt}`
      return [name, cron, timeZone, missed, lastTick ?? 'never', next]
    })
    const head = ['schedule', 'cron', 'time zone', 'missed', 'last', 'next']
    if (rows.length > 0) for (const line of columns([head, ...rows])) printData(line)
  })
}

/** Pauses a schedule, resumes it, or runs it at once. */
export async function changeSchedule(
  file: string | undefined,
  verb: 'pause' | 'resume' | 'run',
  name: string,
): Promise<void> {
  await operate(file, async (operating) => {
    if (verb === 'pause') {
      await operating.pauseSchedule(name)
      tell(`The schedule ${name} is paused: its ticks are passed over.`)
    } else if (verb === 'run') tell(`It runs as the job ${await operating.runSchedule(name)}.`)
    else if (await operating.resumeSchedule(name)) tell(`The schedule ${name} goes on.`)
    else tell(`The schedule ${name} was not paused.`)
  })
}
