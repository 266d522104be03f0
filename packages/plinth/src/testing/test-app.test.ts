import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { clearAway } from '../app/housekeeping.ts'
import { app, belongsTo, identity, instant, kit, now, text } from '../index.ts'
import { startSystemPostgres } from './system-postgres.ts'
import { type TestOptions, testApp } from './test-app.ts'

const notes = kit('notes', {
  uses: [identity],
  models: {
    note: {
      fields: { text: text({ max: 100 }), owner: belongsTo('user'), showAt: instant() },
      access: {
        read: ({ row, me }) => row.ownerId.eq(me.id).and(row.showAt.lte(now)),
        create: ({ input, me }) => input.ownerId.eq(me.id),
        delete: ({ row, me }) => row.ownerId.eq(me.id),
      },
    },
  },
})

const notebook = app({
  title: 'Notebook',
  kits: [identity, notes],
  async seed({ data, createUser }) {
    const { id } = await createUser({ email: 'ann@notes.example' })
    await data.note.create({ text: 'seeded', ownerId: id, showAt: '2026-01-01T00:00:00Z' })
  },
})

type Notebook = Awaited<ReturnType<typeof open>>
const open = (options?: TestOptions) => testApp(notebook, options)

async function callers(book: Notebook): Promise<void> {
  const ann = await book.user({ roles: ['admin'] })
  const bob = await book.user()
  const showAt = '2025-01-01T00:00:00Z'
  const made = await book.as(ann).note.create({ text: 'mine', ownerId: ann.id, showAt })
  assert.equal((await book.as(ann).note.find()).data.length, 1)
  assert.equal((await book.as(bob).note.find()).data.length, 0)
  await assert.rejects(book.as('anonymous').note.find(), { code: 'sign_in_required' })
  assert.equal((await book.data.note.get(made.id)).text, 'mine')
  await assert.rejects(book.as(bob).note.get(made.id), { code: 'not_found' })
  const shown = await book.request('GET', `/api/notes/${made.id}`, { as: ann })
  assert.equal((shown.json() as { text: string }).text, 'mine')
  assert.match(shown.headers.etag ?? '', /^"/)
  assert.equal((await book.request('GET', `/api/notes/${made.id}`, { as: bob })).status, 404)
  assert.equal((await book.request('GET', '/api/nothing')).status, 404)
  assert.equal((await book.request('POST', '/api/notes', { as: bob, body: '{' })).status, 400)
  await book.as(ann).note.delete(made.id)
  assert.equal((await book.data.note.find()).data.length, 0)
}

async function clock(book: Notebook): Promise<void> {
  const ann = await book.user()
  const showAt = '2026-01-02T00:00:00Z'
  await book.data.note.create({ text: 'later', ownerId: ann.id, showAt })
  assert.equal((await book.as(ann).note.find()).data.length, 0)
  book.clock.set(Date.parse(showAt))
  assert.equal((await book.as(ann).note.find()).data.length, 1)
  // Sessions end by the same clock.
  const asked = () => book.request('GET', '/api/notes', { as: ann })
  assert.equal((await asked()).status, 200)
  book.clock.advance(8 * 86_400_000)
  assert.equal((await asked()).status, 401)
}

async function run(options?: TestOptions): Promise<void> {
  const [one, two] = await Promise.all([open(options), open(options)])
  try {
    assert.notEqual(one.database.database, two.database.database)
    await callers(one)
    await clock(two)
  } finally {
    await Promise.all([one.close(), two.close()])
  }
}

test('an app under test has callers, requests and a clock of its own', () => run())

test('the same on the PostgreSQL of the machine', async (t) => {
  const server = await startSystemPostgres()
  if (!server) return t.skip('no PostgreSQL is installed')
  t.after(() => server.stop())
  await run({ server: server.address })
})

test('what has run out is cleared away: sessions, and replies kept for a repeat', async (t) => {
  const book = await open()
  t.after(() => book.close())
  const ann = await book.user()
  const write = (text: string) =>
    book.request('POST', '/api/notes', {
      as: ann,
      body: { text, ownerId: ann.id, showAt: '2025-01-01T00:00:00Z' },
      headers: { 'idempotency-key': '"once"' },
    })
  assert.equal((await write('first')).status, 201)
  await clearAway(book.running.runtime)
  assert.equal((await write('other')).status, 422, 'the reply is kept for a day')
  assert.equal((await book.running.users.records.find('session', {})).length, 1)
  book.clock.advance(25 * 3_600_000)
  await clearAway(book.running.runtime)
  assert.equal((await write('other')).status, 201)
  book.clock.advance(31 * 86_400_000)
  await clearAway(book.running.runtime)
  assert.equal((await book.running.users.records.find('session', {})).length, 0)
})

test('the seed runs where it is asked for', async (t) => {
  const book = await open({ seed: true })
  t.after(() => book.close())
  assert.equal((await book.data.note.find()).data[0]?.text, 'seeded')
})

test('a test process ends although its server runs, and others run beside it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-testing-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 50 }))
  const program = `
    import { testApp } from '${import.meta.dirname}/test-app.ts'
    import { app, kit, text } from '${import.meta.dirname}/../index.ts'
    const shop = kit('shop', { models: { thing: { fields: { name: text() } } } })
    const tested = await testApp(app({ kits: [shop] }))
    await tested.close()
    process.stdout.write('closed')`
  const options = ['--conditions=source', '--input-type=module-typescript', '--eval', program]
  const execute = promisify(execFile)
  const runs = [1, 2, 3].map(() =>
    execute(process.execPath, options, { cwd: folder, timeout: 60_000 }),
  )
  for (const { stdout } of await Promise.all(runs)) assert.equal(stdout, 'closed')
})

test('an app under test is served where a client needs a socket, until it is closed', async () => {
  const book = await open()
  const [ann, ben] = [await book.user(), await book.user()]
  const note = (owner: { readonly id: string }, text: string) =>
    book.data.note.create({ text, ownerId: owner.id, showAt: '2025-01-01T00:00:00Z' })
  await note(ann, 'mine')
  await note(ben, 'another')
  const { url } = await book.serve()
  const second = await book.serve()
  const authorization = `Bearer ${await book.token(ann)}`
  const answer = await fetch(`${url}/api/notes?fields=text`, { headers: { authorization } })
  const found = (await answer.json()) as { readonly data: readonly { readonly text: string }[] }
  assert.deepEqual(
    found.data.map(({ text }) => text),
    ['mine'],
  )
  const followed = await fetch(`${url}/api/notes`, {
    headers: { authorization, accept: 'text/event-stream' },
  })
  assert.equal(followed.headers.get('content-type'), 'text/event-stream')
  await second.drain()
  await assert.rejects(fetch(second.url), 'drained, it takes nothing more')
  assert.equal((await fetch(`${url}/api/notes`)).status < 500, true)
  await book.close()
  await assert.rejects(fetch(url), 'closed with the app')
  await assert.rejects(async () => {
    for await (const _ of followed.body ?? []);
  }, 'a stream ends with it')
})
