/** Owns the composition of an app: plain calls that show the whole wiring, and its end in order. */

import type { Caller } from '../access/caller.ts'
import { present } from '../base/assert.ts'
import { Failure } from '../base/failure.ts'
import { uuidSource } from '../base/ids.ts'
import { limits } from '../base/limits.ts'
import { type Clock, systemClock } from '../base/time.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { compileCatalog } from '../catalog/compile.ts'
import type { Database, DatabaseAddress } from '../database/database.ts'
import { inspectServer } from '../database/guard.ts'
import { openDatabase } from '../database/open.ts'
import type { SecondFactorDemand } from '../define/app/sign-in.ts'
import type { Models } from '../define/infer.ts'
import type { AnyKit, App } from '../define/kit.ts'
import type { AcrossData, Data } from '../define/logic/data.ts'
import { auditAction } from '../engine/audit/entries.ts'
import type { Call, Reply } from '../engine/call.ts'
import { keyTokens } from '../engine/identify/keys/keys.ts'
import { sessionTokens } from '../engine/identify/sessions.ts'
import { identifier, recaller, type TokenSort } from '../engine/identify/tokens.ts'
import { invoke } from '../engine/invoke.ts'
import { callLimiter } from '../engine/limiter.ts'
import type { Live } from '../engine/live/live.ts'
import { PlanCache } from '../engine/plan-cache.ts'
import { recordAccess } from '../engine/records.ts'
import type { Action, InputGuards, Keeper, Runtime } from '../engine/runtime.ts'
import type { Handler } from '../http/message.ts'
import type { LinkHandler } from '../http/socket/upgrades.ts'
import type { IdentityParts } from '../identity/flows/operation.ts'
import type { Hasher, Passwords } from '../identity/passwords/passwords.ts'
import { openWhileHeld } from '../identity/second-factor/demanded.ts'
import { mail } from '../mail/kit.ts'
import { openCursors } from '../query/cursor.ts'
import { Waker } from '../work/waker.ts'
import type { WorkflowDetail, WorkflowQuestion } from '../work/workflow/operate/look.ts'
import { openWorkflows, type Workflows } from '../work/workflow/operate/workflows.ts'
import { type CallAction, callsOf } from './calls.ts'
import { deriveKey } from './config/secret.ts'
import { dataOf } from './data.ts'
import { apiDoors } from './delivery/api.ts'
import { checkDocuments } from './delivery/graphql.ts'
import { demandMail, type MailSettings, mailbox, mailFlows } from './delivery/mail.ts'
import { checkPages, pagesOf } from './delivery/pages.ts'
import { checkWeb, withWeb } from './delivery/web.ts'
import {
  besideApi,
  type OutboundPolicy,
  outgoingActions,
  type WebhookParts,
  webhookGuards,
  webhookParts,
  withFanOut,
  withPlaces,
} from './delivery/webhooks.ts'
import { startHousekeeping } from './housekeeping.ts'
import type { Log } from './log.ts'
import { checkDemand } from './people/demand.ts'
import {
  arrivesByMail,
  type IdentitySetup,
  identityOf,
  identitySetup,
  leavesByMail,
} from './people/identity.ts'
import { type OperatorKeys, operatorKeys } from './people/keys.ts'
import { accountKeeper } from './people/leaving/keepers.ts'
import { organisationsIn } from './people/organisations/organisations.ts'
import type { KeysByProvider } from './people/outside/keys.ts'
import { usableProviders } from './people/outside/wiring.ts'
import type { UserParts } from './people/users.ts'
import { takesPasskeys } from './people/web-authn.ts'
import {
  checkProvider,
  checkScopes,
  providerKit,
  providerTokens,
  withProvider,
} from './provider/open.ts'
import { type SchemaSetup, settleSchema } from './schema/schema.ts'
import {
  audienceOf,
  checkServices,
  type ServiceToken,
  serviceSigner,
  servicesIn,
} from './services/services.ts'
import { workActions } from './work/actions.ts'
import type { Working } from './work/beside.ts'
import { effectsOf } from './work/effects.ts'
import { openWork, type WorkMode } from './work/open.ts'
import { type Operating, operatingOf } from './work/operate.ts'

