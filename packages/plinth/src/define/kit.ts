/** Owns kits and apps: how models are bundled, used by each other, and made into one app. */

import { type Accounts, type AccountsSpec, accountsOf } from './accounts.ts'
import { type Graphql, type GraphqlSpec, graphqlOf } from './app/graphql.ts'
import { type Provider, type ProviderSpec, providerOf } from './app/provider.ts'
import { type Service, type ServicesSpec, servicesOf } from './app/services.ts'
import { type SignIn, type SignInSpec, signInOf } from './app/sign-in.ts'
import type { IdentityProvider } from './app/sign-in-with.ts'
import { type Web, type WebSpec, webOf } from './app/web.ts'
import type {
  Access,
  Extended,
  Extensions,
  ExtensionsOfKits,
  KitTypes,
  Members,
  ModelSpec,
  Models,
  ModelsOfApp,
  ModelsOfKits,
  TenancySaid,
  Tenanted,
  TenantMembers,
  Tenants,
} from './infer.ts'
import { type Declaring, declaring } from './logic/declare.ts'
import type { Action, Logic } from './logic/logic.ts'
import { type ActionSource, type ActionsIn, actionsIn } from './logic/named.ts'
import type { LogicScope } from './logic/scope.ts'
import type { Given, Shape } from './logic/shape.ts'
import type { OrganisationsSpec } from './organisations.ts'
import type { DeclaredPages, PagesSpec } from './pages.ts'

/** A model as the catalog receives it: the spec, with its types erased. */
export type AnyModelSpec = Omit<ModelSpec<Models, Members>, 'access' | 'compute' | 'checks'> & {
  readonly access?: Access<never, never, string>
  readonly compute?: Readonly<Record<string, (scope: never) => unknown>>
  readonly checks?: Readonly<Record<string, (scope: never) => unknown>>
}

/** A kit with its types erased. */
export interface AnyKit extends KitTypes<unknown, unknown> {
  readonly is: 'kit'
  readonly name: string
  readonly uses: readonly AnyKit[]
  readonly models: Readonly<Record<string, AnyModelSpec>>
  readonly extends: Extensions
  /** Actions, events, jobs and the rest, in order of declaration. */
  readonly logic: readonly Logic[]
}

/**
 * A bundle of models and logic: the unit of reuse. `M` are its models' members, `E` what it adds
 * to other kits' models, `S` all models in its sight, `K` its name.
 */
export interface Kit<M, E, S extends Models = Models, K extends string = string>
  extends Omit<AnyKit, 'types'>,
    KitTypes<M, E>,
    Declaring<S, K> {}

/** What a kit is declared with. */
export interface KitSpec<
  M extends Models,
  U extends readonly KitTypes<unknown, unknown>[],
  E extends Extensions,
  T extends Tenants<M> = Readonly<Record<never, never>>,
> {
  /** Kits whose models this one refers to. */
  readonly uses?: U
  /** Relations added to models of used kits: the other side of this kit's `belongsTo`. */
  readonly extends?: E & { readonly [K in Exclude<keyof E, keyof ModelsOfKits<U>>]: never }
  readonly models?: {
    readonly [K in keyof M]: ModelSpec<
      InSight<Tenanted<M, T>, U, E>,
      M[K],
      TenantMembers<M[K], K extends keyof T ? T[K] : undefined>
    >
  } & { readonly [K in keyof T]: TenancySaid<T[K]> }
}

/** All models that a kit's rules and relations can name. */
export type InSight<
  M extends Models,
  U extends readonly KitTypes<unknown, unknown>[],
  E extends Extensions,
> = M & Extended<ModelsOfKits<U>, ExtensionsOfKits<U> & E>

/** All models that a kit's logic works with. */
export type LogicSight<
  M extends Models,
  U extends readonly KitTypes<unknown, unknown>[],
  E extends Extensions,
> = InSight<M, U, E> extends infer S extends Models ? S : never

/**
 * Declares a kit. Relations name their models by string, so that models of one kit can refer to
 * each other; models of other kits come into sight by `uses`.
 *
 * @example
 * const catalog = kit('catalog', {
 *   models: { product: { fields: { name: text() }, access: { read: anyone } } },
 * })
 */
