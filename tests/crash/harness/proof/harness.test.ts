import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { operationsOf } from '../../check/history.ts'
import { Client } from '../client.ts'
import { Disk, whyNoPowerCut } from '../disk.ts'
import { WholePostgres, whyNoNamespace } from '../postgres.ts'
import { pause, processesIn } from '../processes.ts'
import { Recorder } from '../recorder.ts'
import { freePort, Server } from '../server.ts'

const appFile = join(import.meta.dirname, 'notes.app.ts')

interface Bench {
  readonly folder: string
  readonly recorder: Recorder
  /** What is done at the end, the last first. */
  atEnd(end: () => Promise<void> | void): void
}

/** A folder that is empty of processes at the end. */
function bench(context: TestContext): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'plinth-crash-'))
  const recorder = new Recorder(join(folder, 'history.jsonl'))
  const ends: (() => Promise<void> | void)[] = []
  context.after(async () => {
    for (const end of ends.toReversed()) await end()
    recorder.close()
    // The guardian of an embedded server looks a last time, and ends by itself.
    for (let waited = 0; processesIn(folder).length > 0 && waited < 300; waited++) await pause(100)
    assert.deepEqual(processesIn(folder), [], 'nothing is left running')
    rmSync(folder, { recursive: true, force: true })
  })
  return { folder, recorder, atEnd: (end) => void ends.push(end) }
}

async function begin(
  { folder }: Bench,
  environment: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const port = await freePort()
  const server = new Server({ folder, appFile, port, environment, sabotages: [] })
  await server.start()
  return server
}

function clientOf({ recorder }: Bench, server: Server): Client {
  const stopped = (): boolean => false
  return new Client({ number: 1, bases: [server.base], recorder, token: undefined, stopped })
}

const note = (title: string) => ({ op: 'note', path: '/api/notes', body: { title } })

test('a server on its own PostgreSQL survives each kind of death', async (context) => {
  const here = bench(context)
  const server = await begin(here)
  here.atEnd(() => server.stop())
  const client = clientOf(here, server)
  here.atEnd(() => client.close())
  const titles: string[] = []
  const write = async (title: string): Promise<void> => {
    assert.equal((await client.ask(note(title))).outcome, 'ok', title)
    titles.push(title)
  }
  await write('first')
  assert.ok(server.killWorker())
  await write('after the worker')
  assert.ok(server.stopPostgresAtOnce())
  await write('after PostgreSQL')
  await server.killSupervisor()
  await server.start()
  await write('after the supervisor')
  await server.killAll()
  await server.start()
  await write('after all of it')
  const { body } = await client.ask({ op: 'read', path: '/api/notes', method: 'GET' })
  assert.ok(typeof body === 'object' && body !== null && 'data' in body && Array.isArray(body.data))
  assert.equal(body.data.length, titles.length)
})

test('a failpoint fires once, in the process that runs', async (context) => {
  const here = bench(context)
  const server = await begin(here)
  here.atEnd(() => server.stop())
  const client = clientOf(here, server)
  here.atEnd(() => client.close())
  for (const point of ['commit.sent@1=kill', 'reply.half@1=kill', 'commit.sending@1=kill']) {
    const before = server.fired().length
    server.plan([point])
    // The plan is read by and by: until it is, writes pass.
    for (let round = 0; server.fired().length === before && round < 200; round++) {
      assert.equal((await client.ask(note(`${point} ${round}`))).outcome, 'ok')
    }
    assert.deepEqual(
      server
        .fired()
        .slice(before)
        .map((each) => each.point),
      [point],
    )
  }
  const asked = operationsOf(here.recorder.lines)
  const { body } = await client.ask({ op: 'read', path: '/api/notes?limit=200', method: 'GET' })
  assert.ok(typeof body === 'object' && body !== null && 'data' in body && Array.isArray(body.data))
  assert.equal(body.data.length, asked.length, 'each once, the killed ones too')
  const doubtful = here.recorder.lines.filter(({ phase }) => phase === 'unknown')
  assert.ok(doubtful.length >= 3, 'their callers saw them break')
})

test('a whole PostgreSQL dies in one instant, and under a power cut', async (context) => {
  const reason = whyNoNamespace() ?? whyNoPowerCut(tmpdir())
  if (reason !== undefined) return context.skip(reason)
  const here = bench(context)
  const disk = new Disk(here.folder)
  here.atEnd(() => disk.remove())
  const first = await begin(here, { PLINTH_DATA: disk.path })
  await first.stop()
  const postgres = new WholePostgres({ data: disk.path, folder: here.folder, sabotages: [] })
  here.atEnd(() => postgres.stop())
  await postgres.start()
  const server = await begin(here, { DATABASE_URL: postgres.url })
  here.atEnd(() => server.stop())
  const client = clientOf(here, server)
  here.atEnd(() => client.close())
  for (const cut of [false, true]) {
    assert.equal((await client.ask(note(`before ${cut}`))).outcome, 'ok')
    await postgres.kill()
    assert.deepEqual(processesIn(disk.path), [], 'no session outlives its server')
    if (cut) disk.cutPower()
    await postgres.start()
    assert.equal((await client.ask(note(`after ${cut}`))).outcome, 'ok')
  }
  const { body } = await client.ask({ op: 'read', path: '/api/notes', method: 'GET' })
  assert.ok(typeof body === 'object' && body !== null && 'data' in body && Array.isArray(body.data))
  assert.equal(body.data.length, 4)
})
