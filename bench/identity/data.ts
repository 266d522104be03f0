/** Owns the people of the identity figures: who signs in, and the crowd around them. */

import { createHash, randomBytes } from 'node:crypto'
import type pg from 'pg'

/** The password of everybody who signs in. */
export const password = 'a sunny afternoon in lisbon'

/** How many there are around those who are measured. */
export const crowd = { users: 100_000, sessions: 1_000_000 } as const

const stamps = 'created_at, updated_at, version'
const now = 'now(), now(), 1'

const peopleText = `insert into identity."user" (id, email, password_hash, email_verified_at, roles,
    suspended, second_factor, guest, unclaimed, ${stamps})
  select uuidv7(), $1 || n || '@bench.example', $2, now(), array[]::text[], false, false, false,
    false, ${now}
  from generate_series(1, $3::int) n`

const sessionText = `insert into identity.session
    (id, user_id, token_hash, expires_at, last_used_at, method, assurance, ${stamps})
  select uuidv7(), u.id, $1, now() + interval '1 day', now(), 'password', 1, ${now}
  from identity."user" u where u.email = $2`

const crowdText = `insert into identity.session
    (id, user_id, token_hash, expires_at, last_used_at, method, assurance, ${stamps})
  select uuidv7(), u.id,
    rtrim(translate(encode(sha256((u.id::text || n)::bytea), 'base64'), '+/', '-_'), '='),
    now() + interval '30 days', now(), 'password', 1, ${now}
  from identity."user" u cross join generate_series(1, $1::int) n
  where u.email like 'crowd-%'`

/** Adds users who can sign in; each once, so that no limit of an account is met. */
export async function addPeople(
  client: pg.Client,
  { prefix, count, hash }: { prefix: string; count: number; hash: string },
): Promise<readonly string[]> {
  await client.query(peopleText, [prefix, hash, count])
  return Array.from({ length: count }, (_, index) => `${prefix}${index + 1}@bench.example`)
}

/** Begins a session of a user past the doors; returns its bearer token. */
export async function addSession(client: pg.Client, email: string): Promise<string> {
  const token = `pls_${randomBytes(32).toString('base64url')}`
  const hash = createHash('sha256').update(token).digest('base64url')
  await client.query(sessionText, [hash, email])
  return token
}

/** Adds the crowd: 100,000 users with ten sessions each. */
export async function addCrowd(client: pg.Client, hash: string): Promise<void> {
  await addPeople(client, { prefix: 'crowd-', count: crowd.users, hash })
  await client.query(crowdText, [crowd.sessions / crowd.users])
  await client.query('vacuum analyze identity."user", identity.session')
}
