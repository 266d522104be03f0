/** Owns the commands that run jobs and look after them: work, jobs, events, schedules. */

import type { Command } from 'commander'
import { Failure } from '../../base/failure.ts'
import { oneOf, readApp, readOne, wholeNumber } from '../arguments.ts'
import { addCommand, addFormat, addGroup, examples } from './words.ts'

const states = [
  ...['delayed', 'waiting', 'ready', 'running', 'retrying', 'done', 'failed', 'cancelled'],
] as const

/** Adds `work`, `jobs …`, `events …` and `schedules`. */
export function addWorkCommands(program: Command): void {
  addWork(program)
  const jobs = addGroup(program, 'jobs', 'list, show, retry, cancel jobs; pause and resume queues')
  addLooking(jobs)
  addChanging(jobs)
  addDead(jobs)
  addQueues(jobs)
  const events = addGroup(
    program,
    'events',
    'list events; handlers and subscriptions read them anew',
  )
  addEvents(events)
  addSubscriptions(events)
  addSchedules(program)
}

function addWork(program: Command): void {
  addCommand(program, 'work', 'run jobs, without serving; as many processes as you like')
    .usage('[app.ts]')
    .action(async (words: string[]) => {
      const app = readApp(words, 'plinth work')
      const { work } = await import('../commands/work.ts')
      await work(app)
    })
    .addHelpText('after', examples(['plinth work', 'PLINTH_JOBS_AT_ONCE=50 plinth work app.ts']))
}

interface ListOptions {
  readonly state?: string
  readonly queue?: string
  readonly name?: string
  readonly limit: number
  readonly format: string
}

function addLooking(jobs: Command): void {
  addFormat(addCommand(jobs, 'list', 'list jobs, the newest first'))
    .usage('[app.ts] [options]')
    .option('-s, --state <state>', states.join(', '), oneOf('--state', states))
    .option('-q, --queue <queue>', 'of one queue')
    .option('-n, --name <job>', 'of one name, such as shop.tell')
    .option('-l, --limit <count>', 'at most so many', wholeNumber('--limit'), 50)
    .action(async (words: string[], options: ListOptions) => {
      const app = readApp(words, 'plinth jobs list')
      const { listJobs } = await import('../commands/work.ts')
      await listJobs(app, options)
    })
    .addHelpText('after', examples(['plinth jobs list --state failed', 'plinth jobs list -q mail']))
  addCommand(jobs, 'show', 'show one job in full, with its input')
    .usage('[app.ts] <id>')
    .action(async (words: string[]) => {
      const { app, word } = readOne(words, 'plinth jobs show [app.ts] <id>')
      const { showJob } = await import('../commands/work.ts')
      await showJob(app, word)
    })
}

function addChanging(jobs: Command): void {
  addCommand(jobs, 'retry', 'run a dead letter or a cancelled job anew, a later one at once')
    .usage('[app.ts] <id>')
    .action(async (words: string[]) => {
      const { app, word } = readOne(words, 'plinth jobs retry [app.ts] <id>')
      const { changeJob } = await import('../commands/work.ts')
      await changeJob(app, 'retry', word)
    })
  addCommand(jobs, 'cancel', 'end a job; nothing of one that runs is stored')
    .usage('[app.ts] <id>')
    .action(async (words: string[]) => {
      const { app, word } = readOne(words, 'plinth jobs cancel [app.ts] <id>')
      const { changeJob } = await import('../commands/work.ts')
      await changeJob(app, 'cancel', word)
    })
}

interface DeadOptions {
  readonly name?: string
  readonly queue?: string
  readonly limit: number
  readonly retry: boolean
  readonly clear: boolean
}

function addDead(jobs: Command): void {
  addCommand(jobs, 'dead', 'list dead letters, run them anew, or forget them')
    .usage('[app.ts] [--retry | --clear] [options]')
    .option('-q, --queue <queue>', 'of one queue')
    .option('-n, --name <job>', 'of one name')
    .option('-l, --limit <count>', 'at most so many', wholeNumber('--limit'), 1_000)
    .option('--retry', 'run them anew', false)
    .option('--clear', 'forget them', false)
    .action(async (words: string[], options: DeadOptions) => {
      const app = readApp(words, 'plinth jobs dead')
      if (options.retry && options.clear) {
        throw new Failure('usage', { detail: 'Give --retry or --clear, not both.' })
      }
      const { deadLetters } = await import('../commands/work.ts')
      await deadLetters(app, options)
    })
    .addHelpText('after', examples(['plinth jobs dead', 'plinth jobs dead -n shop.tell --retry']))
}

