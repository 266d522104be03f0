/** Owns the table of commands, their options and their help. Each command loads when it runs. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { addClientCommands } from './groups/clients.ts'
import { addClockCommands } from './groups/clock.ts'
import { addKeyCommands, addServiceCommands } from './groups/credentials.ts'
import { addDataCommands } from './groups/data.ts'
import { addMigrateCommands } from './groups/migrate.ts'
import { addServingCommands } from './groups/serving.ts'
import { addUserCommands } from './groups/users.ts'
import { examples } from './groups/words.ts'
import { addWorkCommands } from './groups/work.ts'
import { addWorkflowCommands } from './groups/workflows.ts'

/** Makes the command line. */
export function createProgram(): Command {
  const program = new Command('plinth')
    .description('The whole back end of a product, from a declaration in TypeScript.')
    .version(version(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print help; plinth <command> --help shows examples')
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText('after', examples(['plinth new shop', 'plinth dev', 'plinth check app.ts']))
  addServingCommands(program)
  addMigrateCommands(program)
  addDataCommands(program)
  addUserCommands(program)
  addKeyCommands(program)
  addServiceCommands(program)
  addClientCommands(program)
  addWorkCommands(program)
  addWorkflowCommands(program)
  addClockCommands(program)
  return program
}

function version(): string {
  // From src/cli and from dist/cli alike.
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  return String((JSON.parse(text) as { version: unknown }).version)
}