export type { AcrossData, App, Data, Models, WorkflowDetail, WorkflowQuestion }

/** What an app runs on. */
export interface AppSetup {
  readonly database: DatabaseAddress
  /** At least 32 random bytes as text; the same on every node. */
  readonly secret: string
  /** True: refuses a server that may lose what it acknowledged. */
  readonly production: boolean
  readonly schema: SchemaSetup | 'settled'
  /** Default: `callsPerMinute` of base/limits. */
  readonly callsPerMinute?: number
  /** How much one caller may follow at once. Default: that of base/limits. */
  readonly liveSubscriptionsPerCaller?: number
  /** Whether this process runs jobs. Default `off`. */
  readonly work?: WorkMode
  /** How many jobs run at once. Default: `jobsAtOnce` of base/limits. */
  readonly jobsAtOnce?: number | undefined
  /** The address that the app is reached by, without a slash at its end. */
  readonly publicUrl?: string | undefined
  /** The address on its own machine, for mails of development. Default port 3000. */
  readonly localUrl?: string | undefined
  /** How mail leaves the app. Default: it stays in the mailbox. */
  readonly mail?: MailSettings | undefined
  /** Which addresses of other people's choice are called. Default: by `production`. */
  readonly outbound?: OutboundPolicy | undefined
  /** What the app is known by at the providers of `signInWith`. Those without are left out. */
  readonly providerKeys?: KeysByProvider | undefined
  /** The folder of the app's file, where its front end is served. Default: it is not. */
  readonly home?: string | undefined
}

/** What a test replaces, and what a sandbox adds. */
export interface AppParts {
  readonly clock?: Clock
  readonly log?: Log
  readonly hasher?: Hasher
  /** Runs once the schema is settled, before anything works with time: no job, no call. */
  readonly settled?: ((database: Database) => Promise<void>) | undefined
}

/** An app that answers. */
export interface RunningApp<S extends Models = Models> {
  readonly catalog: Catalog
  readonly runtime: Runtime
  /** Answers requests: the REST door. */
  readonly handler: Handler
  /** Reads that are followed. */
  readonly live: Live
  /** Answers those who want to speak WebSocket. */
  readonly sockets: LinkHandler
  /** Answers calls. */
  readonly invoke: (call: Call) => Promise<Reply>
  /** The models under the rules of a caller. */
  as(caller: Caller): Data<S>
  /** Calls an action. */
  readonly call: CallAction
  /** Signs a token for a service of the app. Fails with `not_found` and `invalid_input`. */
  readonly serviceToken: ServiceToken
  /** The workflows: start, look, signal, cancel, retry, fork. */
  readonly workflows: Workflows
  /** What the work with accounts stands on. */
  readonly users: UserParts
  /** The API keys of users, for operators. */
  readonly keys: OperatorKeys
  readonly passwords: Passwords
  /** Runs jobs, where the setup says so. */
  readonly worker: Working
  /** Jobs, queues, events and schedules, for operators. */
  readonly operating: Operating
  /** Ends housekeeping, lets jobs end, then the connections to the database. */
  close(): Promise<void>
}

/** What every app has beside its own kits. */
interface BuiltIn {
  readonly kits: readonly AnyKit[]
  readonly actions: readonly Action[]
  readonly identity: IdentityParts
}

function builtIn(app: App<unknown>, parts: BuiltInParts): BuiltIn {
  const { runtime, hooks } = parts
  const { kits, actions, parts: identity } = identityOf(app, parts)
  const office = organisationsIn(app, parts)
  const delivery = [...mailFlows(runtime), ...outgoingActions(app, hooks)]
  const provider = providerKit(app, parts)
  return {
    kits: [...kits, ...office.kits, mail, ...provider.kits],
    actions: [
      ...[...actions, auditAction(runtime), ...delivery, ...workActions(runtime)],
      ...office.actions,
      ...provider.actions,
    ],
    identity,
  }
}