function addQueues(jobs: Command): void {
  addCommand(jobs, 'queues', 'count the jobs of every queue by state')
    .usage('[app.ts]')
    .action(async (words: string[]) => {
      const app = readApp(words, 'plinth jobs queues')
      const { listQueues } = await import('../commands/work.ts')
      await listQueues(app)
    })
  for (const verb of ['pause', 'resume'] as const) {
    const what = verb === 'pause' ? 'claim no more jobs of a queue' : 'let a queue go on'
    addCommand(jobs, verb, `${what}, on all nodes`)
      .usage('[app.ts] <queue>')
      .action(async (words: string[]) => {
        const { app, word } = readOne(words, `plinth jobs ${verb} [app.ts] <queue>`)
        const { changeQueue } = await import('../commands/work.ts')
        await changeQueue(app, verb, word)
      })
  }
}

interface EventOptions {
  readonly after: number
  readonly limit: number
  readonly type?: string
}

function addEvents(events: Command): void {
  addCommand(events, 'list', 'print events in their order, one JSON line each')
    .usage('[app.ts] [options]')
    .option('-a, --after <position>', 'those behind it', wholeNumber('--after'), 0)
    .option('-l, --limit <count>', 'at most so many', wholeNumber('--limit'), 100)
    .option('-t, --type <type>', 'of one type, such as shop.placed')
    .action(async (words: string[], options: EventOptions) => {
      const app = readApp(words, 'plinth events list')
      const { listEvents } = await import('../commands/events.ts')
      await listEvents(app, options)
    })
  addCommand(events, 'replay', 'run a handler anew for what the log holds')
    .usage('[app.ts] <handler> --from <position or time>')
    .requiredOption('--from <where>', 'a position, or a time such as 2026-01-31T09:00:00Z')
    .option('--to <position>', 'the last one; default: all', wholeNumber('--to'))
    .action(async (words: string[], { from, to }: { from: string; to?: number }) => {
      const { app, word } = readOne(words, 'plinth events replay [app.ts] <handler> --from <where>')
      const { replay } = await import('../commands/events.ts')
      await replay(app, { handler: word, from: /^\d+$/.test(from) ? Number(from) : from, to })
    })
    .addHelpText(
      'after',
      examples([
        'plinth events list --type shop.placed --limit 10',
        'plinth events replay shop.placed --from 1',
        'plinth events replay shop.placed --from 2026-01-31T09:00:00Z --to 1200',
      ]),
    )
}

function addSubscriptions(events: Command): void {
  addCommand(events, 'subscriptions', 'show where each subscription stands')
    .usage('[app.ts]')
    .action(async (words: string[]) => {
      const app = readApp(words, 'plinth events subscriptions')
      const { listSubscriptions } = await import('../commands/events.ts')
      await listSubscriptions(app)
    })
  addCommand(events, 'rewind', 'let a subscription go on elsewhere, forwards or back')
    .usage('[app.ts] <subscription> --to <where>')
    .requiredOption('--to <where>', 'oldest, now, the position of its next event, or a time')
    .action(async (words: string[], { to }: { to: string }) => {
      const { app, word } = readOne(
        words,
        'plinth events rewind [app.ts] <subscription> --to <where>',
      )
      const { rewind } = await import('../commands/events.ts')
      await rewind(app, { subscription: word, to })
    })
    .addHelpText(
      'after',
      examples([
        'plinth events rewind shop.sales --to oldest',
        'plinth events rewind shop.sales --to 1200',
        'plinth events rewind shop.sales --to 2026-01-31T09:00:00Z',
      ]),
    )
  addCommand(events, 'forget', 'forget a subscription that is declared no more')
    .usage('[app.ts] <subscription>')
    .action(async (words: string[]) => {
      const { app, word } = readOne(words, 'plinth events forget [app.ts] <subscription>')
      const { forget } = await import('../commands/events.ts')
      await forget(app, word)
    })
}

const scheduleVerbs = {
  pause: 'pass over the ticks of a schedule, on all nodes',
  resume: 'let a schedule go on with its next tick',
  run: 'run a schedule once more, at once',
} as const

function addSchedules(program: Command): void {
  const schedules = addCommand(
    program,
    'schedules',
    'list schedules with their last and next ticks; pause, resume and run them',
  )
    .usage('[app.ts]')
    .action(async (words: string[]) => {
      const app = readApp(words, 'plinth schedules')
      const { listSchedules } = await import('../commands/work.ts')
      await listSchedules(app)
    })
    .addHelpText('after', examples(['plinth schedules', 'plinth schedules pause shop.nightly']))
  addCommand(schedules, 'list', 'the same: list schedules with their last and next ticks')
    .usage('[app.ts]')
    .action(async (words: string[]) => {
      const app = readApp(words, 'plinth schedules list')
      const { listSchedules } = await import('../commands/work.ts')
      await listSchedules(app)
    })
  for (const verb of ['pause', 'resume', 'run'] as const) {
    addCommand(schedules, verb, scheduleVerbs[verb])
      .usage('[app.ts] <schedule>')
      .action(async (words: string[]) => {
        const usage = `plinth schedules ${verb} [app.ts] <schedule>`
        const { app, word } = readOne(words, usage)
        const { changeSchedule } = await import('../commands/work.ts')
        await changeSchedule(app, verb, word)
      })
  }
}
