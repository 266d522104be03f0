/** Owns an app under test: a fresh database in milliseconds, callers at will, a movable clock. */

import { resolve } from 'node:path'
import type { Action, Given, Shape } from '../app/calls.ts'
import {
  type AcrossData,
  type App,
  catalogOf,
  type Data,
  type Models,
  openApp,
  type RunningApp,
} from '../app/compose.ts'
import { mailSettings } from '../app/delivery/mail.ts'
import { askLocally, type LocalResponse } from '../app/local-request.ts'
import { type LocalServer, type LocalServerOptions, serveLocally } from '../app/local-server.ts'
import { seedOnce } from '../app/people/seed.ts'
import { beginSession } from '../app/people/sessions.ts'
import { createUser } from '../app/people/users.ts'
import { schemaFingerprint } from '../app/schema/schema.ts'
import { base64url, hex, randomBytes } from '../base/ids.ts'
import type { MailRecord } from '../base/mail.ts'
import { instantText, type MovableClock, movableClock } from '../base/time.ts'
import type { DatabaseAddress } from '../database/database.ts'
import { makeDatabase, serverFor } from './server.ts'

/** How an app is tested. */
export interface TestOptions {
  /** A server to make databases on. Default: PLINTH_TEST_DATABASE_URL, or an embedded one. */
  readonly server?: DatabaseAddress
  /** Where embedded servers keep their data between runs. Default `.plinth/test`. */
  readonly directory?: string
  /** True: the app's seed runs. Default false: the database is empty. */
  readonly seed?: boolean
  /** Where the clock begins, in milliseconds since 1970. Default 2026-01-01T00:00:00Z. */
  readonly startMs?: number
  /** Default: so many that no test meets the limit. */
  readonly callsPerMinute?: number
  /** Where the app is reached on its own machine. Default `http://127.0.0.1:3000`. */
  readonly localUrl?: string
  /** The folder of the app's file, where its front end is served. Default: it is not. */
  readonly home?: string
  /** A mail server of the test. Default: every mail stays in the mailbox. */
  readonly smtpUrl?: string
}

/** A mail of an app under test. */
export type TestMail = MailRecord

/** A user of an app under test. */
export interface TestUser {
  readonly id: string
  readonly email: string
  readonly roles: readonly string[]
  /** Where one was asked for. */
  readonly password: string | undefined
  /** The organisation in which they work, and as what; absent: in none. */
  readonly organisation?: { readonly id: string; readonly role: string }
}

/** What a user is made of. */
export interface TestUserOptions {
  readonly email?: string
  readonly name?: string
  readonly roles?: readonly string[]
  /** As long as the app asks; only for tests of signing in, because hashing takes its time. */
  readonly password?: string
  /** False: nobody has confirmed the address yet. Default true. */
  readonly verified?: boolean
}

/** A user at work in an organisation. */
export type TestMember = TestUser & Required<Pick<TestUser, 'organisation'>>

/** Of which organisation somebody becomes a member. */
export interface TestMembership {
  /** Somebody at work in it. Absent: a new one is made. */
  readonly of?: TestMember
  /** Default `owner` of a new one, `member` of another. */
  readonly role?: string
}

/** Who asks. */
export type TestCaller = 'anonymous' | TestUser

/** What a request carries. */
export interface TestRequest {
  /** Default `anonymous`. A user comes with a session of their own. */
  readonly as?: TestCaller
  /** Text and bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Default `127.0.0.1`. */
  readonly remoteAddress?: string
}

