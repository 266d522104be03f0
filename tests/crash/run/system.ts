/** Owns everything that a run starts: receivers, PostgreSQL, the server; and its end. */

import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sabotage } from '../../../packages/plinth/src/base/failpoint.ts'
import { type Parts, partsOf } from '../check/invariants.ts'
import { Disk } from '../harness/disk.ts'
import { Network } from '../harness/network.ts'
import { WholePostgres } from '../harness/postgres.ts'
import { Program, pause, processesIn, signal } from '../harness/processes.ts'
import { freePort, Server } from '../harness/server.ts'
import { operator } from '../operator.ts'

/** What a run stands on. */
export interface SystemOptions {
  /**
   * `embedded`: the server with its own PostgreSQL. `whole`: PostgreSQL in a PID namespace of its
   * own, on a disk from which the power can be cut.
   */
  readonly postgres: 'embedded' | 'whole'
  /** Servers on one database. More than one only with `whole`. Default 1. */
  readonly nodes?: number
  readonly sabotages?: readonly Sabotage[]
  /** What follows an order beside its events and its job. Default: all of it. */
  readonly parts?: Readonly<Partial<Parts>>
  /** The isolation of the action that orders. Default `high`: serializable. */
  readonly isolation?: 'high' | 'low'
  /** Failpoints that stay set, such as `row.written@*=delay:50ms`. */
  readonly failpoints?: string
  /** So many of 100 deliveries are answered badly by the receivers. Default 5. */
  readonly troublePercent?: number
  /** A disk of so many megabytes, which can be filled. Needs Linux and root. */
  readonly diskMegabytes?: number
}

const receivers = ['http', 'mail'] as const

/** The real thing, as processes. */
export class System {
  readonly folder: string
  readonly nodes: Server[] = []
  readonly postgres: WholePostgres | undefined
  readonly disk: Disk | undefined
  /** Between the last node and PostgreSQL, where it is not the embedded one. */
  network: Network | undefined
  readonly #receivers: Program[] = []

  private constructor(folder: string, parts: { postgres?: WholePostgres; disk?: Disk }) {
    this.folder = folder
    this.postgres = parts.postgres
    this.disk = parts.disk
  }

  /** Starts everything; resolves when it serves. */
  static async start(options: SystemOptions): Promise<System> {
    const folder = mkdtempSync(join(tmpdir(), 'plinth-crash-'))
    const { sabotages = [] } = options
    const whole = options.postgres === 'whole'
    const { diskMegabytes } = options
    const disk = whole || diskMegabytes ? new Disk(folder, diskMegabytes) : undefined
    const data = disk?.path ?? join(folder, 'data')
    const postgres = whole ? new WholePostgres({ data, folder, sabotages }) : undefined
    const system = new System(folder, { ...(postgres && { postgres }), ...(disk && { disk }) })
    try {
      await system.#begin(options, data)
    } catch (error) {
      await system.stop()
      throw error
    }
    return system
  }

  async #begin(options: SystemOptions, data: string): Promise<void> {
    const { sabotages = [], nodes = 1, troublePercent = 5 } = options
    const named = Object.entries(partsOf(options.parts)).filter(([, there]) => there)
    const environment = {
      ...(await this.#startReceivers(troublePercent)),
      PLINTH_DATA: data,
      FAILPOINTS: options.failpoints ?? '',
      CRASH_ISOLATION: options.isolation ?? 'high',
      CRASH_PARTS: named.map(([name]) => name).join(','),
    }
    const serverOf = async (more: Readonly<Record<string, string>>): Promise<Server> => {
      const folder = join(this.folder, `node-${this.nodes.length}`)
      mkdirSync(folder, { recursive: true })
      return new Server({
        ...{ folder, sabotages, port: await freePort() },
        appFile: join(import.meta.dirname, '../app.ts'),
        environment: { ...environment, ...more },
      })
    }
    if (this.postgres) {
      // The schema and the seed are settled by a server on its own PostgreSQL.
      const first = await serverOf({})
      await first.start()
      await first.stop()
      await this.postgres.start()
      this.disk?.settle()
    }
    for (let node = 1; node <= nodes; node++) {
      const url = await this.#databaseOf(node === nodes)
      this.nodes.push(await serverOf({ ...url, PLINTH_SECRET: this.#secret }))
    }
    await Promise.all(this.nodes.map((node) => node.start()))
    if (partsOf(options.parts).webhooks) await this.#subscribe(environment.CRASH_RECEIVER)
  }

  async #databaseOf(isLast: boolean): Promise<{ readonly DATABASE_URL?: string }> {
    if (this.postgres === undefined) return {}
    if (!isLast) return { DATABASE_URL: this.postgres.url }
    const folder = join(this.folder, 'network')
    this.network = await Network.start({ folder, target: this.socket })
    return { DATABASE_URL: this.network.url }
  }

  /** Registers the receiver for the events of orders. */
  async #subscribe(receiver: string): Promise<void> {
    const { token } = await this.#post('/api/identity/sign-in', operator)
    const endpoint = { url: `${receiver}/webhooks`, events: ['shop.placed'], concurrency: 20 }
    await this.#post('/api/webhooks/add-endpoint', endpoint, token)
  }

  async #post(path: string, body: object, token?: string): Promise<{ readonly token?: string }> {
    const response = await fetch(`${this.bases[0]}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`)
    return JSON.parse(text) as { readonly token?: string }
  }

