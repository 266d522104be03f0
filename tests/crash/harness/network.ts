/** Owns the network of a run between a server and its PostgreSQL, and what becomes of it. */

import { mkdirSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { Program } from './processes.ts'

/** Where it stands. */
export interface NetworkOptions {
  /** A folder of its own. */
  readonly folder: string
  /** The directory of PostgreSQL's socket. */
  readonly target: string
}

/**
 * What may befall it. `reset`: every connection ends. `hole`: nothing passes for so long, then it
 * does. `lost`: the same, and what was under way never arrives. `commit-lost`: the next COMMIT
 * does not arrive. `answer-lost`: the next COMMIT arrives, its answer does not.
 */
export type Trouble = 'reset' | 'hole' | 'lost' | 'commit-lost' | 'answer-lost'

const socketName = '.s.PGSQL.5432'

/** A network in a process of its own. */
export class Network {
  readonly #program: Program
  readonly #folder: string

  private constructor(program: Program, folder: string) {
    this.#program = program
    this.#folder = folder
  }

  /** Starts it; resolves when connections pass. */
  static async start({ folder, target }: NetworkOptions): Promise<Network> {
    mkdirSync(folder, { recursive: true })
    const program = new Program({
      program: process.execPath,
      words: [
        join(import.meta.dirname, 'relay.ts'),
        ...[join(folder, socketName), join(target, socketName), join(folder, 'control')],
      ],
      folder,
      environment: { PATH: process.env.PATH },
      logFile: join(folder, 'network.log'),
    })
    await program.untilTold(/is ready/)
    return new Network(program, folder)
  }

  /** Where PostgreSQL is, for whoever goes through it. */
  get url(): string {
    return `postgres://plinth@/postgres?host=${this.#folder}&port=5432`
  }

  /** Breaks it. False where nothing came by within the patience that could have been lost. */
  trouble(what: Trouble, forMs = 0, patienceMs = forMs + 2_000): Promise<boolean> {
    return new Promise((resolve) => {
      const control = createConnection(join(this.#folder, 'control'))
      let isDone = false
      control.setTimeout(patienceMs, () => control.destroy())
      control.on('error', () => undefined)
      control.on('data', () => {
        isDone = true
      })
      control.on('close', () => {
        if (!isDone && what !== 'reset') void this.trouble('reset')
        resolve(isDone)
      })
      control.write(`${what} ${forMs}\n`)
    })
  }

  async stop(): Promise<void> {
    await this.#program.kill()
  }
}
