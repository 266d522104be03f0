/** Owns whether the owner of an endpoint may know of an event, as they stand now. */

import type { Runtime } from '../../engine/runtime.ts'
import { audienceOf, type EventFacts } from './message.ts'
import type { Delivery, Endpoint } from './parts.ts'

/** An endpoint with the account that it belongs to. */
export interface OwnedEndpoint extends Endpoint {
  readonly owner: { readonly roles: readonly string[]; readonly suspended: boolean }
}

/** True where an owner may be told of an event: an admin of any, others where it names them. */
export function mayKnow(
  { catalog, log }: Pick<Runtime, 'catalog' | 'log'>,
  { owner, ownerId }: OwnedEndpoint,
  { type, data }: Pick<EventFacts, 'type' | 'data'>,
): boolean {
  if (owner.suspended) return false
  if (owner.roles.includes('admin')) return true
  try {
    return audienceOf(catalog.logic.events.get(type), data).includes(ownerId)
  } catch (cause) {
    // Written for data of another shape than this: then nobody is known to be meant.
    log({ level: 'warning', message: `The audience of ${type} cannot be told.`, cause })
    return false
  }
}

/** The messages that an owner sends to themselves, to try an endpoint. */
export const testType = 'webhooks.test'

/**
 * Why a stored delivery is not made any more; undefined: it may go out. Days can lie between an
 * event and its delivery: who was suspended, or is no admin now, learns nothing more.
 */
export function withheld(
  runtime: Runtime,
  endpoint: OwnedEndpoint,
  { type, body }: Pick<Delivery, 'type' | 'body'>,
): string | undefined {
  if (endpoint.status === 'off') return 'The endpoint is switched off.'
  if (endpoint.owner.suspended) return 'Withheld: the owner of the endpoint is suspended.'
  if (type === testType) return undefined
  const { data } = JSON.parse(body) as { readonly data: unknown }
  if (mayKnow(runtime, endpoint, { type, data })) return undefined
  return 'Withheld: the owner of the endpoint may not know of this event any more.'
}