  readonly #secret = randomBytes(32).toString('base64url')

  async #startReceivers(troublePercent: number) {
    const ports = { http: await freePort(), mail: await freePort() }
    for (const kind of receivers) {
      const program = new Program({
        program: process.execPath,
        words: [
          join(import.meta.dirname, `../receiver/${kind}.ts`),
          ...[String(ports[kind]), this.receivedFile(kind), String(troublePercent)],
        ],
        folder: this.folder,
        environment: {
          PATH: process.env.PATH,
          NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        },
        logFile: join(this.folder, `receiver-${kind}.log`),
      })
      this.#receivers.push(program)
    }
    await Promise.all(this.#receivers.map((each) => each.untilTold(/is ready/)))
    return {
      CRASH_RECEIVER: `http://127.0.0.1:${ports.http}`,
      SMTP_URL: `smtp://127.0.0.1:${ports.mail}?tls=off`,
      MAIL_FROM: 'shop@crash.example',
      PLINTH_OUTBOUND_ALLOW: '127.0.0.1/32',
    }
  }

  /** The file in which a receiver keeps what it took. */
  receivedFile(kind: (typeof receivers)[number]): string {
    return join(this.folder, `received-${kind}.jsonl`)
  }

  /** Where the servers are asked. */
  get bases(): readonly string[] {
    return this.nodes.map(({ base }) => base)
  }

  /** The directory in which PostgreSQL's socket stands. */
  get socket(): string {
    if (this.postgres) return join(this.folder, 'socket')
    return join(this.disk?.path ?? join(this.folder, 'data'), 'postgres-18', 'data')
  }

  /** The nodes that answer now. */
  async serving(): Promise<readonly Server[]> {
    const all = await Promise.all(this.nodes.map(({ base }) => answers(base)))
    return this.nodes.filter((_, index) => all[index])
  }

  /** Waits until so many nodes answer; all of them where nothing is said. */
  async untilServing(count = this.nodes.length, timeoutMs = 60_000): Promise<readonly Server[]> {
    const endMs = performance.now() + timeoutMs
    for (;;) {
      const serving = await this.serving()
      if (serving.length >= count) return serving
      if (performance.now() > endMs) throw new DoesNotServe()
      await pause(20)
    }
  }

  /** Ends everything. Whatever is still in its folder is killed by its number. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop().catch(() => undefined)))
    await this.network?.stop()
    await this.postgres?.stop().catch(() => undefined)
    await Promise.all(this.#receivers.map((each) => each.kill()))
    for (let waited = 0; processesIn(this.folder).length > 0 && waited < 300; waited++) {
      // The guardian of an embedded server looks a last time and ends by itself.
      if (waited > 100) for (const pid of processesIn(this.folder)) signal(pid, 'SIGKILL')
      await pause(20)
    }
    this.disk?.remove()
  }

  /** Removes what it wrote. Kept where a run has failed, for whoever looks. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Thrown where what was killed does not come back. */
export class DoesNotServe extends Error {
  override readonly name = 'DoesNotServe'
  override readonly message = 'What was killed does not serve again.'
}

async function answers(base: string): Promise<boolean> {
  try {
    const response = await fetch(`${base}/health/ready`, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