/** What built-in actions stand on; the runtime is there when the first of them is called. */
interface BuiltInParts extends IdentitySetup {
  readonly runtime: () => Runtime
  /** What webhooks are sent with. */
  readonly hooks: () => WebhookParts
}

/** The catalog of an app with the built-in kits. Fails with `declaration_invalid`. */
export function catalogOf(app: App<unknown>, known?: BuiltIn): Catalog {
  const alone = <T>(): T => present<T>(undefined, 'the runtime of a catalog alone')
  const parts = { runtime: alone<Runtime>, hooks: alone<WebhookParts> }
  const { kits, actions } = known ?? builtIn(app, { ...parts, ...identitySetup({}, { app }) })
  // The built-in kits ask for `admin`: an app that lists its roles has it as well.
  const roles = app.roles ? [...new Set([...app.roles, 'admin'])] : undefined
  const builtIns = { kits, actions: actions.map(({ operation }) => operation) }
  checkPages(app)
  checkDemand(app)
  checkWeb(app)
  checkDocuments(app)
  checkProvider(app, {})
  const catalog = compileCatalog({ ...app, roles }, builtIns)
  checkServices(catalog)
  checkScopes(app, catalog)
  return withFanOut(catalog)
}

/**
 * Opens an app on a database: catalog, schema, runtime, REST door. Failures: `declaration_invalid`,
 * `migration_refused`, `configuration_invalid`, `unavailable`.
 *
 * @example const running = await openApp(store, { database: server.address, … })
 */
export async function openApp<S>(
  app: App<S>,
  setup: AppSetup,
  { clock = systemClock, log = () => undefined, hasher, settled }: AppParts = {},
): Promise<RunningApp<S extends Models ? S : Models>> {
  checkProvider(app, setup)
  const people = identitySetup(setup, { app, hasher })
  const { passwords } = people
  const opened: { runtime?: Runtime } = {}
  const live = (): Runtime => present(opened.runtime, 'the runtime of an open app')
  const hooks = webhookParts(live, setup)
  const known = builtIn(app, { ...people, runtime: live, hooks })
  // Before anything is opened: a mistake in the declaration leaves nothing behind.
  const catalog = catalogOf(app, known)
  demandMail(catalog, { settings: setup.mail ?? mailbox, production: setup.production })
  const database = await openDatabase(setup.database)
  try {
    await trustServer(database, setup, log)
    if (setup.schema !== 'settled') {
      await settleSchema({ database, catalog, clock, log }, setup.schema)
    }
    await settled?.(database)
    const waker = new Waker(database)
    const guards = webhookGuards(hooks)
    opened.runtime = runtimeOf({
      catalog,
      database,
      clock,
      log,
      actions: known.actions,
      setup,
      waker,
      guards,
      keepers: new Map([['user', accountKeeper(known.identity)]]),
      impersonatorRole: app.accounts.impersonatorRole,
      demand: app.signIn.secondFactor,
      programs: providerTokens(
        app,
        { database, clock, log, demand: app.signIn.secondFactor },
        setup,
      ),
    })
    const { identity } = known
    return compose({
      app,
      runtime: opened.runtime,
      identity,
      passwords,
      clock,
      setup,
      waker,
      hooks,
    })
  } catch (error) {
    await database.close()
    throw error
  }
}

async function trustServer(database: Database, setup: AppSetup, log: Log): Promise<void> {
  const { risks } = await inspectServer(database)
  for (const { detail } of risks) log({ level: 'warning', message: detail })
  if (setup.production && risks.length > 0) {
    throw new Failure('configuration_invalid', {
      detail: `The database may lose what it acknowledged. ${risks[0]?.detail}`,
    })
  }
}

