/** Owns the proofs of one followed read: what it hears of by the index, and when it asks again. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChangedTable } from '../../database/feed/change.ts'
import type { LiveRows } from './answer/rows.ts'
import { Readers } from './interest/readers.ts'
import { LiveQuery } from './query.ts'
import type { LiveRead } from './read/read.ts'

const columns = new Map([
  ['id', 0],
  ['v', 1],
])

/** A change of one row: its value afterwards; undefined: it is gone. */
function changeOf(key: string, value: string | undefined): ChangedTable {
  const values = value === undefined ? undefined : [key, value]
  return { columns, rows: [{ key, values }] }
}

function answerOf(ids: string, more = false): LiveRows {
  const rows = [...ids].map((id) => ({ id, text: `{"id":"${id}"}` }))
  return { rows, more, count: '' }
}

/** A read that wants the value 1, answered by hand; followed by nobody in particular. */
async function openQuery(first: LiveRows) {
  const readers = new Readers<LiveQuery>('a.b')
  const asking = new Set<LiveQuery>()
  const asked: ((answer: LiveRows) => void)[] = []
  const read: LiveRead = {
    ...{ key: '', only: 'list', tables: new Set(['a.b']), table: 'a.b', timed: false },
    concerns: (table, values) => values[table.columns.get('v') ?? -1] === '1',
    demand: { of: new Map([['v', new Set(['1'])]]) },
  }
  const query = new LiveQuery({
    ...{ read, readers, asking },
    ask: () => new Promise((resolve) => asked.push(resolve)),
    turn: (work) => work(),
    left: () => undefined,
  })
  readers.add(query, read)
  const refreshed = query.refresh()
  asked.shift()?.(first)
  await refreshed
  query.join({ deliver: () => undefined, end: () => undefined })
  return {
    query,
    asked,
    /** Demands that it asks: at once, or as soon as it has rested, where this machine is slow. */
    asks: async (why: string): Promise<void> => {
      for (let waits = 0; asked.length === 0 && waits < 5_000; waits++) await sleep(2)
      assert.equal(asked.length, 1, why)
    },
    change: (key: string, value: string | undefined) => {
      readers.tell(changeOf(key, value), asking)
    },
    settle: async (answer: LiveRows) => {
      asked.shift()?.(answer)
      for (let turns = 0; turns < 20; turns++) await Promise.resolve()
    },
  }
}

test('it asks again for rows that match now, for those that it holds, for no other', async () => {
  const { asked, asks, change, settle } = await openQuery(answerOf('k'))
  change('x', '2')
  assert.equal(asked.length, 0, 'what never was in it')
  change('x', '1')
  await asks('a row that matches now')
  await settle(answerOf('kx'))
  change('k', '2')
  await asks('a row that it holds, by what it was')
  await settle(answerOf('x'))
  change('k', '3')
  assert.equal(asked.length, 0, 'what has left it')
  change('x', undefined)
  await asks('a row that is gone')
  await settle(answerOf(''))
  assert.equal(asked.length, 0)
})

test('a row that came in an older form than it has by now is asked for again', async () => {
  const { asked, asks, change, settle } = await openQuery(answerOf(''))
  change('x', '1')
  await asks('a row that matches now')
  // It has ceased to match since the statement began, whose answer still holds it.
  change('y', '2')
  await settle(answerOf('xy'))
  await asks('it is asked again')
  await settle(answerOf('x'))
  assert.equal(asked.length, 0, 'once')
})

test('a list longer than its limit is asked again in time, where its table changed', async () => {
  const { query, asked, asks, change, settle } = await openQuery(answerOf('k', true))
  query.tick()
  assert.equal(asked.length, 0, 'nothing has changed')
  change('z', undefined)
  assert.equal(asked.length, 0, 'not at once')
  query.tick()
  await asks('its table has changed')
  await settle(answerOf('k'))
  change('z', undefined)
  query.tick()
  assert.equal(asked.length, 0, 'it is not longer any more')
})
