/** Owns a row that somebody else holds: to write down what happens to those who wait for it. */

import { sleep } from '../../base/time.ts'
import { say } from '../../database/proof/servers.ts'
import type { Desk } from './desk.ts'

/** A row held by a transaction of its own. */
export interface HeldRow {
  /** Resolves when somebody waits for the row. */
  awaited(): Promise<void>
  /** Changes the row by a statement over its id, and commits. */
  change(statement: string): Promise<void>
}

/** Holds a row in a transaction of its own until told to change it and commit. */
export async function holdRow(
  desk: Pick<Desk, 'raw'>,
  table: string,
  id: string,
): Promise<HeldRow> {
  const database = await desk.raw()
  let held = (): void => undefined
  let release = (_sets: string): void => undefined
  const ready = new Promise<void>((resolve) => {
    held = resolve
  })
  const told = new Promise<string>((resolve) => {
    release = resolve
  })
  const done = database.transaction(
    async (session) => {
      await session.query(say(`select 1 from ${table} where id = $1 for update`, id))
      held()
      const change = await told
      await session.query(say(change, id))
    },
    { isolation: 'read committed' },
  )
  await ready
  return {
    async awaited(): Promise<void> {
      const waiting = say(
        `select count(*) from pg_stat_activity
         where wait_event_type = 'Lock' and datname = current_database()`,
      )
      while (Number((await database.query(waiting)).rows[0]?.[0]) === 0) await sleep(5)
    },
    async change(statement: string): Promise<void> {
      release(statement)
      await done
    },
  }
}