interface RuntimeParts {
  readonly catalog: Catalog
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly actions: readonly Action[]
  readonly setup: AppSetup
  readonly waker: Waker
  readonly guards: InputGuards
  readonly keepers: ReadonlyMap<string, Keeper>
  readonly impersonatorRole: string | undefined
  /** Of whom a second factor is demanded. */
  readonly demand: SecondFactorDemand | undefined
  /** The tokens that programs of others call with. */
  readonly programs: readonly TokenSort[]
}

function runtimeOf(parts: RuntimeParts): Runtime {
  const { catalog, database, clock, log, actions, setup, waker, guards, keepers, demand } = parts
  const newId = uuidSource(clock)
  const sorts = [
    sessionTokens({ database, clock, log, demand, impersonatorRole: parts.impersonatorRole }),
    ...parts.programs,
    ...keyTokens({ database, clock, log, demand }),
    ...servicesIn({ catalog, database, clock, log, newId, audience: audienceOf(setup.secret) }),
  ]
  return Object.freeze({
    catalog,
    database,
    clock,
    log,
    newId,
    guards,
    keepers,
    secondFactor: demand,
    openWhileHeld,
    watchful: !setup.production,
    effects: effectsOf({ logic: catalog.logic, newId }, (news) => waker.wake(news)),
    plans: new PlanCache(limits.statementCacheMax),
    cursors: openCursors(deriveKey(setup.secret, 'cursors')),
    identify: identifier(sorts),
    recall: recaller(sorts),
    limiter: callLimiter(clock, setup.callsPerMinute ?? limits.callsPerMinute),
    actions: new Map(actions.map((action) => [action.operation.name, action])),
  })
}

interface Composing {
  readonly app: App<unknown>
  readonly runtime: Runtime
  readonly identity: IdentityParts
  readonly passwords: Passwords
  readonly clock: Clock
  readonly setup: AppSetup
  readonly waker: Waker
  readonly hooks: () => WebhookParts
}

function compose<S extends Models>(composing: Composing): RunningApp<S> {
  const { app, runtime, identity, passwords, clock, setup, waker, hooks } = composing
  const { mail = mailbox, production, secret } = setup
  const { catalog, database } = runtime
  const answer = (call: Call): Promise<Reply> => invoke(runtime, call)
  const doors = apiDoors(app, { runtime, invoke: answer, setup })
  const mailing = { production, mail, publicUrl: setup.publicUrl }
  const sendsMail = leavesByMail(mailing)
  const passkeys = takesPasskeys(setup)
  const confirmFirst = arrivesByMail(mailing) && !app.signIn.unverified
  const mails = { sendsMail, confirmFirst }
  const providers = usableProviders(app, setup.providerKeys)
  const places = withPlaces(
    doors.handler,
    new Map([
      ...besideApi(runtime, { production, mail }),
      ...pagesOf(app, { door: doors.rest, passkeys, runtime, invoke: answer, ...mails, providers }),
    ]),
  )
  const served = withProvider(app, places, { runtime, setup })
  const handler = withWeb(app, served, { ...setup, log: runtime.log })
  const endHousekeeping = startHousekeeping(runtime)
  const { work: mode = 'off', jobsAtOnce } = setup
  const worker = openWork({ runtime, waker, mode, jobsAtOnce, mail, hooks: hooks() })
  const users = { catalog, clock, records: recordAccess(runtime, database), passwords }
  return {
    ...{ catalog, runtime, handler },
    live: doors.live,
    sockets: doors.sockets,
    invoke: answer,
    as: (caller) => dataOf<S>(catalog, answer, caller),
    call: callsOf(catalog, answer),
    serviceToken: serviceSigner({ runtime, secret, audience: audienceOf(secret) }),
    workflows: openWorkflows(runtime),
    users,
    keys: operatorKeys({ runtime, users, identity }),
    passwords,
    worker,
    operating: operatingOf(runtime),
    async close() {
      endHousekeeping()
      await doors.live.close()
      await worker.drain()
      waker.close()
      await database.close()
    },
  }
}
