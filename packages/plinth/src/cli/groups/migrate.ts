/** Owns the commands of migrations. */

import type { Command } from 'commander'
import { readApp, readWords } from '../arguments.ts'
import { addCommand, addGroup, examples } from './words.ts'

/** Adds `migrate plan|apply|status`. */
export function addMigrateCommands(program: Command): void {
  const migrate = addGroup(
    program,
    'migrate',
    'plan, apply and look at migrations: reviewed SQL files for production',
  )
  addCommand(migrate, 'plan', 'write the SQL file that leads from the last one to the declaration')
    .usage('[app.ts] [title]')
    .action(async (words: string[]) => {
      const usage = 'plinth migrate plan [app.ts] [title]'
      const { app, rest } = readWords(words, { usage, min: 0, max: 1 })
      const { plan } = await import('../commands/migrate.ts')
      await plan(app, rest[0])
    })
    .addHelpText('after', examples(['plinth migrate plan', 'plinth migrate plan add-stock']))
  addCommand(migrate, 'apply', 'run the files that did not run yet, in order')
    .usage('[app.ts] [--allow-destructive]')
    .option('--allow-destructive', 'also run files that lose values', false)
    .action(async (words: string[], options: { allowDestructive: boolean }) => {
      const app = readApp(words, 'plinth migrate apply')
      const { apply } = await import('../commands/migrate.ts')
      await apply(app, options.allowDestructive)
    })
    .addHelpText(
      'after',
      examples([
        'DATABASE_URL=postgres://app@db/shop plinth migrate apply',
        'plinth migrate apply --allow-destructive',
      ]),
    )
  addCommand(migrate, 'status', 'show which files ran; exit code 1 where something is open')
    .usage('[app.ts]')
    .action(async (words: string[]) => {
      const app = readApp(words, 'plinth migrate status')
      const { status } = await import('../commands/migrate.ts')
      await status(app)
    })
    .addHelpText('after', examples(['plinth migrate status']))
}
