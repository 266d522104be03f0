/** Owns the commands that look at workflows and help them on. */

import type { Command } from 'commander'
import { Failure } from '../../base/failure.ts'
import { oneOf, readWords } from '../arguments.ts'
import { addCommand, examples } from './words.ts'

const states = [
  'running',
  'waiting',
  'undoing',
  'parked',
  'completed',
  'failed',
  'cancelled',
] as const
const formats = ['table', 'jsonl'] as const

/** Adds `workflows list|show|signal|cancel|retry|fork`. */
export function addWorkflowCommands(program: Command): void {
  const workflows = program
    .command('workflows')
    .description('look at workflows, signal, cancel, retry and fork them')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
  addLooking(workflows)
  addTelling(workflows)
  addFork(workflows)
}

interface ListOptions {
  readonly state?: (typeof states)[number]
  readonly name?: string
  readonly limit: number
  readonly format: (typeof formats)[number]
}

function addLooking(workflows: Command): void {
  addCommand(workflows, 'list', 'list workflows, the latest first')
    .usage('[app.ts] [--state parked] [--name shop.fulfil]')
    .option('-s, --state <state>', states.join(' | '), oneOf('--state', states))
    .option('-n, --name <name>', 'only those of one declaration')
    .option('-l, --limit <count>', 'at most so many', wholeNumber('--limit'), 50)
    .option('-f, --format <format>', 'table or jsonl', oneOf('--format', formats), 'table')
    .action(async (words: string[], options: ListOptions) => {
      const { app } = readWords(words, { usage: 'plinth workflows list [app.ts]', min: 0, max: 0 })
      const { list } = await import('../commands/workflows.ts')
      await list({ app, ...options })
    })
    .addHelpText('after', examples(['plinth workflows list --state parked']))
  addCommand(workflows, 'show', 'show all that is recorded of a workflow')
    .usage('[app.ts] <id> [--format jsonl]')
    .option('-f, --format <format>', 'table or jsonl', oneOf('--format', formats), 'table')
    .action(async (words: string[], { format }: Pick<ListOptions, 'format'>) => {
      const { app, id } = oneId(words, 'show')
      const { show } = await import('../commands/workflows.ts')
      await show({ app, id, format })
    })
    .addHelpText('after', examples(['plinth workflows show fulfil-1042']))
}

function addTelling(workflows: Command): void {
  addCommand(workflows, 'signal', 'give a workflow a signal; it is kept until it is waited for')
    .usage('[app.ts] <id> <kit.signal> [json]')
    .action(async (words: string[]) => {
      const usage = 'plinth workflows signal [app.ts] <id> <kit.signal> [json]'
      const { app, rest } = readWords(words, { usage, min: 2, max: 3 })
      const [id = '', signal = '', data = '{}'] = rest
      const commands = await import('../commands/workflows.ts')
      await commands.signal({ app, id, signal, data })
    })
    .addHelpText(
      'after',
      examples(['plinth workflows signal fulfil-1042 shop.paid \'{"reference":"r1"}\'']),
    )
  addCommand(workflows, 'cancel', 'stop a workflow and undo what it has done')
    .usage('[app.ts] <id> [--reason <text>]')
    .option('-r, --reason <text>', 'why; it is kept')
    .action(async (words: string[], { reason }: { readonly reason?: string }) => {
      const { app, id } = oneId(words, 'cancel')
      const { cancel } = await import('../commands/workflows.ts')
      await cancel({ app, id, reason })
    })
    .addHelpText('after', examples(['plinth workflows cancel fulfil-1042 --reason "out of stock"']))
  addCommand(workflows, 'retry', 'try at once what a workflow would try later, or has given up')
    .usage('[app.ts] <id>')
    .action(async (words: string[]) => {
      const { app, id } = oneId(words, 'retry')
      const { retry } = await import('../commands/workflows.ts')
      await retry({ app, id })
    })
    .addHelpText('after', examples(['plinth workflows retry fulfil-1042']))
}

interface ForkOptions {
  readonly from?: string
  readonly id?: string
  readonly version?: number
}

function addFork(workflows: Command): void {
  addCommand(workflows, 'fork', 'begin a new workflow that takes over the results up to a step')
    .usage('[app.ts] <id> --from <step>')
    .option('--from <step>', 'the step from which on everything is done anew')
    .option('--id <id>', 'the id of the new workflow; one is made otherwise')
    .option('--version <number>', 'the version of its code', wholeNumber('--version'))
    .action(async (words: string[], { from, ...options }: ForkOptions) => {
      const { app, id } = oneId(words, 'fork')
      if (from === undefined) {
        throw new Failure('usage', { detail: 'Name the step to begin at: --from <step>' })
      }
      const { fork } = await import('../commands/workflows.ts')
      await fork({ app, sourceId: id, from, ...options })
    })
    .addHelpText('after', examples(['plinth workflows fork fulfil-1042 --from charge']))
}

function oneId(words: readonly string[], verb: string): { app: string | undefined; id: string } {
  const usage = `plinth workflows ${verb} [app.ts] <id>`
  const { app, rest } = readWords(words, { usage, min: 1, max: 1 })
  return { app, id: rest[0] ?? '' }
}

function wholeNumber(option: string): (text: string) => number {
  return (text) => {
    if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
    throw new Failure('usage', { detail: `${option} needs a whole number: "${text}" is none.` })
  }
}
