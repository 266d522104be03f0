/** Owns the decoding of `pgoutput`, version 1: what PostgreSQL tells of changes in transactions. */

import { assert } from '../../base/assert.ts'
import type { ChangedRow, ChangedTable, Commit } from './change.ts'

/** How many rows of a table one commit may tell apart. */
export interface DecoderLimits {
  readonly feedRowsPerCommitMax: number
}

interface Relation {
  readonly name: string
  readonly columns: ReadonlyMap<string, number>
  /** The places of the columns that are the key. */
  readonly key: readonly number[]
}

type Values = readonly (string | null | undefined)[]

interface Gathered {
  readonly columns: ReadonlyMap<string, number>
  rows: ChangedRow[] | undefined
}

/** Turns messages into commits. Keeps what the server has said of tables, one per connection. */
export class Decoder {
  readonly #relations = new Map<number, Relation>()
  readonly #limits: DecoderLimits
  #transaction = 0
  #tables = new Map<string, Gathered>()

  constructor(limits: DecoderLimits) {
    this.#limits = limits
  }

  /** Takes one message; the commit where it ends one. A message of another form is a bug. */
  take(message: Buffer): Commit | undefined {
    const reading = new Reading(message)
    switch (String.fromCharCode(reading.byte())) {
      case 'B':
        this.#begin(reading)
        return undefined
      case 'R':
        this.#relation(reading)
        return undefined
      case 'I':
        this.#insert(reading)
        return undefined
      case 'U':
        this.#update(reading)
        return undefined
      case 'D':
        this.#delete(reading)
        return undefined
      case 'T':
        this.#truncate(reading)
        return undefined
      case 'C':
        return this.#commit(reading)
      default:
        // Types, origins and messages of others: they say nothing of rows.
        return undefined
    }
  }

  #begin(reading: Reading): void {
    reading.skip(8 + 8)
    this.#transaction = reading.int32()
    this.#tables = new Map()
  }

  #commit(reading: Reading): Commit {
    reading.skip(1 + 8)
    const lsn = reading.int64()
    const tables: ReadonlyMap<string, ChangedTable> = this.#tables
    this.#tables = new Map()
    return { lsn, transaction: this.#transaction, tables }
  }

  #relation(reading: Reading): void {
    const id = reading.int32()
    const schema = reading.text()
    // Empty for what every database has.
    const name = `${schema === '' ? 'pg_catalog' : schema}.${reading.text()}`
    reading.skip(1)
    const columns = new Map<string, number>()
    const key: number[] = []
    const count = reading.int16()
    for (let at = 0; at < count; at++) {
      if ((reading.byte() & 1) === 1) key.push(at)
      columns.set(reading.text(), at)
      reading.skip(4 + 4)
    }
    this.#relations.set(id, { name, columns, key })
  }

  #insert(reading: Reading): void {
    const relation = this.#known(reading.int32())
    reading.skip(1)
    const values = reading.tuple()
    this.#note(relation, { key: keyOf(relation, values), values })
  }

  #update(reading: Reading): void {
    const relation = this.#known(reading.int32())
    let mark = String.fromCharCode(reading.byte())
    let before: string | undefined
    if (mark === 'K' || mark === 'O') {
      before = keyOf(relation, reading.tuple())
      mark = String.fromCharCode(reading.byte())
    }
    assert(mark === 'N', 'an update tells the new row')
    const values = reading.tuple()
    const key = keyOf(relation, values)
    if (before !== undefined && before !== key) {
      this.#note(relation, { key: before, values: undefined })
    }
    this.#note(relation, { key, values })
  }

  #delete(reading: Reading): void {
    const relation = this.#known(reading.int32())
    reading.skip(1)
    this.#note(relation, { key: keyOf(relation, reading.tuple()), values: undefined })
  }

  #truncate(reading: Reading): void {
    const count = reading.int32()
    reading.skip(1)
    for (let at = 0; at < count; at++) {
      const { name, columns } = this.#known(reading.int32())
      this.#tables.set(name, { columns, rows: undefined })
    }
  }

  #note({ name, columns }: Relation, row: ChangedRow): void {
    const known = this.#tables.get(name)
    // Columns that changed in the middle of a transaction: nobody could read the rows before.
    const same = known !== undefined && known.columns === columns
    if (known === undefined) this.#tables.set(name, { columns, rows: [row] })
    else if (!same) known.rows = undefined
    else if (known.rows !== undefined) {
      if (known.rows.length < this.#limits.feedRowsPerCommitMax) known.rows.push(row)
      else known.rows = undefined
    }
  }

  #known(id: number): Relation {
    const relation = this.#relations.get(id)
    assert(relation, 'the server names a table before it speaks of its rows')
    return relation
  }
}

function keyOf({ key }: Relation, values: Values): string {
  const [only] = key
  if (key.length === 1 && only !== undefined) return values[only] ?? ''
  return key.map((at) => values[at] ?? '').join(' ')
}

/** A message under way. */
class Reading {
  readonly #bytes: Buffer
  #place = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  skip(count: number): void {
    this.#place += count
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#place++)
  }

  int16(): number {
    this.#place += 2
    return this.#bytes.readUInt16BE(this.#place - 2)
  }

  int32(): number {
    this.#place += 4
    return this.#bytes.readUInt32BE(this.#place - 4)
  }

  int64(): bigint {
    this.#place += 8
    return this.#bytes.readBigUInt64BE(this.#place - 8)
  }

  text(): string {
    const end = this.#bytes.indexOf(0, this.#place)
    assert(end >= 0, 'a text of the feed ends')
    const text = this.#bytes.toString('utf8', this.#place, end)
    this.#place = end + 1
    return text
  }

  tuple(): Values {
    const count = this.int16()
    const values: (string | null | undefined)[] = new Array(count)
    for (let at = 0; at < count; at++) {
      const mark = this.byte()
      if (mark === 0x6e) values[at] = null
      else if (mark === 0x75) values[at] = undefined
      else {
        const length = this.int32()
        values[at] = this.#bytes.toString('utf8', this.#place, this.#place + length)
        this.#place += length
      }
    }
    return values
  }
}
