/** Owns the store as its users start it, for proofs that kill it: a server process, and clients. */

import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Sandbox } from 'plinth/payments'

const store = join(import.meta.dirname, '..', '..')
const command = join(store, '..', '..', 'packages', 'plinth', 'bin', 'plinth.js')

/** So long anything may take, on a busy machine with servers that start anew. */
const patienceMs = 45_000

/** A server process with its supervisor, workers and PostgreSQL. */
export class StoreServer {
  readonly url: string
  readonly #folder: string
  readonly #environment: NodeJS.ProcessEnv
  #supervisor: ChildProcess | undefined
  #gone: Promise<void> = Promise.resolve()
  #said = ''

  constructor(folder: string, port: number, sandbox: Sandbox) {
    this.#folder = folder
    this.url = `http://127.0.0.1:${port}`
    this.#environment = {
      ...process.env,
      ...{ PLINTH_DATA: folder, PORT: String(port), PLINTH_CALLS_PER_MINUTE: '1000000' },
      ...{ STORE_SANDBOX_URL: sandbox.url, STORE_SANDBOX_KEY: sandbox.key },
      STORE_SANDBOX_SECRET: sandbox.secret,
    }
  }

  /** Starts it, and waits until it answers. */
  async start(): Promise<void> {
    const supervisor = spawn(process.execPath, [command, 'start', 'app.ts'], {
      ...{ cwd: store, env: this.#environment, stdio: ['ignore', 'ignore', 'pipe'] },
    })
    supervisor.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = `${this.#said}${text}`.slice(-4_000)
    })
    this.#supervisor = supervisor
    this.#gone = new Promise((resolve) => {
      supervisor.once('exit', () => resolve())
    })
    await this.ready()
  }

  /** Waits until it answers. */
  async ready(): Promise<void> {
    for (const endsAt = Date.now() + patienceMs; Date.now() < endsAt; ) {
      const signal = AbortSignal.timeout(2_000)
      const well = await fetch(`${this.url}/health/ready`, { signal }).then(
        ({ ok }) => ok,
        () => false,
      )
      if (well) return
      await pause(100)
    }
    assert.fail(`the store does not answer: ${this.#said}`)
  }

  /** Kills the process that serves and works, in the middle of whatever it does. */
  killWorker(): boolean {
    const list = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(this.#supervisor?.pid)])
    const worker = list
      .toString()
      .split('\n')
      .find((line) => line.includes('worker-entry'))
    if (worker === undefined) return false
    process.kill(Number.parseInt(worker, 10), 'SIGKILL')
    return true
  }

  /** Kills the supervisor: everything that hangs on it goes down with it. */
  async killSupervisor(): Promise<void> {
    this.#supervisor?.kill('SIGKILL')
    await this.#gone
  }

  async stop(): Promise<void> {
    this.#supervisor?.kill('SIGTERM')
    const ended = await Promise.race([this.#gone.then(() => true), pause(patienceMs)])
    if (ended) return
    await this.killSupervisor()
    assert.fail(`the store did not stop: ${this.#said}`)
  }

  /** The password of a ready-made account. */
  password(name: string): string {
    const text = readFileSync(join(this.#folder, 'keys', 'first-start.txt'), 'utf8')
    return new RegExp(`${name}@store\\.example  password: (\\S+)`).exec(text)?.[1] ?? ''
  }

  /** Signs in. Returns the token. */
  async signIn(name: string): Promise<string> {
    const input = { email: `${name}@store.example`, password: this.password(name) }
    const { token } = await this.ask<{ token: string }>('POST', 'identity/sign-in', { body: input })
    return token
  }

  /** Makes an account, and answers its mail. Returns the token. */
  async signUp(name: string): Promise<string> {
    const [email, password] = [`${name}@store.example`, 'a password for proofs']
    await this.ask('POST', 'identity/sign-up', { body: { email, password, name } })
    const body = { token: await this.#mailed(email), password }
    return (await this.ask<{ token: string }>('POST', 'identity/verify-email', { body })).token
  }

  /** The token of a mail, as the mailbox of development shows it. */
  async #mailed(to: string): Promise<string> {
    for (const endsAt = Date.now() + patienceMs; Date.now() < endsAt; await pause(100)) {
      const list = await this.#page('/mailbox')
      const row = list.split('</tr>').find((one) => one.includes(to))
      const place = /href="(\/mailbox\/[^"]+)"/.exec(row ?? '')?.[1]
      const token = /token=([\w-]+)/.exec(place === undefined ? '' : await this.#page(place))?.[1]
      if (token !== undefined) return token
    }
    return assert.fail(`no mail came to ${to}: ${this.#said}`)
  }

  async #page(path: string): Promise<string> {
    return fetch(this.url + path).then(
      (response) => response.text(),
      () => '',
    )
  }

  /**
   * Asks until there is an answer, as a careful client does: with the same key after a broken
   * connection, a 5xx, "still running" and "too many". Fails on any other answer than 2xx.
   */
  async ask<T>(
    method: string,
    path: string,
    { token, body, key }: { token?: string; body?: object; key?: string } = {},
  ): Promise<T> {
    const headers = {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    }
    const request = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) }
    let last = ''
    const endsAt = Date.now() + patienceMs
    while (Date.now() < endsAt) {
      const signal = AbortSignal.timeout(10_000)
      const answer = await fetch(`${this.url}/api/${path}`, { ...request, signal }).then(
        async (response) => ({ status: response.status, text: await response.text() }),
        () => undefined,
      )
      if (answer && answer.status < 300) return JSON.parse(answer.text) as T
      const again = !answer || answer.status >= 500 || [409, 429].includes(answer.status)
      const running = answer?.status !== 409 || answer.text.includes('in_progress')
      last = `${answer?.status} ${answer?.text}`
      assert.ok(again && running, `${method} ${path}: ${last}`)
      await pause(50)
    }
    return assert.fail(`${method} ${path} was never answered: ${last} ${this.#said}`)
  }
}

/** Waits on the world's clock. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/**
 * A port that nobody listens on, below those that the system gives out by itself: a server that is
 * killed and started again finds it free still.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
