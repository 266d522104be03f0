/** Owns the cap on all records of one operation together. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'

/** Refuses an operation that could bring more records in all than the cap. */
export function checkRows(rows: number): void {
  if (rows <= limits.graphqlNodesMax) return
  const most = `This could bring ${rows} records of at most ${limits.graphqlNodesMax}`
  throw new Failure('query_too_costly', {
    detail: `${most} (graphqlNodesMax): lower "first" of the connections, or ask in two requests.`,
  })
}
