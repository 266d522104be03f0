/** Owns scopes: their grammar, and what each lets a narrower credential do. */

import type { Problem } from '../../base/failure.ts'
import type { Catalog, Model, Operation, Verb } from '../../catalog/catalog.ts'
import { suggestion } from '../../catalog/mistakes.ts'

/**
 * The grammar, from wide to narrow:
 *
 * - `read`: everything that changes nothing: records of all models, and safe actions
 * - `write`: that, and everything that changes something: records of all models, all actions
 * - `product.read`: records of one model
 * - `product.write`: reads them, creates, changes and deletes them
 * - `product.create`: creates them, and reads none; for what only hands something in
 * - `orders.checkout`: one action
 *
 * None of them reaches the accounts themselves, nor the endpoints of their webhooks: both are
 * looked after in a session alone.
 */
const wide = ['read', 'write'] as const

const modelWords = ['read', 'write', 'create'] as const

type Scopes = ReadonlySet<string>

/**
 * The kits whose models and operations are out of reach of every narrower credential: what changes
 * who somebody is, or what else can act for them, takes the person. So does an endpoint: what is
 * sent there goes on after the credential, and tells of every organisation of its owner.
 */
const closedKits: ReadonlySet<string> = new Set(['identity', 'oauth', 'webhooks'])

// What may be read of it all the same: who the owner is, and who the people in their records are.
const openModels: ReadonlySet<string> = new Set(['user', 'organisation', 'membership'])
const openActions: ReadonlySet<string> = new Set(['identity.me'])

/** True where scopes could let a credential do this with records of the model at all. */
export function isModelOpen({ kit, name }: Pick<Model, 'kit' | 'name'>, verb: Verb): boolean {
  if (!closedKits.has(kit)) return true
  return kit === 'identity' && verb === 'read' && openModels.has(name)
}

/** True where scopes let a credential do this with records of a model. Undefined: no limits. */
export function scopesReach(scopes: Scopes | undefined, model: Model, verb: Verb): boolean {
  // A made join table has no rules and no scopes: a link is as open as its two sides.
  if (scopes === undefined || !model.exposed) return true
  return isModelOpen(model, verb) && modelScopes(model, verb).some((scope) => scopes.has(scope))
}

/** The scopes that let a verb through; the narrowest first. */
function modelScopes({ name }: Model, verb: Verb): readonly [string, ...string[]] {
  const all = [`${name}.write`, 'write'] as const
  if (verb === 'read') return [`${name}.read`, 'read', ...all]
  return verb === 'create' ? [`${name}.create`, ...all] : all
}

/** What an operation asks of a credential. */
export type Wanted =
  /** It takes a session: no scope leads to it. */
  | { readonly is: 'session' }
  /** It takes nothing. */
  | { readonly is: 'nothing' }
  /** One of these scopes; the first is the narrowest that does. */
  | { readonly is: 'scope'; readonly anyOf: readonly [string, ...string[]] }

/** What an operation asks of a credential. */
export function wantedBy(operation: Operation): Wanted {
  if (operation.type === 'action') {
    if (openActions.has(operation.name)) return { is: 'nothing' }
    if (closedKits.has(operation.kit)) return { is: 'session' }
    const safe = operation.safe ? ['read'] : []
    return { is: 'scope', anyOf: [operation.name, ...safe, 'write'] }
  }
  const { model, type } = operation
  // An upsert changes what is there: it asks for more than creating does.
  const verb = type === 'list' || type === 'get' ? 'read' : type === 'upsert' ? 'update' : type
  if (!isModelOpen(model, verb)) return { is: 'session' }
  return { is: 'scope', anyOf: modelScopes(model, verb) }
}

/** What a verb of a model asks of a credential. */
export function wantedFor(model: Model, verb: Verb): Wanted {
  return isModelOpen(model, verb)
    ? { is: 'scope', anyOf: modelScopes(model, verb) }
    : { is: 'session' }
}

/** True for scopes by which nothing can be changed. */
export function areReadOnly(scopes: Scopes, catalog: Catalog): boolean {
  return [...scopes].every((scope) => {
    if (scope === 'read') return true
    const [first = '', last] = scope.split('.')
    if (catalog.models.get(first)?.exposed && modelWords.some((word) => word === last)) {
      return last === 'read'
    }
    const operation = catalog.operations.get(scope)
    return operation?.type === 'action' && operation.safe
  })
}

/** Every scope that an app has, in order: `read`, `write`, those of models, those of actions. */
export function scopesOf(catalog: Catalog): readonly string[] {
  const all = new Set<string>(wide)
  for (const model of catalog.models.values()) {
    if (!model.exposed) continue
    for (const word of modelWords) {
      const verb = word === 'write' ? 'update' : word
      if (isModelOpen(model, verb)) all.add(`${model.name}.${word}`)
    }
  }
  for (const operation of catalog.operations.values()) {
    if (operation.type === 'action' && wantedBy(operation).is === 'scope') all.add(operation.name)
  }
  return [...all]
}

/** What is wrong with scopes that somebody asks for: each by its place, with what was meant. */
export function scopeProblems(catalog: Catalog, scopes: readonly string[]): readonly Problem[] {
  const known = scopesOf(catalog)
  return scopes.flatMap((scope, index) => {
    if (known.includes(scope)) return []
    const near = suggestion(scope, known) || '. Such as read, write, or one of a model: order.read.'
    const detail = `There is no scope "${scope}"${near}`
    return [{ pointer: `/scopes/${index}`, code: 'unknown_scope', detail }]
  })
}
