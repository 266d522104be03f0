/** Owns the commands that work with what programs call by: keys of users, keys of services. */

import type { Command } from 'commander'
import { limits } from '../../base/limits.ts'
import { listOf, readApp, readOne, wholeNumber } from '../arguments.ts'
import { addCommand, addFormat, addGroup, examples, type Format } from './words.ts'

/** Adds `key list|create|rotate|revoke`. */
export function addKeyCommands(program: Command): void {
  const key = addGroup(program, 'key', 'list, make, rotate and revoke the API keys of users')
  addFormat(addCommand(key, 'list', 'list the keys of a user, and what they lent to agents'))
    .usage('[app.ts] <email or id> [--format jsonl]')
    .action(async (words: string[], { format }: { format: Format }) => {
      const { app, word } = readOne(words, 'plinth key list [app.ts] <email or id>')
      const { list } = await import('../commands/credentials/key.ts')
      await list(app, word, format)
    })
    .addHelpText('after', examples(['plinth key list ann@shop.example']))
  addCreate(key)
  addKeyChanges(key)
}

interface CreateOptions {
  readonly name: string
  readonly scopes: readonly string[]
  readonly days: number
  readonly network: readonly string[]
  readonly organisation?: string
}

function addCreate(key: Command): void {
  addCommand(key, 'create', 'make a key for a user, who is told by mail; it is shown once')
    .usage('[app.ts] <email or id> --name <name> --scopes <scopes>')
    .requiredOption('--name <name>', 'what it is for')
    .requiredOption('-s, --scopes <scopes>', 'such as order.read,orders.checkout', listOf)
    .option('--days <days>', 'how long it is good', wholeNumber('--days', 1), limits.apiKeyDays)
    .option('--network <networks>', 'from where, such as 192.0.2.0/24', listOf, [])
    .option('--organisation <id or slug>', 'in which one it works; default: in none')
    .action(async (words: string[], options: CreateOptions) => {
      const { app, word: user } = readOne(words, 'plinth key create [app.ts] <email or id>')
      const { name, scopes, days, network: networks, organisation } = options
      const { create } = await import('../commands/credentials/key.ts')
      await create(app, { user, name, scopes, days, networks, organisation })
    })
    .addHelpText(
      'after',
      examples(['plinth key create ann@shop.example --name till --scopes order.read --days 30']),
    )
}

function addKeyChanges(key: Command): void {
  const usual = limits.apiKeyOverlapHours
  addCommand(key, 'rotate', 'make a key in the place of one; both are good for a while')
    .usage('[app.ts] <key id> [--overlap-hours 24]')
    .option('--overlap-hours <hours>', '0 to 168', wholeNumber('--overlap-hours'), usual)
    .action(async (words: string[], { overlapHours }: { overlapHours: number }) => {
      const { app, word: id } = readOne(words, 'plinth key rotate [app.ts] <key id>')
      const { rotate } = await import('../commands/credentials/key.ts')
      await rotate(app, { id, overlapHours })
    })
    .addHelpText('after', examples(['plinth key rotate <key id> --overlap-hours 2']))
  addCommand(key, 'revoke', 'end a key, or the token of an agent')
    .usage('[app.ts] <key id>')
    .action(async (words: string[]) => {
      const { app, word } = readOne(words, 'plinth key revoke [app.ts] <key id>')
      const { revoke } = await import('../commands/credentials/key.ts')
      await revoke(app, word)
    })
    .addHelpText('after', examples(['plinth key revoke <key id>']))
}

/** Adds `service list|key|rotate|revoke|token`. */
export function addServiceCommands(program: Command): void {
  const service = addGroup(program, 'service', 'the keys by which services of the app sign')
  addFormat(addCommand(service, 'list', 'list the services of the app and their keys'))
    .usage('[app.ts] [--format jsonl]')
    .action(async (words: string[], { format }: { format: Format }) => {
      const app = readApp(words, 'plinth service list')
      const { list } = await import('../commands/credentials/service.ts')
      await list(app, format)
    })
    .addHelpText('after', examples(['plinth service list']))
  addKey(service)
  addChanges(service)
  addToken(service)
}

function addKey(service: Command): void {
  const days = limits.serviceKeyHeldDays
  addCommand(service, 'key', 'make a key for a process that signs by itself; shown once')
    .usage('[app.ts] <service> [--days 90]')
    .option('--days <days>', 'how long it is good', wholeNumber('--days', 1), days)
    .action(async (words: string[], { days }: { days: number }) => {
      const { app, word } = readOne(words, 'plinth service key [app.ts] <service>')
      const { makeKey } = await import('../commands/credentials/service.ts')
      await makeKey(app, { service: word, days })
    })
    .addHelpText('after', examples(['plinth service key billing > billing.key']))
}

function addChanges(service: Command): void {
  const usual = limits.apiKeyOverlapHours
  addCommand(service, 'rotate', 'make a key in the place of one; both are good for a while')
    .usage('[app.ts] <key id> [--overlap-hours 24]')
    .option('--overlap-hours <hours>', '0 to 168', wholeNumber('--overlap-hours'), usual)
    .action(async (words: string[], { overlapHours }: { overlapHours: number }) => {
      const { app, word } = readOne(words, 'plinth service rotate [app.ts] <key id>')
      const { rotate } = await import('../commands/credentials/service.ts')
      await rotate(app, { id: word, overlapHours })
    })
    .addHelpText('after', examples(['plinth service rotate <key id> --overlap-hours 2']))
  addCommand(service, 'revoke', 'end a key')
    .usage('[app.ts] <key id>')
    .action(async (words: string[]) => {
      const { app, word } = readOne(words, 'plinth service revoke [app.ts] <key id>')
      const { revoke } = await import('../commands/credentials/service.ts')
      await revoke(app, word)
    })
    .addHelpText('after', examples(['plinth service revoke <key id>']))
}

interface TokenOptions {
  readonly organisation?: string
  readonly scopes?: readonly string[]
  readonly seconds: number
}

function addToken(service: Command): void {
  const most = limits.serviceTokenSeconds
  addCommand(service, 'token', 'sign a token that is good for minutes, and print it')
    .usage('[app.ts] <service> [--scopes order.read] [--organisation acme] [--seconds 300]')
    .option('-s, --scopes <scopes>', 'narrower than what the service may', listOf)
    .option('--organisation <id or slug>', 'in which one it works; default: in none')
    .option('--seconds <seconds>', `1 to ${most}`, wholeNumber('--seconds', 1), most)
    .action(async (words: string[], { scopes, seconds, organisation }: TokenOptions) => {
      const { app, word } = readOne(words, 'plinth service token [app.ts] <service>')
      const { token } = await import('../commands/credentials/service.ts')
      const narrowed = {
        ...(scopes === undefined ? {} : { scopes }),
        ...(organisation === undefined ? {} : { organisation }),
      }
      await token(app, { service: word, lifeSeconds: seconds, ...narrowed })
    })
    .addHelpText(
      'after',
      examples(['curl -H "Authorization: Bearer $(plinth service token billing)" …']),
    )
}
