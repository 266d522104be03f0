/** Owns the commands that look at workflows and help them on. */

import type { Command } from 'commander'
import { Failure } from '../../base/failure.ts'
import { oneOf, readApp, readOne, readWords, wholeNumber } from '../arguments.ts'
import { addCommand, addFormat, addGroup, examples, type Format } from './words.ts'

const states = [
  'running',
  'waiting',
  'undoing',
  'parked',
  'completed',
  'failed',
  'cancelled',
] as const

/** Adds `workflows list|show|signal|cancel|retry|fork`. */
export function addWorkflowCommands(program: Command): void {
  const workflows = addGroup(
    program,
    'workflows',
    'look at workflows, signal, cancel, retry and fork them',
  )
  addLooking(workflows)
  addTelling(workflows)
  addFork(workflows)
}

interface ListOptions {
  readonly state?: (typeof states)[number]
  readonly name?: string
  readonly limit: number
  readonly format: Format
}

function addLooking(workflows: Command): void {
  addFormat(addCommand(workflows, 'list', 'list workflows, the latest first'))
    .usage('[app.ts] [--state parked] [--name shop.fulfil]')
    .option('-s, --state <state>', states.join(' | '), oneOf('--state', states))
    .option('-n, --name <name>', 'only those of one declaration')
    .option('-l, --limit <count>', 'at most so many', wholeNumber('--limit', 1), 50)
    .action(async (words: string[], options: ListOptions) => {
      const app = readApp(words, 'plinth workflows list')
      const { list } = await import('../commands/workflows.ts')
      await list({ app, ...options })
    })
    .addHelpText('after', examples(['plinth workflows list --state parked']))
  addFormat(addCommand(workflows, 'show', 'show all that is recorded of a workflow'))
    .usage('[app.ts] <id> [--format jsonl]')
    .action(async (words: string[], { format }: Pick<ListOptions, 'format'>) => {
      const { app, word: id } = readOne(words, 'plinth workflows show [app.ts] <id>')
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
      const { app, word: id } = readOne(words, 'plinth workflows cancel [app.ts] <id>')
      const { cancel } = await import('../commands/workflows.ts')
      await cancel({ app, id, reason })
    })
    .addHelpText('after', examples(['plinth workflows cancel fulfil-1042 --reason "out of stock"']))
  addCommand(workflows, 'retry', 'try at once what a workflow would try later, or has given up')
    .usage('[app.ts] <id>')
    .action(async (words: string[]) => {
      const { app, word: id } = readOne(words, 'plinth workflows retry [app.ts] <id>')
      const { retry } = await import('../commands/workflows.ts')
      await retry({ app, id })
    })
    .addHelpText('after', examples(['plinth workflows retry fulfil-1042']))
}

interface ForkOptions {
  readonly from?: string
  readonly id?: string
  readonly code?: number
}

function addFork(workflows: Command): void {
  addCommand(workflows, 'fork', 'begin a new workflow that takes over the results up to a step')
    .usage('[app.ts] <id> --from <step> [--id <id>] [--code <version>]')
    .option('--from <step>', 'the step from which on everything is done anew')
    .option('--id <id>', 'the id of the new workflow; one is made otherwise')
    // `--version` is the command line's own.
    .option('--code <version>', 'the version of its code', wholeNumber('--code', 1))
    .action(async (words: string[], { from, id: given, code: version }: ForkOptions) => {
      const { app, word: id } = readOne(words, 'plinth workflows fork [app.ts] <id>')
      if (from === undefined) {
        throw new Failure('usage', {
          detail:
            'Name the step to begin at: --from <step>. `plinth workflows show <id>` lists them.',
        })
      }
      const { fork } = await import('../commands/workflows.ts')
      await fork({ app, sourceId: id, from, id: given, version })
    })
    .addHelpText('after', examples(['plinth workflows fork fulfil-1042 --from charge']))
}
