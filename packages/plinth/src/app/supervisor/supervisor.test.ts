import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Failure } from '../../base/failure.ts'
import { monotonicMs, sleep } from '../../base/time.ts'
import type { LogEntry } from '../../http/server.ts'
import { Supervisor } from './supervisor.ts'

const program = fileURLToPath(new URL('./testing-process.ts', import.meta.url))
let folder = ''

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'plinth-supervisor-'))
})
after(() => rmSync(folder, { recursive: true }))

/** Asks once on the agent's connections; never tries again, as a careful client would. */
function ask(port: number, path: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += String(chunk)
      })
      response.on('end', () => resolve(text)).on('error', reject)
    })
    request.on('error', reject).setTimeout(10_000, () => request.destroy(new Error('no answer')))
  })
}

async function withSupervisor(
  work: (made: {
    supervisor: Supervisor
    port: number
    mood: string
    logs: LogEntry[]
  }) => Promise<void>,
): Promise<void> {
  const mood = join(mkdtempSync(join(folder, 'mood-')), 'mood')
  writeFileSync(mood, 'sound')
  const logs: LogEntry[] = []
  const supervisor = new Supervisor({
    host: '127.0.0.1',
    port: 0,
    worker: { path: program, args: ['worker', mood] },
    log: (entry) => logs.push(entry),
    stuckAfterMs: 4_000,
  })
  try {
    const { port } = await supervisor.start()
    await work({ supervisor, port, mood, logs })
  } finally {
    await supervisor.stop({ atOnce: true })
  }
}

/** Asks without pause on kept and on new connections until told to stop. */
function load(port: number): { end: () => Promise<{ asked: number; failed: string[] }> } {
  let going = true
  let asked = 0
  const failed: string[] = []
  const kept = new Agent({ keepAlive: true, maxSockets: 100 })
  const fresh = new Agent({ keepAlive: false, maxSockets: 100 })
  const client = async (agent: Agent, pauseMs: number): Promise<void> => {
    while (going) {
      asked += 1
      await ask(port, '/', agent).catch((cause: unknown) => failed.push(String(cause)))
      if (pauseMs > 0) await sleep(pauseMs)
    }
  }
  const clients = [
    ...Array.from({ length: 12 }, () => client(kept, 0)),
    ...Array.from({ length: 6 }, (_, index) => client(kept, 40 * index)),
    ...Array.from({ length: 6 }, () => client(fresh, 3)),
  ]
  return {
    async end() {
      going = false
      await Promise.all(clients)
      kept.destroy()
      fresh.destroy()
      return { asked, failed }
    },
  }
}

test('five restarts under load fail no request', async () => {
  await withSupervisor(async ({ supervisor, port }) => {
    const workers = new Set([supervisor.workerProcessId])
    const clients = load(port)
    for (let count = 0; count < 5; count += 1) {
      await sleep(500)
      await supervisor.restart()
      workers.add(supervisor.workerProcessId)
    }
    await sleep(500)
    const { asked, failed } = await clients.end()
    assert.deepEqual(failed, [])
    assert.equal(workers.size, 6)
    assert.ok(asked > 1_000, `only ${asked} requests were asked`)
  })
})

test('a request under way during a restart is answered by the old worker', async () => {
  await withSupervisor(async ({ supervisor, port }) => {
    const old = String(supervisor.workerProcessId)
    const slow = ask(port, '/slow', new Agent())
    await sleep(100)
    await supervisor.restart()
    assert.equal(await slow, old)
    assert.notEqual(await ask(port, '/', new Agent()), old)
  })
})

test('requests that come while a crashed worker is replaced wait and are answered', async () => {
  await withSupervisor(async ({ supervisor, port, logs }) => {
    const old = supervisor.workerProcessId ?? 0
    process.kill(old, 'SIGKILL')
    const startedMs = monotonicMs()
    while (supervisor.workerProcessId === old) await sleep(1)
    assert.equal(supervisor.workerProcessId, undefined)
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(port, '/', new Agent())))
    assert.equal(new Set(answers).size, 1)
    assert.notEqual(answers[0], String(old))
    assert.ok(monotonicMs() - startedMs < 60_000)
    assert.match(logs[0]?.message ?? '', /crashed/)
  })
})

test('a worker in a loop without end is replaced', async () => {
  await withSupervisor(async ({ supervisor, port, logs }) => {
    const before = supervisor.workerProcessId
    const agent = new Agent({ keepAlive: false })
    await assert.rejects(ask(port, '/loop', agent))
    const after = await ask(port, '/', agent)
    assert.notEqual(after, String(before))
    assert.ok(logs.some(({ message }) => message.includes('stands still')))
  })
})

