/** Owns `plinth dev` and `plinth start`. */

import { relative } from 'node:path'
import { type Config, invocationFolder, wantsDetails } from '../../app/config/config.ts'
import { keepTypes } from '../../app/declarations/keep.ts'
import { readSeedLines, seedLinesFile } from '../../app/people/seed-lines.ts'
import { serveApp } from '../../app/process/serve.ts'
import { Failure } from '../../base/failure.ts'
import { monotonicMs } from '../../base/time.ts'
import { tellFailure } from '../failures.ts'
import { configOf, isPlain, logOf } from '../setup.ts'
import { columns, confirm, faint, isInteractive, strong, tell } from '../terminal.ts'
import { tellTypes } from './declarations.ts'

/** Options of both commands. */
export interface ServeCommand {
  readonly command: 'dev' | 'start'
  readonly file: string | undefined
  readonly acceptLoss: boolean
  /** True: the app's types are written down at the start and with every save. */
  readonly types?: boolean
}

/** Serves until a signal ends it. */
export async function serve({ command, file, ...options }: ServeCommand): Promise<void> {
  const { acceptLoss, types = false } = options
  const config = await configOf(file)
  const kept = types ? keepTypes(config.appFile, tellTypes) : undefined
  const earlier = await readSeedLines(config.dataDirectory)
  const interactive = command === 'dev' && isInteractive()
  await serveApp({
    config,
    command,
    acceptLoss,
    plain: isPlain(),
    log: logOf(config),
    showFailure: (failure) => {
      tellFailure(failure)
      const asks = failure instanceof Failure && failure.code === 'migration_refused'
      if (interactive && !asks) tell(faint('The next save tries again.'))
    },
    ...(interactive ? { confirmLoss: () => confirm('Lose these values for good?') } : {}),
    ...(kept ? { saved: () => kept.again() } : {}),
    ready: async (bound) => {
      await greet({ config, command, bound, earlier })
      // After what people wait for.
      kept?.again()
    },
  })
}

interface Greeting {
  readonly config: Config
  readonly command: 'dev' | 'start'
  readonly bound: { readonly host: string; readonly port: number }
  /** What the seed showed at an earlier start. */
  readonly earlier: string | undefined
}

async function greet({ config, command, bound, earlier }: Greeting): Promise<void> {
  const readyMs = monotonicMs()
  const base = config.publicUrl ?? urlOf(bound)
  const data = config.database
    ? `${config.database.database} on ${config.database.host}`
    : relative(invocationFolder(), config.dataDirectory) || '.'
  const [start, web, graphql, accounts, mails] = await Promise.all([
    serves(bound, '/', isPage),
    frontEnd(bound),
    serves(bound, '/api/graphql', ({ status }) => status !== 404),
    serves(bound, '/account'),
    hasMailbox(config, bound),
  ])
  const rows = [
    ...(start ? [['Start page', `${base}/`]] : []),
    ...(web ? [['Front end', `${base}${web}`]] : []),
    ['API', `${base}/api`],
    ...(graphql ? [['GraphQL', `${base}/api/graphql`]] : []),
    ['Live', `${base.replace(/^http/, 'ws')}/api/live`],
    ['Documentation', `${base}/docs`],
    ['OpenAPI', `${base}/openapi.json`],
    ...(accounts ? [['Accounts', `${base}/account`]] : []),
    ['Health', `${base}/health/ready`],
    ...(mails ? [['Mailbox', `${base}/mailbox`]] : []),
    ['Data', data],
  ]
  tell(strong(`Ready in ${(readyMs / 1_000).toFixed(2)} s`))
  for (const line of columns(rows)) tell(`  ${line}`)
  if (!config.production) await showAccounts(config, earlier)
  if (wantsDetails()) tell(`  process ${process.pid}`)
  const hint = command === 'dev' ? 'Saving the app restarts it. ' : 'SIGHUP restarts it. '
  tell(faint(`${hint}Ctrl-C ends it.`))
}

// A connection that stayed open would be waited for when the server ends: five seconds.
const once = { connection: 'close' }

/** The address of a front end that does not stand in the place of the start page. */
async function frontEnd(bound: Greeting['bound']): Promise<string | undefined> {
  const signal = AbortSignal.timeout(1_000)
  const listing = fetch(`${urlOf(bound)}/api`, { headers: once, signal })
  const asked = listing.then((answer) => answer.json())
  const listed: unknown = await asked.catch(() => undefined)
  const { web } = { web: undefined, ...Object(listed) }
  return typeof web === 'string' && web !== '/' ? web : undefined
}

/** An app without mails has none. */
async function hasMailbox(config: Config, bound: Greeting['bound']): Promise<boolean> {
  return !config.production && !config.mail.smtp && serves(bound, '/mailbox')
}

/** Whether there is such a page: what an app declares is known to the process that serves. */
async function serves(
  bound: Greeting['bound'],
  path: string,
  fits: (answer: Response) => boolean = ({ ok }) => ok,
): Promise<boolean> {
  const signal = AbortSignal.timeout(1_000)
  const headers = { ...once, accept: 'text/html' }
  const asked = fetch(`${urlOf(bound)}${path}`, { method: 'HEAD', headers, signal })
  return asked.then(fits, () => false)
}

/** Where an app has no start page, its addresses are listed there as JSON. */
function isPage({ ok, headers }: Response): boolean {
  return ok && (headers.get('content-type') ?? '').startsWith('text/html')
}

/** In full at the start that made them; later by name of the file, so that logs stay clean. */
async function showAccounts(config: Config, earlier: string | undefined): Promise<void> {
  const lines = await readSeedLines(config.dataDirectory)
  if (lines === undefined) return
  tell()
  if (lines === earlier) {
    const file = relative(invocationFolder(), seedLinesFile(config.dataDirectory))
    tell(`Ready-made accounts: ${file}`)
  } else tell(lines)
  tell()
}

function urlOf({ host, port }: Greeting['bound']): string {
  const any = host === '0.0.0.0' || host === '::'
  const name = any ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `http://${name}:${port}`
}
