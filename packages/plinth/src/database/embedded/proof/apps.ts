/** Owns running the app of the proofs in a process of its own, and scratch directories. */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

/** What the app says, a line at a time. */
export type Message = Readonly<Record<string, unknown>>

/** A running app. */
export interface App {
  readonly child: ChildProcess
  readonly messages: readonly Message[]
  /** The first message that has this key, now or later. */
  message(key: string): Promise<Message>
  /** Settles when the process is gone. */
  readonly gone: Promise<void>
}

/** How an app is run. */
export interface AppOptions {
  readonly directory: string
  readonly mode?: 'store'
}

const program = fileURLToPath(new URL('./owner-app.ts', import.meta.url))

/** Starts the app; it is killed at the end of the test. */
export function runApp(context: TestContext, options: AppOptions): App {
  const parameters = ['--conditions=source', program, options.directory, options.mode ?? '']
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'] })
  const messages: Message[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    messages.push(JSON.parse(line))
    for (const wake of waiting) wake()
  })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  context.after(async () => {
    child.kill('SIGKILL')
    await gone
  })
  const message = (key: string): Promise<Message> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = messages.find((entry) => key in entry)
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  return { child, messages, message, gone }
}

/** A directory that is removed at the end of the test. */
export async function scratch(context: TestContext, name = 'plinth proof '): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), name))
  context.after(() =>
    rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }),
  )
  return directory
}
