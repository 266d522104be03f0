/** Owns the comparison of a declaration with a live database. */

import type { DedicatedSession } from '../../database/database.ts'
import { patiently } from '../apply/attempts.ts'
import { type Difference, difference } from '../diff/diff.ts'
import { findRenames } from '../diff/renames.ts'
import { identities, type LiveSchema, type Schema, tableKey } from '../schema.ts'
import { introspect } from './introspect.ts'
import { spell } from './spell.ts'

/** What a comparison rests on. */
export interface CompareOptions {
  /** Identities of what Plinth made. */
  readonly owned: ReadonlySet<string>
  /** True: treats every table as one with rows. Default false. */
  readonly assumeRows?: boolean
}

/** Compares the declared schema with the database. Changes nothing. */
export function compare(
  session: DedicatedSession,
  desired: Schema,
  options: CompareOptions,
): Promise<Difference> {
  // Even reading waits where somebody holds a table exclusively.
  return patiently('The schema is read.', () => compareOnce(session, desired, options))
}

async function compareOnce(
  session: DedicatedSession,
  desired: Schema,
  { owned, assumeRows = false }: CompareOptions,
): Promise<Difference> {
  const before = await introspect(session, schemasOf(desired, owned))
  const renames = findRenames(desired, before)
  const live = new Set(renames.live.tables.map(tableKey))
  const spelled = await spell(
    session,
    desired.tables
      .filter((table) => live.has(tableKey(table)))
      .map((table) => ({ table, renames: renames.columns.get(tableKey(table)) ?? [] })),
  )
  const stillOwned = followRenames(owned, before, renames.live)
  return difference({ desired, renames, spelled, owned: stillOwned, assumeRows })
}

/** The PostgreSQL schemas to look at: those declared, and those of kits that were. */
export function schemasOf(desired: Schema, owned: ReadonlySet<string>): readonly string[] {
  const former = [...owned].map((identity) => identity.slice(0, identity.indexOf('.')))
  return [...new Set([...desired.schemas, ...former])]
}

/** Renames change names in place, so the two lists go side by side. */
function followRenames(
  owned: ReadonlySet<string>,
  before: LiveSchema,
  after: LiveSchema,
): ReadonlySet<string> {
  const names = identities(after)
  const followed = identities(before).flatMap((identity, index) =>
    owned.has(identity) ? [names[index] ?? identity] : [],
  )
  return new Set([...owned, ...followed])
}