export function kit<
  M extends Models = Readonly<Record<never, never>>,
  const U extends readonly KitTypes<unknown, unknown>[] = readonly [],
  E extends Extensions = Readonly<Record<never, never>>,
  const T extends Tenants<M> = Readonly<Record<never, never>>,
  const K extends string = string,
>(name: K, spec: KitSpec<M, U, E, T>): Kit<Tenanted<M, T>, E, LogicSight<Tenanted<M, T>, U, E>, K> {
  const logic: Logic[] = []
  return Object.freeze({
    is: 'kit',
    name,
    logic,
    ...(declaring(name, logic) as unknown as Declaring<LogicSight<Tenanted<M, T>, U, E>, K>),
    uses: Object.freeze([...((spec.uses ?? []) as unknown as readonly AnyKit[])]),
    models: Object.freeze({ ...((spec.models ?? {}) as unknown as AnyKit['models']) }),
    extends: Object.freeze({ ...((spec.extends ?? {}) as Extensions) }),
  })
}

/** For whom a seed calls an action: such as it got from `createUser`. */
export interface SeedCaller {
  readonly id: string
  /** Default: none. */
  readonly roles?: readonly string[]
  /** The organisation in which they work, and as what. Default: none. */
  readonly organisation?: { readonly id: string; readonly role: string }
}

/**
 * What a seed works with, past all rules: everything it does commits together, or nothing does.
 * Events, jobs, workflows and mails come after the commit, as those of an action.
 */
export interface SeedScope<S extends Models> extends Omit<LogicScope<S>, 'me' | 'call'> {
  /**
   * Calls an action in the same transaction: past its rule, or for a user, under the rules that
   * hold for them.
   *
   * @example await call(placeOrder, { lines }, { as: alice })
   */
  call<I extends Shape, O>(
    action: Action<I, O>,
    input: Given<I>,
    options?: { readonly as?: SeedCaller },
  ): Promise<O>
  /**
   * Makes an account. Without a password a random one is made and returned; one that is given is
   * measured as everybody’s are. `verified`: you vouch for the address, as if a mail had been
   * answered. Fails with `invalid_input`, and with `conflict` where the address is taken.
   */
  createUser(user: {
    readonly email: string
    readonly name?: string
    readonly roles?: readonly string[]
    readonly password?: string
    readonly verified?: boolean
  }): Promise<{
    readonly id: string
    readonly email: string
    readonly roles: readonly string[]
    readonly password: string
  }>
  /** Shows a line at the start: ready-made accounts, what to try first. Never in production. */
  log(line: string): void
}

/** What an app is declared with. */
export interface AppSpec<
  U extends readonly KitTypes<unknown, unknown>[],
  A extends readonly ActionSource[] = readonly ActionSource[],
