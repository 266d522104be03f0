/** Owns the commands that work with the programs of others, in apps that are OAuth providers. */

import type { Command } from 'commander'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { listOf, readApp, readOne, wholeNumber } from '../arguments.ts'
import { addCommand, addFormat, addGroup, examples, type Format } from './words.ts'

/** Adds `client add|change|list|rotate-secret|remove`. */
export function addClientCommands(program: Command): void {
  const words = 'add, list and remove programs that may ask people for access (OAuth clients)'
  const client = addGroup(program, 'client', words)
  addAdd(client)
  addChange(client)
  addList(client)
  addRotate(client)
  addRemove(client)
}

interface AddOptions {
  readonly redirect: readonly string[]
  readonly signedOutRedirect: readonly string[]
  readonly id?: string
  readonly native: boolean
  readonly secret: boolean
  readonly keys?: string
  readonly scopes?: readonly string[]
}

const keysWords = 'a JSON file of the public keys (JWK) that it proves itself by'

function addAdd(client: Command): void {
  addCommand(client, 'add', 'register a program; its secret is shown once')
    .usage('[app.ts] <name> --redirect <address> [options]')
    .requiredOption('--redirect <addresses>', 'where people are sent back to, exactly', listOf, [])
    .option('--signed-out-redirect <addresses>', 'where to after signing out', listOf, [])
    .option('--id <id>', 'what it calls itself; a random one without it')
    .option('--native', "it runs on its user's own machine", false)
    .option('--secret', 'it runs on a server and can keep a secret: make one', false)
    .option('--keys <file>', keysWords)
    .option('--scopes <scopes>', 'what it may ask for; all that the app offers without it', listOf)
    .action(async (words: string[], options: AddOptions) => {
      const usage = 'plinth client add [app.ts] <name> --redirect <address>'
      const { app, word: name } = readOne(words, usage)
      const { redirect: redirects, signedOutRedirect: signedOutRedirects, id, native } = options
      const { add } = await import('../commands/provider/client.ts')
      const { secret: confidential, keys: keysFile, scopes } = options
      const client = { name, redirects, signedOutRedirects, id, native, confidential }
      await add(app, { ...client, keysFile, scopes })
    })
    .addHelpText(
      'after',
      examples([
        'plinth client add Ledger --redirect https://ledger.example/back --secret',
        'plinth client add Notebook --redirect http://127.0.0.1/back --native',
        'plinth client add Till --redirect https://till.example/b --keys till.jwks.json',
        'plinth client add Poster --redirect https://poster.example/b --scopes order.read',
      ]),
    )
}

function addChange(client: Command): void {
  addCommand(client, 'change', 'change the keys or the scopes of a program')
    .usage('[app.ts] <id> [--keys <file>] [--scopes <scopes>]')
    .option('--keys <file>', `${keysWords}, in place of those before`)
    .option('--scopes <scopes>', 'what it may ask for, in place of what it could before', listOf)
    .action(async (words: string[], { keys, scopes }: Pick<AddOptions, 'keys' | 'scopes'>) => {
      const usage = 'plinth client change [app.ts] <id> [--keys <file>] [--scopes <scopes>]'
      const { app, word: id } = readOne(words, usage)
      if (keys === undefined && scopes === undefined) {
        throw new Failure('usage', { detail: `Say what to change: ${usage}` })
      }
      const { change } = await import('../commands/provider/client.ts')
      await change(app, { id, keysFile: keys, scopes })
    })
    .addHelpText(
      'after',
      examples([
        'plinth client change till --keys both.jwks.json',
        'plinth client change poster --scopes order.read,product.read',
      ]),
    )
}

function addList(client: Command): void {
  addFormat(addCommand(client, 'list', 'list all programs, those of the declaration too'))
    .usage('[app.ts] [--format jsonl]')
    .action(async (words: string[], { format }: { format: Format }) => {
      const app = readApp(words, 'plinth client list')
      const { list } = await import('../commands/provider/client.ts')
      await list(app, format)
    })
    .addHelpText('after', examples(['plinth client list', 'plinth client list --format jsonl']))
}

function addRotate(client: Command): void {
  const hours = wholeNumber('--overlap-hours')
  addCommand(client, 'rotate-secret', 'give a program another secret, shown once')
    .usage('[app.ts] <id> [--overlap-hours <hours>]')
    .option(
      '--overlap-hours <hours>',
      'how long the secret before is taken beside it; 0: it is dead at once',
      hours,
      limits.apiKeyOverlapHours,
    )
    .action(async (words: string[], { overlapHours }: { overlapHours: number }) => {
      const { app, word } = readOne(words, 'plinth client rotate-secret [app.ts] <id>')
      const { rotate } = await import('../commands/provider/client.ts')
      await rotate(app, word, overlapHours)
    })
    .addHelpText('after', examples(['plinth client rotate-secret ledger --overlap-hours 0']))
}

function addRemove(client: Command): void {
  addCommand(client, 'remove', 'take a program away; all that it was granted is dead')
    .usage('[app.ts] <id> --yes')
    .requiredOption('--yes', 'you know that its users have to let it in anew')
    .action(async (words: string[]) => {
      const { app, word } = readOne(words, 'plinth client remove [app.ts] <id> --yes')
      const { remove } = await import('../commands/provider/client.ts')
      await remove(app, word)
    })
    .addHelpText('after', examples(['plinth client remove ledger --yes']))
}
