import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database } from '../../../database/database.ts'
import { findDeletionsDue, findIdleGuests } from '../../../engine/identify/idle-guests.ts'
import { openShop } from './shop.ts'

// Of 60,000 accounts few are guests: what forgets those reads nothing of the others.
const fillText = `insert into identity."user"
    (id, created_at, updated_at, version, email, unclaimed, roles, suspended, second_factor, guest)
  select gen_random_uuid(), $1::timestamptz - make_interval(mins => n), $1::timestamptz, 1,
    case when n % 100 = 0 then null else 'u' || n || '@people.example' end,
    false, '{}', false, false, n % 100 = 0
  from generate_series(1, 60000) n`

test('housekeeping finds guests and deletions by an index', async (context) => {
  const { tested } = await openShop(undefined, context)
  const { database } = tested.running.runtime
  const now = tested.clock.now()
  await database.query({ text: fillText, values: [new Date(now).toISOString()] })
  await database.query({ text: 'analyze identity."user"', values: [] })
  await database.query({ text: 'analyze identity.session', values: [] })
  const explained = {
    query: ({ text, values }: Parameters<Database['query']>[0]) =>
      database.query({ text: `explain ${text}`, values: values ?? [] }),
  } as unknown as Database
  const guests = (await findIdleGuests(explained, now)).join('\n')
  assert.match(guests, /user__guest__created_at__index/)
  assert.doesNotMatch(guests, /Seq Scan on "user"/)
  const due = (await findDeletionsDue(explained, now)).join('\n')
  assert.match(due, /user__deletion_at__index/)
  assert.doesNotMatch(due, /Seq Scan on "user"/)
  assert.equal((await findIdleGuests(database, now)).length, 100)
})