test('a request whose callback throws after its answer does not end the worker', async () => {
  await withSupervisor(async ({ supervisor, port }) => {
    const worker = String(supervisor.workerProcessId)
    assert.equal(await ask(port, '/late', new Agent()), worker)
    await sleep(50)
    assert.equal(await ask(port, '/', new Agent()), worker)
  })
})

test('a new version that does not start leaves the old one serving, and says why', async () => {
  await withSupervisor(async ({ supervisor, port, mood }) => {
    const old = String(supervisor.workerProcessId)
    writeFileSync(mood, 'broken')
    await assert.rejects(supervisor.restart(), (thrown) => {
      assert.ok(thrown instanceof Failure)
      assert.match(thrown.detail, /the new version is broken/)
      return true
    })
    assert.equal(await ask(port, '/', new Agent()), old)
    writeFileSync(mood, 'sound')
    await supervisor.restart()
    assert.notEqual(await ask(port, '/', new Agent()), old)
  })
})

test('a crash loop is reported with its last words, and ends once its cause does', async () => {
  await withSupervisor(async ({ port, mood, logs }) => {
    writeFileSync(mood, 'broken')
    await ask(port, '/crash', new Agent()).catch(() => undefined)
    while (logs.length < 4) await sleep(20)
    assert.match(
      String((logs[2]?.cause as Failure | undefined)?.detail),
      /the new version is broken/,
    )
    writeFileSync(mood, 'sound')
    assert.match(await ask(port, '/', new Agent()), /^\d+$/)
  })
})

test('the first worker that does not start is an answer, not a wait', async () => {
  const mood = join(folder, 'broken-mood')
  writeFileSync(mood, 'broken')
  const worker = { path: program, args: ['worker', mood] }
  const supervisor = new Supervisor({ host: '127.0.0.1', port: 0, worker, log: () => undefined })
  await assert.rejects(supervisor.start(), /the new version is broken/)
  await supervisor.stop()
})

test('a taken address is a configuration failure', async () => {
  await withSupervisor(async ({ port }) => {
    const worker = { path: program, args: ['worker', 'none'] }
    const second = new Supervisor({ host: '127.0.0.1', port, worker, log: () => undefined })
    await assert.rejects(second.start(), /cannot be used/)
  })
})

test('an address that is let go while a start waits for it is taken', async () => {
  const other = createServer()
  await once(other.listen(0, '127.0.0.1'), 'listening')
  const { port } = other.address() as AddressInfo
  const mood = join(mkdtempSync(join(folder, 'mood-')), 'mood')
  writeFileSync(mood, 'sound')
  const worker = { path: program, args: ['worker', mood] }
  const supervisor = new Supervisor({ host: '127.0.0.1', port, worker, log: () => undefined })
  const started = supervisor.start()
  await sleep(300)
  other.close()
  assert.equal((await started).port, port)
  await supervisor.stop({ atOnce: true })
})

async function supervisorProcess(): Promise<{
  child: ChildProcess
  port: number
  worker: number
  lines: string[]
}> {
  const mood = join(mkdtempSync(join(folder, 'mood-')), 'mood')
  writeFileSync(mood, 'sound')
  const child = spawn(process.execPath, [...process.execArgv, program, 'supervisor', mood], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  const first = once(reader, 'line')
  reader.on('line', (line) => lines.push(line))
  const [line] = await first
  const [port = 0, worker = 0] = String(line).split(' ').map(Number)
  return { child, port, worker, lines }
}

test('a worker does not outlive a killed supervisor', async () => {
  const { child, port, worker } = await supervisorProcess()
  assert.equal(await ask(port, '/', new Agent()), String(worker))
  child.kill('SIGKILL')
  await once(child, 'exit')
  const startedMs = monotonicMs()
  // As long as any process holds the socket, a connection is taken or waits; then it is refused.
  const refused = async (): Promise<boolean> => {
    const cause = await ask(port, '/', new Agent()).catch((thrown: unknown) => thrown)
    return String(cause).includes('ECONNREFUSED')
  }
  while (!(await refused())) assert.ok(monotonicMs() - startedMs < 60_000, 'the worker is gone')
})

test('SIGHUP restarts; SIGTERM answers what is under way and stops in order', async () => {
  const { child, port, worker, lines } = await supervisorProcess()
  child.kill('SIGHUP')
  const startedMs = monotonicMs()
  while ((await ask(port, '/', new Agent())) === String(worker)) {
    assert.ok(monotonicMs() - startedMs < 60_000, 'the new worker serves')
    await sleep(10)
  }
  const slow = ask(port, '/slow', new Agent())
  await sleep(100)
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.match(await slow, /^\d+$/)
  assert.equal(code, 0)
  assert.equal(lines.at(-1), 'stopped')
})