> {
  /** The app's kits; kits that they use come along. */
  readonly kits: U
  /**
   * The actions that typed clients know, by value or by the module that exports them. All others
   * are served as well; a client of types alone cannot tell of them. Default none.
   *
   * @example actions: [checkout, cart] // import * as checkout from './checkout.ts'
   */
  readonly actions?: A
  /** Shown in documents and pages. Default `Plinth app`. */
  readonly title?: string
  /** The roles of accounts; a rule that asks for another is a mistake. Default: any. */
  readonly roles?: readonly string[]
  /** Who may sign up by themselves. Default `anyone`. */
  readonly signUp?: 'anyone' | 'nobody'
  /** Before what signing in is possible, and by which passwords. */
  readonly signIn?: SignInSpec
  /**
   * Lets users found organisations and work in them together: members, roles, invitations, and
   * rules that speak of them. Default: no organisations, and no addresses of theirs.
   *
   * @example organisations: { roles: { admin: ['members.invite'], member: [] } }
   */
  readonly organisations?: OrganisationsSpec
  /** Guests, staff who act as users, and how accounts are deleted. */
  readonly accounts?: AccountsSpec
  /**
   * Other providers that people can sign in with, in the order of their buttons. What the app is
   * known by there stands in variables, such as `GOOGLE_CLIENT_ID` and `GOOGLE_CLIENT_SECRET`.
   *
   * @example signInWith: [google(), oidc('acme', { issuer: 'https://id.acme.example' })]
   */
  readonly signInWith?: readonly IdentityProvider[]
  /** Origins of other sites that may call the API from a browser (CORS). Default none. */
  readonly origins?: readonly string[]
  /**
   * The pages on which people sign in and look after their accounts, under `/account`: their looks,
   * and what stands in the place of single ones. `false`: the app serves its own at `PLINTH_URL`.
   */
  readonly pages?: PagesSpec<ModelsOfApp<U>> | false
  /** Makes the app an OAuth provider: other programs may ask its people for access. */
  readonly provider?: ProviderSpec
  /**
   * A front end that was built, served from the app's own origin. Default: none.
   *
   * @example web: { folder: 'web/dist', at: '/shop' }
   */
  readonly web?: WebSpec
  /** How GraphQL is served at `/api/graphql`. `false`: not at all. */
  readonly graphql?: GraphqlSpec | false
  /**
   * Other programs of the app's own people, which call without a user: what each of them may do.
   *
   * @example services: { billing: { scopes: ['order.read', 'orders.settle'] } }
   */
  readonly services?: ServicesSpec
  /**
   * Fills an empty database, once: in development and on the embedded database, never where
   * `NODE_ENV` is `production`. It runs in one transaction, and again from its beginning where
   * PostgreSQL asks for that.
   */
  readonly seed?: (scope: SeedScope<ModelsOfApp<U>>) => Promise<void>
}

/** A whole back end: kits and configuration. `S` are all its models, `A` the actions it names. */
export interface App<S, A = unknown> {
  readonly is: 'app'
  readonly kits: readonly AnyKit[]
  /** The actions that it names for typed clients. */
  readonly actions: readonly Action[]
  readonly title: string
  readonly roles: readonly string[] | undefined
  readonly signUp: 'anyone' | 'nobody'
  readonly signIn: SignIn
  readonly organisations: OrganisationsSpec | undefined
  readonly accounts: Accounts
  readonly signInWith: readonly IdentityProvider[]
  readonly origins: readonly string[]
  readonly pages: DeclaredPages | false
  readonly provider: Provider | undefined
  readonly web: Web | undefined
  readonly graphql: Graphql
  readonly services: ReadonlyMap<string, Service>
  /** Its scope's type is erased. */
  readonly seed: ((scope: never) => Promise<void>) | undefined
  /** Phantom. Never set. */
  readonly models?: S
  /** Phantom. Never set. */
  readonly actionTypes?: A
}

/**
 * Declares an app: the value that `plinth dev`, `plinth start` and every other door work from.
 *
 * @example export default app({ title: 'Store', kits: [catalog, orders] })
 */
export function app<
  const U extends readonly KitTypes<unknown, unknown>[],
  const A extends readonly ActionSource[] = readonly [],
>(spec: AppSpec<U, A>): App<ModelsOfApp<U>, ActionsIn<A>> {
  return Object.freeze({
    is: 'app',
    kits: Object.freeze([...(spec.kits as unknown as readonly AnyKit[])]),
    actions: Object.freeze(actionsIn(spec.actions ?? [])),
    title: spec.title ?? 'Plinth app',
    roles: spec.roles ? Object.freeze([...spec.roles]) : undefined,
    signUp: spec.signUp ?? 'anyone',
    signIn: signInOf(spec.signIn),
    organisations: spec.organisations,
    accounts: accountsOf(spec.accounts),
    signInWith: Object.freeze([...(spec.signInWith ?? [])]),
    origins: Object.freeze([...(spec.origins ?? [])]),
    pages: spec.pages === false ? false : (Object.freeze({ ...spec.pages }) as DeclaredPages),
    provider: providerOf(spec.provider),
    web: webOf(spec.web),
    graphql: graphqlOf(spec.graphql),
    services: servicesOf(spec.services),
    seed: spec.seed,
  })
}