/** An app under test. */
export interface TestApp<S extends Models> {
  readonly running: RunningApp<S>
  readonly clock: MovableClock
  /** The app's own database. */
  readonly database: DatabaseAddress
  /** All models, past all rules and across organisations: for setting the scene. */
  readonly data: AcrossData<S>
  /** All models under the rules of a caller. */
  as(who: TestCaller): Data<S>
  /** Calls an action; past all rules where nobody is named. */
  call<I extends Shape, O>(
    action: Action<I, O>,
    input: Given<I>,
    options?: { readonly as?: TestCaller; readonly idempotencyKey?: string },
  ): Promise<O>
  /** Makes a user. */
  user(options?: TestUserOptions): Promise<TestUser>
  /**
   * The user as a member of an organisation, at work in it: of a new one, which they own, or of
   * that of another member, as a `member` or what is said.
   *
   * @example
   * const ada = await shop.member(await shop.user())
   * const ben = await shop.member(await shop.user(), { of: ada, role: 'admin' })
   */
  member(user: TestUser, options?: TestMembership): Promise<TestMember>
  /** Sends a request through the real handler, without a socket. */
  request(method: string, path: string, options?: TestRequest): Promise<LocalResponse>
  /**
   * Serves the app on a free port of loopback, for what needs a socket: live reads, WebSockets, a
   * browser, a generated client. Closed with the app.
   *
   * @example
   * const { url } = await shop.serve()
   * const client = createClient<typeof app>({ url, token: await shop.token(ada) })
   */
  serve(options?: LocalServerOptions): Promise<LocalServer>
  /** The token of a user's session, as in `Authorization: Bearer …`: one for each user. */
  token(user: TestUser): Promise<string>
  /**
   * Runs all jobs, handlers and schedules that are due by the app's clock, and what they cause,
   * until nothing is due. Returns how many attempts were made.
   *
   * @example shop.clock.advance(3_600_000); await shop.drain()
   */
  drain(): Promise<number>
  /**
   * The mails of the app, the latest first, at most 200; those that wait to be sent as well.
   *
   * @example const [receipt] = await shop.mails()
   */
  mails(): Promise<readonly TestMail[]>
  /** Closes the app and drops its database. */
  close(): Promise<void>
}

const unrestricted = Object.freeze({ is: 'unrestricted', reason: 'test' } as const)
const across = Object.freeze({ ...unrestricted, acrossOrganisations: true } as const)

/**
 * Opens an app on a fresh database, copied from a template that is made once per form of schema.
 *
 * @example
 * const shop = await testApp(app)
 * after(() => shop.close())
 * await shop.data.product.create({ … })
 * const guest = await shop.as('anonymous').product.find()
 */
export async function testApp<S>(
  app: App<S>,
  options: TestOptions = {},
): Promise<TestApp<S extends Models ? S : Models>> {
  const clock = movableClock(options.startMs)
  const setup = {
    secret: base64url(randomBytes(32)),
    production: false,
    callsPerMinute: options.callsPerMinute ?? 1_000_000,
    localUrl: options.localUrl,
    home: options.home,
    mail: options.smtpUrl === undefined ? undefined : mailSettings(options.smtpUrl),
  }
  const server = await serverFor(options.server, resolve(options.directory ?? '.plinth/test'))
  const database = await makeDatabase({
    server,
    fingerprint: schemaFingerprint(catalogOf(app)),
    async fill(address) {
      const schema = { mode: 'follow', migrations: '' } as const
      await (await openApp(app, { ...setup, database: address, schema })).close()
    },
  })
  const { address } = database
  const running = await openApp(
    app,
    { ...setup, database: address, schema: 'settled', work: 'manual' },
    { clock, log: showProblems },
  )
  const tested = underTest({ running, clock, database })
  if (options.seed !== true) return tested
  return seedOnce({ ...running, app }).then(
    () => tested,
    async (error: unknown) => {
      // A test that has no app closes none.
      await tested.close()
      throw error
    },
  )
}

interface Parts<S extends Models> {
  readonly running: RunningApp<S>
  readonly clock: MovableClock
  readonly database: { readonly address: DatabaseAddress; drop(): Promise<void> }
}

