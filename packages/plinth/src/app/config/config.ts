/** Owns the configuration: the only place that reads the environment, all problems together. */

import { dirname, resolve } from 'node:path'
import { Failure, type Problem } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { parseDatabaseUrl } from '../../database/address.ts'
import type { DatabaseAddress } from '../../database/database.ts'
import { type MailSettings, mailbox, parseSender, parseSmtpUrl } from '../../mail/settings.ts'
import { networksOf } from '../../outbound/address.ts'
import { type OutboundPolicy, outboundPolicy } from '../../outbound/target.ts'
import { type FaultSettings, readFaults } from './faults.ts'
import { secretProblem } from './secret.ts'
import { unknownSettings } from './unknown.ts'

/** How much is logged: everything of a level and of those above it. */
export type LogLevel = 'debug' | 'information' | 'warning' | 'error'

/** The configuration of a process. */
export interface Config {
  /** The app's file, absolute. */
  readonly appFile: string
  /** True where `NODE_ENV` is `production`. */
  readonly production: boolean
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Undefined: the embedded PostgreSQL in `dataDirectory`. */
  readonly database: DatabaseAddress | undefined
  /** Absolute. */
  readonly dataDirectory: string
  /** Undefined: one is made and kept in the data directory. */
  readonly secret: string | undefined
  readonly trustedProxies: number
  readonly callsPerMinute: number
  /** Whether the server's process runs jobs too: `PLINTH_WORK`, default `on`. */
  readonly work: 'on' | 'off'
  /** How many jobs a process runs at once: `PLINTH_JOBS_AT_ONCE`. */
  readonly jobsAtOnce: number
  readonly logLevel: LogLevel
  /** Where the world reaches the app, such as `https://shop.example`. */
  readonly publicUrl: string | undefined
  /** How mail leaves the app: `SMTP_URL` and `MAIL_FROM`. */
  readonly mail: MailSettings
  /** Which addresses of other people's choice are called: those of webhooks. */
  readonly outbound: OutboundPolicy
  /** Faults that a test plants; undefined, as everywhere else: none. */
  readonly faults: FaultSettings | undefined
  /** What to say of variables that look like settings and are none. */
  readonly unknown: readonly string[]
}

/** What the environment does not say. */
export interface ConfigDefaults {
  /** The app's file. Data is kept in `.plinth` beside it unless `PLINTH_DATA` says otherwise. */
  readonly appFile: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the configuration. Fails with `configuration_invalid` listing every variable that is
 * wrong, with its cure; a secret's value never appears in a message.
 */
export function readConfig(
  defaults: ConfigDefaults,
  environment: Environment = process.env,
): Config {
  const read = new Reader(environment)
  const production = environment.NODE_ENV === 'production'
  const appFile = resolve(defaults.appFile)
  const config: Config = {
    appFile,
    production,
    host: environment.HOST || '127.0.0.1',
    port: read.whole('PORT', { otherwise: 3000, min: 0, max: 65_535 }),
    database: read.database(),
    dataDirectory: resolve(dirname(appFile), environment.PLINTH_DATA || '.plinth'),
    secret: read.secret(production),
    trustedProxies: read.whole('PLINTH_TRUSTED_PROXIES', { otherwise: 0, min: 0, max: 10 }),
    callsPerMinute: read.whole('PLINTH_CALLS_PER_MINUTE', {
      otherwise: limits.callsPerMinute,
      min: 1,
      max: 100_000_000,
    }),
    work: read.work(),
    jobsAtOnce: read.whole('PLINTH_JOBS_AT_ONCE', {
      otherwise: limits.jobsAtOnce,
      min: 1,
      max: 1_000,
    }),
    logLevel: read.logLevel(),
    publicUrl: read.publicUrl(),
    mail: read.mail(),
    outbound: read.outbound(production),
    faults: read.faults(production),
    unknown: unknownSettings(Object.keys(environment)),
  }
  read.report(config.unknown)
  return Object.freeze(config)
}

/** The server on which tests make their databases: `PLINTH_TEST_DATABASE_URL`. */
export function testServer(environment: Environment = process.env): DatabaseAddress | undefined {
  const url = environment.PLINTH_TEST_DATABASE_URL
  return url ? parseDatabaseUrl(url) : undefined
}

/** The servers that a run of test files keeps, by name: `PLINTH_PROOF_SERVERS`, as JSON. */
export function keptServers(
  environment: Environment = process.env,
): Readonly<Record<string, DatabaseAddress>> {
  return JSON.parse(environment.PLINTH_PROOF_SERVERS ?? '{}') as Record<string, DatabaseAddress>
}

/** The folder in which a person typed the command, where npm has changed to another one. */
export function invocationFolder(environment: Environment = process.env): string {
  return environment.INIT_CWD || process.cwd()
}

/** Whether causes and stacks are wanted in messages: `PLINTH_LOG=debug`. */
export function wantsDetails(environment: Environment = process.env): boolean {
  return environment.PLINTH_LOG === 'debug'
}

/** Whether text on this stream may be coloured (https://no-color.org). */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  environment: Environment = process.env,
): boolean {
  if (environment.NO_COLOR) return false
  return stream.isTTY === true && environment.TERM !== 'dumb'
}

