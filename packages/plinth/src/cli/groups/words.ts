/** Owns the words that the help of all commands shares. */

import type { Command } from 'commander'
import { oneOf } from '../arguments.ts'

/** A command that is only the first word of others. */
export function addGroup(program: Command, name: string, description: string): Command {
  const group = program.command(name).description(description)
  return group.helpOption('-h, --help', 'print this help').helpCommand(false)
}

/** How lists are printed. */
export type Format = 'table' | 'jsonl'

/** Lets a command print a table for people, or JSON lines for programs. */
export function addFormat(command: Command): Command {
  const formats = oneOf('--format', ['table', 'jsonl'])
  return command.option('-f, --format <format>', 'table or jsonl', formats, 'table')
}

/** A command whose words begin with the app's file, where one is named. */
export function addCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .argument('[words...]')
    .helpOption('-h, --help', 'print this help')
    .addHelpText(
      'after',
      "\n[app.ts] is the app's file; without it app.ts in the working directory is taken.",
    )
}

/** The part of a help text that shows how a command is used. */
export function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`
}
