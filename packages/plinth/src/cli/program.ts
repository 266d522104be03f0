/** Owns the table of commands, their options and their help. Each command loads when it runs. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'

const appArgument = ['[app]', "the app's file; default app.ts in this folder"] as const

/** Makes the command line. */
export function createProgram(): Command {
  const program = new Command('plinth')
    .description('The whole back end of a product, from a declaration in TypeScript.')
    .version(version())
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .showSuggestionAfterError()
    .addHelpText('after', examples(['plinth new shop', 'plinth dev', 'plinth check app.ts']))
  addServing(program)
  addLooking(program)
  return program
}

function addServing(program: Command): void {
  const help =
    '\nSettings are environment variables: PORT (3000), HOST (127.0.0.1), DATABASE_URL, PLINTH_DATA,\n' +
    'PLINTH_SECRET, PLINTH_URL, PLINTH_TRUSTED_PROXIES, PLINTH_CALLS_PER_MINUTE, PLINTH_LOG.\n'
  command(program, 'dev', 'serve the app and follow every save; the database follows along')
    .option('--accept-loss', 'let the first schema change lose values', false)
    .action(async (file: string | undefined, options: { acceptLoss: boolean }) => {
      const { serve } = await import('./commands/serve.ts')
      await serve({ command: 'dev', file, ...options })
    })
    .addHelpText('after', examples(['plinth dev', 'PORT=0 plinth dev app.ts']) + help)
  command(program, 'start', 'serve the app')
    .action(async (file: string | undefined) => {
      const { serve } = await import('./commands/serve.ts')
      await serve({ command: 'start', file, acceptLoss: false })
    })
    .addHelpText(
      'after',
      examples(['plinth start', 'NODE_ENV=production DATABASE_URL=postgres://… plinth start']) +
        help,
    )
}

function addLooking(program: Command): void {
  command(program, 'check', 'compile the declaration; show what it declares, or every mistake')
    .action(async (file: string | undefined) => {
      const { check } = await import('./commands/check.ts')
      await check(file)
    })
    .addHelpText('after', examples(['plinth check', 'plinth check src/app.ts']))
  command(program, 'routes', 'list every address of the app')
    .action(async (file: string | undefined) => {
      const { routes } = await import('./commands/check.ts')
      await routes(file)
    })
    .addHelpText('after', examples(['plinth routes', 'plinth routes | grep product']))
}

function command(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .argument(...appArgument)
}

function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join('')}`
}

function version(): string {
  // From src/cli and from dist/cli alike.
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
  return String((JSON.parse(text) as { version: unknown }).version)
}
