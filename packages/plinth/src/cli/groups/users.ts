/** Owns the commands that work with accounts. */

import type { Command } from 'commander'
import { listOf, readApp, readOne, readWords } from '../arguments.ts'
import { addCommand, addFormat, addGroup, examples, type Format } from './words.ts'

/** Adds `user create|list|set-roles|suspend|reset-factors|delete`. */
export function addUserCommands(program: Command): void {
  const user = addGroup(program, 'user', 'make, list, change, suspend and delete accounts')
  addCreate(user)
  addList(user)
  addChanges(user)
  addDelete(user)
}

interface CreateOptions {
  readonly name?: string
  readonly role: readonly string[]
  readonly passwordStdin: boolean
  readonly generate: boolean
  readonly verified: boolean
}

function addCreate(user: Command): void {
  addCommand(user, 'create', 'make an account; the password is asked for, piped in, or made')
    .usage('[app.ts] <email> [options]')
    .option('--name <name>', 'what the user is called')
    .option('-r, --role <roles>', 'one or several, joined by commas', listOf, [])
    .option('--password-stdin', 'read the password from standard input', false)
    .option('--generate', 'make a random password and show it once', false)
    .option('--verified', 'you vouch for the address: it counts as confirmed', false)
    .action(async (words: string[], options: CreateOptions) => {
      const { app, word: email } = readOne(words, 'plinth user create [app.ts] <email>')
      const { role: roles, name, passwordStdin, generate, verified } = options
      const { create } = await import('../commands/user.ts')
      await create({ app, email, name, roles, passwordStdin, generate, verified })
    })
    .addHelpText(
      'after',
      examples([
        'plinth user create ann@shop.example --role staff',
        'pass show ann | plinth user create ann@shop.example --password-stdin',
      ]),
    )
}

function addList(user: Command): void {
  addFormat(addCommand(user, 'list', 'list all accounts'))
    .usage('[app.ts] [--format jsonl]')
    .action(async (words: string[], { format }: { format: Format }) => {
      const app = readApp(words, 'plinth user list')
      const { list } = await import('../commands/user.ts')
      await list(app, format)
    })
    .addHelpText('after', examples(['plinth user list', 'plinth user list --format jsonl']))
}

function addChanges(user: Command): void {
  addCommand(user, 'set-roles', 'give a user exactly these roles; none takes all away')
    .usage('[app.ts] <email or id> [roles...]')
    .action(async (words: string[]) => {
      const usage = 'plinth user set-roles [app.ts] <email or id> [roles...]'
      const { app, rest } = readWords(words, { usage, min: 1, max: 51 })
      const [who = '', ...roles] = rest
      const { changeRoles } = await import('../commands/user.ts')
      await changeRoles(
        app,
        who,
        roles.flatMap((role) => listOf(role)),
      )
    })
    .addHelpText('after', examples(['plinth user set-roles ann@shop.example staff admin']))
  addCommand(user, 'suspend', 'shut a user out at once; their sessions are dead')
    .usage('[app.ts] <email or id> [--undo]')
    .option('--undo', 'let them in again', false)
    .action(async (words: string[], { undo }: { undo: boolean }) => {
      const { app, word } = readOne(words, 'plinth user suspend [app.ts] <email or id>')
      const { suspend } = await import('../commands/user.ts')
      await suspend(app, word, !undo)
    })
    .addHelpText('after', examples(['plinth user suspend ann@shop.example']))
  addCommand(user, 'reset-factors', 'take lost second factors and passkeys off an account')
    .usage('[app.ts] <email or id>')
    .action(async (words: string[]) => {
      const { app, word } = readOne(words, 'plinth user reset-factors [app.ts] <email or id>')
      const { resetFactors } = await import('../commands/user.ts')
      await resetFactors(app, word)
    })
    .addHelpText('after', examples(['plinth user reset-factors ann@shop.example']))
}

function addDelete(user: Command): void {
  addCommand(user, 'delete', 'delete an account for good; where others refer to it, empty it')
    .usage('[app.ts] <email or id> --yes')
    .requiredOption('--yes', 'you know that nothing brings it back')
    .action(async (words: string[]) => {
      const { app, word } = readOne(words, 'plinth user delete [app.ts] <email or id> --yes')
      const { remove } = await import('../commands/user.ts')
      await remove(app, word)
    })
    .addHelpText('after', examples(['plinth user delete ann@shop.example --yes']))
}
