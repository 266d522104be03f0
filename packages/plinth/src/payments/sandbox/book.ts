/** Owns the sandbox's database: payments, what moved, remembered keys, messages to be sent. */

import { chmodSync, writeFileSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { Failure } from '../../base/failure.ts'
import { systemClock } from '../../base/time.ts'

const schema = `
  create table if not exists payment (
    id text primary key, reference text not null, method text not null, currency text not null,
    amount integer not null, status text not null, captured integer not null default 0,
    refunded integer not null default 0, created integer not null,
    check (captured >= 0 and captured <= amount), check (refunded >= 0 and refunded <= captured)
  ) strict;
  create index if not exists payment_reference on payment (reference);
  create table if not exists movement (
    id integer primary key, key text not null, payment text not null references payment,
    type text not null, amount integer not null, at integer not null
  ) strict;
  create table if not exists request (
    key text primary key, fingerprint text not null, status integer not null, body text not null
  ) strict;
  create table if not exists fault (
    id integer primary key, operation text not null, kind text not null, reference text,
    delay_ms integer not null, times integer not null, hits integer not null default 0
  ) strict;
  create table if not exists event (
    id text primary key, body text not null, created integer not null
  ) strict;
  create table if not exists delivery (
    id integer primary key, event text not null references event, due integer not null,
    attempts integer not null default 0, done integer, answer text
  ) strict;
  create table if not exists setting (name text primary key, value text not null) strict;
`

/** A row as it is stored. */
export type Row = Readonly<Record<string, string | number | null>>

/**
 * The database of one sandbox: what it acknowledged survives `kill -9` and a power cut. One process
 * at a time has it open; a second fails with `data_directory`.
 */
export class Book {
  readonly #database: DatabaseSync

  constructor(file: string) {
    // It holds the key of the API and the secret of the webhooks. SQLite's other files follow it.
    writeFileSync(file, '', { flag: 'a', mode: 0o600 })
    chmodSync(file, 0o600)
    this.#database = new DatabaseSync(file)
    try {
      this.#database.exec('pragma locking_mode = exclusive; pragma journal_mode = wal;')
      this.#database.exec('pragma synchronous = full; pragma foreign_keys = on;')
      // The first write takes the lock, for as long as this process lives.
      this.#database.exec(`begin immediate; ${schema} commit;`)
    } catch (cause) {
      this.#database.close()
      throw new Failure('data_directory', {
        detail: `${file} is no sandbox's database, or another process has it open: stop that one.`,
        cause,
      })
    }
  }

  /** Rows of a query. */
  rows(sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#database.prepare(sql).all(...values) as unknown as readonly Row[]
  }

  /** The first row, where there is one. */
  row(sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.rows(sql, ...values)[0]
  }

  /** Changes something. Returns the number of rows. */
  run(sql: string, ...values: readonly SQLInputValue[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes)
  }

  /** All of it, or nothing. Once it returns, it is on the disk. */
  transaction<T>(work: () => T): T {
    this.#database.exec('begin immediate')
    try {
      const result = work()
      this.#database.exec('commit')
      return result
    } catch (error) {
      this.#database.exec('rollback')
      throw error
    }
  }

  /** A setting; made where there is none. */
  setting(name: string, make: () => string): string {
    const known = this.row('select value from setting where name = ?', name)
    if (known) return String(known.value)
    const value = make()
    this.keep(name, value)
    return value
  }

  /** Keeps a setting. */
  keep(name: string, value: string): void {
    const sql = 'insert into setting values (?, ?) on conflict (name) do update set value = ?'
    this.run(sql, name, value, value)
  }

  /** The sandbox's own time, milliseconds since 1970: the machine's, and so far ahead. */
  now(): number {
    return systemClock.now() + Number(this.setting('offset', () => '0'))
  }

  close(): void {
    this.#database.close()
  }
}
