/** Owns the commands that serve an app, look at it, and begin one. */

import type { Command } from 'commander'
import { readApp } from '../arguments.ts'
import { addCommand, examples } from './words.ts'

const settings = `

Settings are environment variables:
  PORT                     default 3000; 0 takes any free one
  HOST                     default 127.0.0.1; 0.0.0.0 serves the network
  DATABASE_URL             a PostgreSQL server from 15 on; default: an embedded one
  PLINTH_DATA              where the embedded one keeps its data; default .plinth beside the app
  PLINTH_SECRET            32 random bytes; needed in production, otherwise made and kept
  PLINTH_URL               where the world reaches the app, such as https://shop.example
  PLINTH_TRUSTED_PROXIES   how many proxies of yours stand in front; default 0
  SMTP_URL                 the mail server; smtp://user:password@host:587, or mailbox
  MAIL_FROM                who sends mails; needed where SMTP_URL is set
  PLINTH_OUTBOUND_ALLOW    networks that webhooks may call beside the public ones
  PLINTH_OUTBOUND_PORTS    ports that webhooks may call; default 443,8443 in production
  PLINTH_CALLS_PER_MINUTE  how many calls one caller may make; default 600
  PLINTH_WORK              off: this server runs no jobs; plinth work does; default on
  PLINTH_JOBS_AT_ONCE      how many jobs a process runs at once; default 10
  PLINTH_LOG               debug, information, warning or error`

/** Adds `dev`, `start`, `check`, `routes`, `types` and `new`. */
export function addServingCommands(program: Command): void {
  addServing(program)
  addLooking(program)
  addNew(program)
}

function addServing(program: Command): void {
  addCommand(program, 'dev', 'serve the app and follow every save; the database follows along')
    .usage('[app.ts] [--accept-loss] [--types]')
    .option('--accept-loss', 'let the first schema change lose values', false)
    .option(
      '--types',
      'write the app’s types with every save, for the editor of a front end',
      false,
    )
    .action(async (words: string[], options: { acceptLoss: boolean; types: boolean }) => {
      const file = readApp(words, 'plinth dev')
      const { serve } = await import('../commands/serve.ts')
      await serve({ command: 'dev', file, ...options })
    })
    .addHelpText('after', examples(['plinth dev', 'PORT=0 plinth dev src/app.ts']) + settings)
  addCommand(program, 'start', 'serve the app')
    .usage('[app.ts]')
    .action(async (words: string[]) => {
      const file = readApp(words, 'plinth start')
      const { serve } = await import('../commands/serve.ts')
      await serve({ command: 'start', file, acceptLoss: false })
    })
    .addHelpText(
      'after',
      examples([
        'plinth start',
        'NODE_ENV=production DATABASE_URL=postgres://app@db/shop plinth start',
        'kill -HUP <pid>      restarts without refusing a request',
      ]) + settings,
    )
}

function addLooking(program: Command): void {
  addCommand(program, 'check', 'compile the declaration; show what it declares, or every mistake')
    .usage('[app.ts]')
    .action(async (words: string[]) => {
      const app = readApp(words, 'plinth check')
      const { check } = await import('../commands/check.ts')
      await check(app)
    })
    .addHelpText('after', examples(['plinth check', 'plinth check src/app.ts']))
  addCommand(program, 'routes', 'list every address of the app')
    .usage('[app.ts]')
    .action(async (words: string[]) => {
      const app = readApp(words, 'plinth routes')
      const { routes } = await import('../commands/check.ts')
      await routes(app)
    })
    .addHelpText('after', examples(['plinth routes', 'plinth routes | grep product']))
  addCommand(
    program,
    'types',
    'write the app’s types down, so that a front end need not infer them',
  )
    .usage('[app.ts]')
    .action(async (words: string[]) => {
      const app = readApp(words, 'plinth types')
      const { types } = await import('../commands/declarations.ts')
      await types(app)
    })
    .addHelpText('after', examples(['plinth types', 'plinth types src/app.ts']))
}

function addNew(program: Command): void {
  program
    .command('new')
    .description('make the folder of a new app that runs')
    .argument('<folder>', 'where; it must be empty or not there')
    .option('--plinth <spec>', 'the version of plinth, or file:<path> of a copy of it')
    .option('--react', 'with a front end in React, served by the app', false)
    .helpOption('-h, --help', 'print this help')
    .action(async (folder: string, options: { plinth?: string; react: boolean }) => {
      const { scaffold } = await import('../commands/new.ts')
      await scaffold({ folder, plinth: options.plinth, react: options.react })
    })
    .addHelpText('after', examples(['plinth new shop', 'plinth new shop --react']))
}
