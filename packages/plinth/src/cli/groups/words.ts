/** Owns the words that the help of all commands shares. */

import type { Command } from 'commander'

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