function underTest<S extends Models>({ running, clock, database }: Parts<S>): TestApp<S> {
  const tokens = new Map<string, string>()
  const servers = new Set<LocalServer>()
  const tokenOf = async ({ id, organisation }: TestUser): Promise<string> => {
    const key = `${id} ${organisation?.id ?? ''}`
    const token = tokens.get(key) ?? (await beginSession(running.runtime, id, organisation?.id))
    tokens.set(key, token)
    return token
  }
  return {
    running,
    clock,
    database: database.address,
    data: running.as(across) as unknown as AcrossData<S>,
    as: (who) => running.as(callerOf(who)),
    call: (action, input, { as: who, idempotencyKey } = {}) =>
      running.call(action, input, {
        as: who === undefined ? unrestricted : callerOf(who),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      }),
    user: (wanted) => makeUser(running, wanted),
    member: (user, membership) => makeMember(running, user, membership),
    async request(method, path, options = {}) {
      const { as: who = 'anonymous', body, headers = {}, remoteAddress = '127.0.0.1' } = options
      const token = who === 'anonymous' ? undefined : await tokenOf(who)
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
      const content = contentOf(body)
      return askLocally(running.handler, {
        ...{ method, path, remoteAddress, body: content.bytes },
        headers: { ...content.headers, ...authorization, ...headers },
      })
    },
    async serve(options = {}) {
      const server = await serveLocally(running, { ...options, log: showProblems })
      servers.add(server)
      return server
    },
    token: tokenOf,
    drain: () => running.worker.runDue(),
    mails: () => mailsOf(running),
    async close() {
      await Promise.all([...servers].map((server) => server.close()))
      await running.close()
      await database.drop()
    },
  }
}

async function mailsOf<S extends Models>({
  catalog,
  users,
}: RunningApp<S>): Promise<readonly TestMail[]> {
  if (!catalog.models.has('mail')) return []
  const found = await users.records.find('mail', { sort: ['-createdAt', '-id'], limit: 200 })
  return found as unknown as readonly TestMail[]
}

function callerOf(who: TestCaller) {
  if (who === 'anonymous') return { is: 'anonymous' } as const
  const { id, roles, organisation } = who
  return { is: 'user', id, roles: new Set(roles), organisation } as const
}

async function makeUser<S extends Models>(
  running: RunningApp<S>,
  wanted: TestUserOptions = {},
): Promise<TestUser> {
  const { email = `user-${hex(randomBytes(6))}@test.example`, roles = [], name } = wanted
  const { password, verified = true } = wanted
  if (password !== undefined) {
    const named = name === undefined ? {} : { name }
    const { id } = await createUser(running.users, { email, roles, password, verified, ...named })
    return { id, email, roles, password }
  }
  const emailVerifiedAt = verified ? instantText(running.runtime.clock.now()) : null
  const values = { email, roles, name: name ?? null, emailVerifiedAt }
  const made = await running.users.records.create('user', values)
  return { id: String(made.id), email, roles, password: undefined }
}

async function makeMember<S extends Models>(
  { users: { records } }: RunningApp<S>,
  user: TestUser,
  { of, role = of ? 'member' : 'owner' }: TestMembership = {},
): Promise<TestMember> {
  const slug = `test-${hex(randomBytes(6))}`
  const id = of?.organisation.id ?? (await records.create('organisation', { name: slug, slug })).id
  await records.create('membership', { organisationId: id, userId: user.id, role })
  return { ...user, organisation: { id: String(id), role } }
}

function contentOf(body: unknown): {
  readonly bytes: Uint8Array
  readonly headers: Readonly<Record<string, string>>
} {
  if (body === undefined) return { bytes: new Uint8Array(), headers: {} }
  if (body instanceof Uint8Array) return { bytes: body, headers: lengthOf(body) }
  const bytes = new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
  return { bytes, headers: { 'content-type': 'application/json', ...lengthOf(bytes) } }
}

function lengthOf(bytes: Uint8Array): Readonly<Record<string, string>> {
  return { 'content-length': String(bytes.length) }
}

function showProblems(entry: { readonly level: string; readonly message: string }): void {
  if (entry.level === 'error') process.stderr.write(`${entry.message}\n`)
}
