/** Owns the look-up of organisations that services work in: no member of one has to be there. */

import type { Database } from '../../../database/database.ts'

const findText = 'select id from identity.organisation where id = any($1::uuid[])'

/** Of these organisations, those that there are. Asks nothing where none is named. */
export async function livingOrganisations(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const { rows } = await database.query({
    ...{ name: 'plinth_service_organisations', text: findText, repeatable: true },
    values: [[...new Set(ids)]],
  })
  return new Set(rows.flatMap(([id]) => id ?? []))
}
