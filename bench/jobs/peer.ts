/** Owns the peer of the figures: a loop by hand over SKIP LOCKED, a transaction for each job. */

import { Client } from 'pg'
import type { DatabaseAddress } from '../../packages/plinth/src/database/database.ts'

const connections = 8

const tables = `create table peer_job (id bigint generated always as identity primary key,
    number integer not null, done boolean not null default false);
  create index peer_ready on peer_job (id) where not done;
  create table peer_note (id uuid primary key default gen_random_uuid(), number integer not null,
    text text not null)`

/** Jobs a second, each in a transaction with its row: what most write by hand. */
export async function measurePeer(address: DatabaseAddress, count: number): Promise<number> {
  const clients = await Promise.all(Array.from({ length: connections }, () => open(address)))
  const [first] = clients
  try {
    await first?.query(tables)
    const add = 'insert into peer_job (number) select n from generate_series(1, $1::integer) n'
    await first?.query(add, [count])
    const startMs = performance.now()
    await Promise.all(clients.map(drain))
    return (count * 1_000) / (performance.now() - startMs)
  } finally {
    await Promise.all(clients.map((client) => client.end()))
  }
}

async function open({ host, port, user, database, password }: DatabaseAddress): Promise<Client> {
  const given = { host, port, user, database }
  const client = new Client(password === undefined ? given : { ...given, password })
  await client.connect()
  return client
}

const claim = {
  name: 'claim',
  text: `select id, number from peer_job where not done order by id limit 1
    for update skip locked`,
}

async function drain(client: Client): Promise<void> {
  for (;;) {
    await client.query('begin')
    const { rows } = await client.query(claim)
    const job = rows[0] as { id: string; number: number } | undefined
    if (job === undefined) {
      await client.query('commit')
      return
    }
    const note = `insert into peer_note (number, text) values ($1, 'done')`
    await client.query({ name: 'note', text: note, values: [job.number] })
    const done = 'update peer_job set done = true where id = $1'
    await client.query({ name: 'done', text: done, values: [job.id] })
    await client.query('commit')
  }
}
