/** Owns what an app declares about its services: other programs of its own people. */

/**
 * A service: a program of the app's own people that calls without a user, by short tokens that it
 * signs itself. Rules know it by `me.service('billing')`.
 *
 * @example services: { billing: { scopes: ['order.read', 'orders.settle'] } }
 */
export interface ServiceSpec {
  /** What it may do, as scopes of API keys: `read`, `order.write`, `orders.settle`. */
  readonly scopes: readonly string[]
  /** The roles that rules see it in. Default none. */
  readonly roles?: readonly string[]
  /**
   * True: each of its tokens is good for one call, and a copy of it for none; that costs each call
   * a write. Default false: a token is good until it ends, five minutes at most.
   */
  readonly singleUse?: boolean
  /**
   * The role that it has in the organisation that a token of it names: any organisation, one at a
   * time. Default: it works in none, and a token that names one is refused.
   */
  readonly organisationRole?: string
}

/** The services of an app, by name. */
export type ServicesSpec = Readonly<Record<string, ServiceSpec>>

/** A service, with its defaults. */
export interface Service {
  readonly name: string
  readonly scopes: ReadonlySet<string>
  readonly roles: ReadonlySet<string>
  readonly singleUse: boolean
  /** Undefined: it works in no organisation. */
  readonly organisationRole?: string | undefined
}

/** The services of an app, with their defaults. */
export function servicesOf(spec: ServicesSpec = {}): ReadonlyMap<string, Service> {
  const all = Object.entries(spec).map(([name, { scopes, roles = [], ...more }]) => {
    const { singleUse = false, organisationRole } = more
    const held = { scopes: new Set(scopes), roles: new Set(roles) }
    return [name, Object.freeze({ name, ...held, singleUse, organisationRole })] as const
  })
  return new Map(all)
}
