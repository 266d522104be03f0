/** Owns the form in which jobs keep a caller. */

import {
  type AnonymousCaller,
  type Caller,
  organisationOf,
  type ServiceCaller,
  type UnrestrictedCaller,
  type UserCaller,
} from './caller.ts'
import type { Via } from './scopes/via.ts'

/** A caller as jobs keep it: who, not what they may; that is looked up again. */
export function keptCaller(caller: Caller): KeptCaller {
  if (caller.is === 'anonymous') return caller
  const id = organisationOf(caller)?.id
  const organisation = id === undefined ? {} : { organisation: id }
  if (caller.is === 'service') {
    return { is: 'service', id: caller.id, name: caller.name, ...organisation }
  }
  if (caller.is === 'unrestricted') {
    return { is: 'unrestricted', reason: caller.reason, ...organisation }
  }
  const { impersonator, via } = caller
  const came = via ? { via: { sort: via.sort, id: via.id } } : {}
  return { is: 'user', id: caller.id, impersonator, ...came, ...organisation }
}

/** A caller as jobs keep it. */
export type KeptCaller =
  | AnonymousCaller
  | (Pick<UserCaller, 'is' | 'id' | 'impersonator'> &
      KeptOrganisation & { readonly via?: Pick<Via, 'sort' | 'id'> })
  | (Pick<ServiceCaller, 'is' | 'id' | 'name'> & KeptOrganisation)
  | (Pick<UnrestrictedCaller, 'is' | 'reason'> & KeptOrganisation)

interface KeptOrganisation {
  /** The id of the organisation in which they worked. Their role in it is looked up again. */
  readonly organisation?: string
}
