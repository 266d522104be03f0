/** Owns finding an organisation that an operator names: by its id, or by its slug. */

import { Failure } from '../../../base/failure.ts'
import type { RunningApp } from '../../compose.ts'

const idForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** An organisation, as operators name it. */
export interface FoundOrganisation {
  readonly id: string
  readonly name: string
  readonly slug: string
}

/** Finds an organisation by id or slug. Fails with `usage` without any, and with `not_found`. */
export async function findOrganisation(
  { catalog, users: { records } }: Pick<RunningApp, 'catalog' | 'users'>,
  which: string,
): Promise<FoundOrganisation> {
  if (!catalog.organisations) {
    throw new Failure('usage', { detail: 'The app has no organisations: leave the option out.' })
  }
  const filter = idForm.test(which) ? { id: which } : { slug: which }
  const [found] = await records.find('organisation', { filter, limit: 1 })
  if (found) return found as unknown as FoundOrganisation
  const detail = `There is no organisation "${which}": give its id, or its slug.`
  throw new Failure('not_found', { detail })
}
