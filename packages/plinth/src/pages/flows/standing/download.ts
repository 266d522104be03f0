/** Owns the file in which somebody takes their own rows along. */

import { Failure } from '../../../base/failure.ts'
import { limits } from '../../../base/limits.ts'
import { instantText } from '../../../base/time.ts'
import type { HttpResponse } from '../../../http/message.ts'
import type { Visit } from '../../visit.ts'
import { demandSignedIn, formPage } from '../form-page.ts'

/** A button that answers with the file. */
export const download = formPage({
  name: 'download',
  path: '/account/download',
  enter: demandSignedIn,
  view: (common) => ({ ...common, links: { account: '/account' } }),
  send: (visit) => fileOf(visit),
})

interface Part {
  readonly records: Readonly<Record<string, readonly unknown[]>>
  readonly leftOut: readonly { readonly model: string }[]
  readonly next: string | null
}

/** Asked for part by part: no transaction is longer, and no answer larger, than one part. */
async function fileOf(visit: Visit): Promise<HttpResponse> {
  const records: Record<string, unknown[]> = {}
  const leftOut: unknown[] = []
  let after: string | null = null
  for (let count = 0; count < limits.exportPartsPerFileMax; count++) {
    const input = { after }
    const part = (await visit.ask('identity.exportAccount', { input })) as Part
    for (const [model, rows] of Object.entries(part.records)) {
      records[model] = [...(records[model] ?? []), ...rows]
    }
    leftOut.push(...part.leftOut)
    after = part.next
    if (after === null) return attached(visit, { records, leftOut })
  }
  throw new Failure('conflict', {
    detail:
      'You have too much for one file: take it part by part, at /api/identity/export-account.',
  })
}

function attached(visit: Visit, found: object): HttpResponse {
  const { title, clock } = visit.site
  const body = JSON.stringify({ app: title, madeAt: instantText(clock.now()), ...found }, null, 2)
  return {
    status: 200,
    headers: {
      ...visit.headers(),
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': 'attachment; filename="your-data.json"',
    },
    body,
  }
}
