/** Owns the proofs of starting: any path, one owner, nothing that is not ours. */

import assert from 'node:assert/strict'
import { access, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDatabase } from '../../open.ts'
import { startEmbedded } from '../server.ts'
import { scratch } from './apps.ts'

const log = (): void => undefined

async function ask(address: Parameters<typeof openDatabase>[0], text: string): Promise<unknown> {
  const database = await openDatabase(address)
  try {
    return (await database.query({ text, values: [] })).rows
  } finally {
    await database.close()
  }
}

test('a new directory in a path with spaces becomes a durable server', async (context) => {
  const directory = join(await scratch(context), 'a b', 'data of mine')
  const server = await startEmbedded({ directory, log })
  context.after(() => server.stop())
  const settings = await ask(
    server.address,
    `select name, setting from pg_settings where name in ('fsync', 'full_page_writes',
     'synchronous_commit', 'data_checksums', 'listen_addresses', 'wal_level') order by name`,
  )
  assert.deepEqual(settings, [
    ['data_checksums', 'on'],
    ['fsync', 'on'],
    ['full_page_writes', 'on'],
    ['listen_addresses', ''],
    ['synchronous_commit', 'on'],
    ['wal_level', 'logical'],
  ])
  const locale =
    'select datlocprovider, datlocale from pg_database where datname = current_database()'
  assert.deepEqual(await ask(server.address, locale), [['b', 'C.UTF-8']])
  assert.equal((await stat(directory)).mode & 0o777, 0o700)
  assert.equal((await stat(server.address.host)).mode & 0o077, 0)
})

test('two apps run side by side, and what they store stays theirs', async (context) => {
  const parent = await scratch(context)
  const start = (name: string) => startEmbedded({ directory: join(parent, name), log })
  const [one, other] = await Promise.all([start('one'), start('other')])
  context.after(() => Promise.all([one.stop(), other.stop()]))
  await ask(one.address, 'create table public.mine (id int)')
  const question = "select to_regclass('public.mine') is not null"
  assert.deepEqual(await ask(one.address, question), [['t']])
  assert.deepEqual(await ask(other.address, question), [['f']])
})

test('a second owner is refused by the name of the first', async (context) => {
  const directory = await scratch(context)
  const server = await startEmbedded({ directory, log })
  context.after(() => server.stop())
  await assert.rejects(startEmbedded({ directory, log }), {
    code: 'data_directory',
    message: new RegExp(`in use by process ${process.pid}\\. Stop that process`),
  })
  assert.deepEqual(await ask(server.address, 'select 1'), [['1']])
})

test('starts at the same time on a new directory: exactly one wins', async (context) => {
  const directory = join(await scratch(context), 'new')
  const starts = [1, 2, 3].map(() => startEmbedded({ directory, log }))
  const settled = await Promise.allSettled(starts)
  const won = settled.filter((outcome) => outcome.status === 'fulfilled')
  context.after(() => Promise.all(won.map((outcome) => outcome.value.stop())))
  assert.equal(won.length, 1)
})

test('stop releases the directory; the next start keeps what was stored', async (context) => {
  const directory = await scratch(context)
  const first = await startEmbedded({ directory, log })
  await ask(first.address, 'create table public.kept (id int)')
  await first.stop()
  assert.deepEqual(await first.exited, { expected: true, how: 'code 0' })
  await assert.rejects(access(join(directory, 'postgres-18', 'owner.json')))
  const second = await startEmbedded({ directory, log })
  context.after(() => second.stop())
  assert.deepEqual(await ask(second.address, "select to_regclass('public.kept')::text"), [
    ['public.kept'],
  ])
})

test('a path too long for a socket works, and its outside directory goes away', async (context) => {
  const directory = join(await scratch(context), 'x'.repeat(120), 'y'.repeat(120))
  const server = await startEmbedded({ directory, log })
  context.after(() => server.stop())
  assert.ok(Buffer.byteLength(join(server.address.host, '.s.PGSQL.5432')) <= 103)
  assert.equal((await stat(server.address.host)).mode & 0o777, 0o700)
  assert.deepEqual(await ask(server.address, 'select 1'), [['1']])
  await server.stop()
  await assert.rejects(access(server.address.host))
})

test('a directory of another major version is refused with what to do', async (context) => {
  const older = await scratch(context)
  await mkdir(join(older, 'postgres-17'))
  const rejection = { code: 'data_directory', message: /PostgreSQL .*17.* make a backup there/ }
  await assert.rejects(startEmbedded({ directory: older, log }), rejection)
  const inside = await scratch(context)
  await mkdir(join(inside, 'postgres-18', 'data'), { recursive: true })
  await writeFile(join(inside, 'postgres-18', 'data', 'PG_VERSION'), '17\n')
  await assert.rejects(startEmbedded({ directory: inside, log }), rejection)
  assert.deepEqual(await readdir(join(inside, 'postgres-18')), ['data'])
})

test('a directory that holds other things is refused and left alone', async (context) => {
  const home = await scratch(context)
  await writeFile(join(home, 'letter.txt'), 'dear')
  await assert.rejects(startEmbedded({ directory: home, log }), {
    code: 'data_directory',
    message: /letter\.txt.*Choose an empty directory/,
  })
  assert.deepEqual(await readdir(home), ['letter.txt'])
  const cluster = await scratch(context)
  await writeFile(join(cluster, 'PG_VERSION'), '16\n')
  await assert.rejects(startEmbedded({ directory: cluster, log }), { code: 'data_directory' })
})

test('what a kill during the first start left behind is never used', async (context) => {
  const directory = await scratch(context)
  const half = join(directory, 'postgres-18', 'data.abc')
  await mkdir(half, { recursive: true })
  // Tests that ran before the first start keep their servers here.
  await mkdir(join(directory, 'test', '1'), { recursive: true })
  await writeFile(join(half, 'PG_VERSION'), '18\n')
  const server = await startEmbedded({ directory, log })
  context.after(() => server.stop())
  assert.deepEqual(await ask(server.address, 'select 1'), [['1']])
  await assert.rejects(access(half))
})

test('a lock of a reused process number, or a torn one, is recovered', async (context) => {
  const directory = await scratch(context)
  const first = await startEmbedded({ directory, log })
  const file = join(directory, 'postgres-18', 'owner.json')
  const owner = JSON.parse(await readFile(file, 'utf8'))
  await first.stop()
  // This very process has the number, but it began at another time.
  await writeFile(file, JSON.stringify({ ...owner, start: '1 another boot' }))
  const second = await startEmbedded({ directory, log })
  await second.stop()
  await writeFile(file, '{"pid":')
  const third = await startEmbedded({ directory, log })
  await third.stop()
})

test('a lock of another container holds while its heart beats', async (context) => {
  const directory = await scratch(context)
  const server = await startEmbedded({ directory, log })
  context.after(() => server.stop())
  const file = join(directory, 'postgres-18', 'owner.json')
  const owner = JSON.parse(await readFile(file, 'utf8'))
  // Seen from elsewhere: another place, and a number that nobody has there.
  await writeFile(file, JSON.stringify({ ...owner, place: 'elsewhere', pid: 999_999_999 }))
  await assert.rejects(startEmbedded({ directory, log }), { message: /on elsewhere/ })
  await writeFile(file, JSON.stringify(owner))
})
