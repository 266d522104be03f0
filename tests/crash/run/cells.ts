/** Owns what clients do over REST alone: cells that are read, written, and exchanged by version. */

import type { Operation } from '../check/history.ts'
import type { RegisterOperation } from '../check/register.ts'
import type { Chance } from '../harness/chance.ts'
import type { Answered, Client } from '../harness/client.ts'

/** What a client asks of a cell; `from`: only where this number stands there. */
export interface CellRequest {
  readonly cell: string
  readonly write?: number
  readonly from?: number
}

// A search for an order of more would take too long.
const operationsMax = 40

/** The cells of a load: a new one after so many operations. */
export class Cells {
  #cell: string | undefined
  #count = 0
  #numbers = 0

  /** Reads, writes, or exchanges what it has read for something else. */
  async act(client: Client, chance: Chance): Promise<Answered> {
    const cell = this.#cell
    if (cell === undefined || this.#count >= operationsMax) return this.#create(client)
    this.#count += 1
    const deed = chance.weighted({ read: 2, write: 1, exchange: 2 })
    if (deed === 'write') return this.#write(client, { cell })
    const seen = await client.ask({
      op: 'cell',
      path: pathOf(cell),
      method: 'GET',
      request: { cell },
    })
    const from = numberOf(seen)
    if (deed === 'read' || from === undefined || seen.etag === undefined) return seen
    this.#count += 1
    return this.#write(client, { cell, from }, seen.etag)
  }

  /** Where its answer is lost for good, another one is made next time. */
  async #create(client: Client): Promise<Answered> {
    this.#count = 0
    const made = await client.ask({ op: 'cell made', path: '/api/cells', body: { number: 0 } })
    if (made.outcome === 'ok') this.#cell = (made.body as { readonly id: string }).id
    return made
  }

  #write(
    client: Client,
    { cell, from }: { readonly cell: string; readonly from?: number },
    etag?: string,
  ): Promise<Answered> {
    const number = ++this.#numbers
    return client.ask({
      ...{ op: 'cell', path: pathOf(cell), method: 'PATCH', body: { number } },
      headers: etag === undefined ? {} : { 'if-match': etag },
      request: { cell, write: number, ...(from === undefined ? {} : { from }) },
    })
  }
}

function pathOf(cell: string): string {
  return `/api/cells/${cell}`
}

/** The operations on each cell, by its id. */
export function cellOperations(
  operations: readonly Operation[],
): ReadonlyMap<string, readonly RegisterOperation[]> {
  const own = operations.filter(({ op }) => op === 'cell')
  const byCell = Map.groupBy(own, ({ request }) => (request as CellRequest).cell)
  return new Map([...byCell].map(([cell, all]) => [cell, all.map(cellOperation)]))
}

function cellOperation({ id, outcome, begunAt, endedAt, ...rest }: Operation): RegisterOperation {
  const { write, from } = rest.request as CellRequest
  const known = { id, outcome, begunAt, endedAt }
  if (write === undefined) return { ...known, does: { read: numberOf(rest.response) } }
  return { ...known, does: from === undefined ? { write } : { from, to: write } }
}

function numberOf(response: unknown): number | undefined {
  return (response as { body?: { number?: number } } | undefined)?.body?.number
}

/** The values of a list as REST shows it. */
export function valuesOf(response: unknown): readonly number[] {
  const content = (response as { body: { content: string } }).body.content
  return content === '' ? [] : content.split(',').map(Number)
}
