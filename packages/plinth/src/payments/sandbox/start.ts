/** Owns starting a sandbox: a process of its own, found again where it already runs. */

import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, extname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Failure } from '../../base/failure.ts'

/** How a sandbox is started. */
export interface SandboxOptions {
  /** Its database. Made where there is none; kept when the sandbox ends. */
  readonly file: string
  /** Default: the one of last time where it is free, otherwise any. */
  readonly port?: number
  /** Where its webhooks go, e.g. `http://127.0.0.1:3000/webhooks/store/payments`. */
  readonly webhookUrl?: string
}

/** How a sandbox is reached. */
export interface SandboxAddress {
  readonly url: string
  /** The key of its API. */
  readonly key: string
  /** The secret of its webhooks. */
  readonly secret: string
}

/** A sandbox that runs. */
export interface Sandbox extends SandboxAddress {
  readonly pid: number
  /** False where it was running already: then `stop` leaves it alone. */
  readonly started: boolean
  /** Resolves when the process is gone, however it ended. */
  readonly gone: Promise<void>
  /** Ends it; messages that were not sent yet go out after its next start. */
  stop(): Promise<void>
}

type Ready = SandboxAddress & { readonly pid: number }

/**
 * Starts a sandbox provider in a process of its own with its own database, on loopback. Where one
 * runs on the same file, that one is returned. It ends with this process. Fails with `unavailable`
 * where it cannot start.
 *
 * @example
 * const sandbox = await startSandbox({ file: '.plinth/sandbox.db' })
 * const payments = sandboxPayments(sandbox)
 */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const file = resolve(options.file)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const task = { file, port: options.port ?? 0, endpoint: options.webhookUrl }
  const entry = join(import.meta.dirname, `process${extname(import.meta.filename)}`)
  const child = spawn(process.execPath, [entry, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const gone = new Promise<void>((end) => {
    child.once('exit', () => end())
    child.once('error', () => end())
  })
  const said: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text))
  // Its end of the pipe may close first.
  child.stdin.on('error', () => undefined)
  const lines = createInterface({ input: child.stdout })
  const line = await Promise.race([
    new Promise<string>((hear) => lines.once('line', hear)),
    gone.then(() => undefined),
  ])
  if (line === undefined) return running(file, said.join('').trim())
  const ready = JSON.parse(line) as Ready
  writeFileSync(noteOf(file), JSON.stringify(ready), { mode: 0o600 })
  return {
    ...ready,
    started: true,
    gone,
    async stop() {
      child.stdin.end()
      await gone
      rmSync(noteOf(file), { force: true })
    },
  }
}

/** The sandbox that has the file open, as it said when it started. */
async function running(file: string, said: string): Promise<Sandbox> {
  const note = readNote(file)
  if (note && (await answers(note))) {
    return { ...note, started: false, gone: new Promise(() => undefined), stop: async () => {} }
  }
  throw new Failure('unavailable', { detail: `The payment sandbox did not start: ${said}` })
}

function readNote(file: string): Ready | undefined {
  try {
    return JSON.parse(readFileSync(noteOf(file), 'utf8')) as Ready
  } catch {
    // Nobody wrote one, or is writing it now: then there is nobody to find.
    return undefined
  }
}

async function answers({ url, key }: Ready): Promise<boolean> {
  const headers = { authorization: `Bearer ${key}` }
  const signal = AbortSignal.timeout(2_000)
  return fetch(`${url}/health`, { headers, signal }).then(
    ({ ok }) => ok,
    () => false,
  )
}

function noteOf(file: string): string {
  return `${file}.json`
}