interface Range {
  readonly otherwise: number
  readonly min: number
  readonly max: number
}

const levels: Readonly<Record<string, LogLevel>> = {
  debug: 'debug',
  information: 'information',
  info: 'information',
  warning: 'warning',
  error: 'error',
}

class Reader {
  readonly #environment: Environment
  readonly #problems: Problem[] = []

  constructor(environment: Environment) {
    this.#environment = environment
  }

  whole(name: string, { otherwise, min, max }: Range): number {
    const text = this.#environment[name]
    if (text === undefined || text === '') return otherwise
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    this.#add(name, `"${text}" is no whole number from ${min} to ${max}. Give one, or unset it.`)
    return otherwise
  }

  database(): DatabaseAddress | undefined {
    const url = this.#environment.DATABASE_URL
    if (url === undefined || url === '') return undefined
    try {
      return parseDatabaseUrl(url)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#add('DATABASE_URL', error.detail)
      return undefined
    }
  }

  secret(production: boolean): string | undefined {
    const secret = this.#environment.PLINTH_SECRET
    if (secret === undefined || secret === '') {
      if (production) this.#add('PLINTH_SECRET', `It is not set. ${secretCure}`)
      return undefined
    }
    const problem = secretProblem(secret)
    if (problem) this.#add('PLINTH_SECRET', `${problem} ${secretCure}`)
    return secret
  }

  logLevel(): LogLevel {
    const text = this.#environment.PLINTH_LOG
    if (text === undefined || text === '') return 'information'
    const level = Object.hasOwn(levels, text) ? levels[text] : undefined
    if (level) return level
    this.#add('PLINTH_LOG', `"${text}" is none of debug, information, warning, error.`)
    return 'information'
  }

  work(): 'on' | 'off' {
    const text = this.#environment.PLINTH_WORK
    if (text === undefined || text === '' || text === 'on') return 'on'
    if (text !== 'off') this.#add('PLINTH_WORK', `"${text}" is neither on nor off.`)
    return 'off'
  }

  publicUrl(): string | undefined {
    const text = this.#environment.PLINTH_URL
    if (text === undefined || text === '') return undefined
    const url = URL.parse(text)
    if (url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') {
      return url.href.replace(/\/$/, '')
    }
    this.#add('PLINTH_URL', `"${text}" is no web address like https://shop.example.`)
    return undefined
  }

  faults(production: boolean): FaultSettings | undefined {
    const { settings, problems } = readFaults(this.#environment, production)
    this.#problems.push(...problems)
    return settings
  }

  mail(): MailSettings {
    const url = this.#environment.SMTP_URL
    const from = this.#environment.MAIL_FROM
    const sender = from ? parseSender(from) : undefined
    if (from && !sender) {
      this.#add('MAIL_FROM', `"${from}" is no address, and no Name <address>.`)
    }
    const settings = { ...mailbox, ...(sender ? { from: sender } : {}) }
    if (url === undefined || url === '') return settings
    if (url === 'mailbox') return { ...settings, kept: true }
    if (!from) {
      this.#add('MAIL_FROM', 'It is not set, but SMTP_URL is: set it to the address that sends.')
    }
    const smtp = parseSmtpUrl(url)
    if (!('wrong' in smtp)) return { ...settings, smtp }
    this.#add('SMTP_URL', smtp.wrong)
    return settings
  }

  outbound(production: boolean): OutboundPolicy {
    const ports = this.#list('PLINTH_OUTBOUND_PORTS').map(Number)
    if (!ports.every((port) => Number.isInteger(port) && port > 0 && port < 65_536)) {
      this.#add('PLINTH_OUTBOUND_PORTS', 'It is a list of ports such as 443,8443.')
    }
    const allowed = networksOf(this.#list('PLINTH_OUTBOUND_ALLOW'))
    if ('has' in allowed) return outboundPolicy({ production, allowed, ports })
    const detail = `"${allowed.wrong}" is no network such as 10.1.0.0/16 or 192.168.1.5.`
    this.#add('PLINTH_OUTBOUND_ALLOW', detail)
    return outboundPolicy({ production })
  }

  #list(name: string): readonly string[] {
    const text = this.#environment[name]
    return text ? text.split(',').map((part) => part.trim()) : []
  }

  /** What is missing may stand under a name that is spelled wrong: both are told together. */
  report(unknown: readonly string[]): void {
    if (this.#problems.length === 0) return
    const lines = this.#problems.map(({ pointer, detail }) => `${pointer}: ${detail}`)
    throw new Failure('configuration_invalid', {
      detail: [...lines, ...unknown].join('\n'),
      problems: this.#problems,
    })
  }

  #add(pointer: string, detail: string): void {
    this.#problems.push({ pointer, code: 'bad_setting', detail })
  }
}

const secretCure =
  'Set it to 32 random bytes, kept outside of the repository: openssl rand -base64 32'
