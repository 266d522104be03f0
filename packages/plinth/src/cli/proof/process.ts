/** Owns running the command line as a person does: real processes in a folder of their own. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { monotonicMs } from '../../base/time.ts'

const home = join(import.meta.dirname, '../../..')
const bin = join(home, 'bin/plinth.js')
const tellMaxMs = 60_000

/** A folder with an app in it. */
export interface AppFolder {
  readonly path: string
  /** Writes a file of the app. */
  write(name: string, text: string): Promise<void>
  /** Runs a command to its end. */
  run(words: readonly string[], options?: RunOptions): Promise<Ended>
  /** Runs Node itself. */
  runNode(words: readonly string[]): Promise<Ended>
  /** Starts a server and waits until it is ready. */
  serve(words: readonly string[], environment?: Environment): Promise<Served>
}

type Environment = Readonly<Record<string, string>>

/** How a command is run. */
export interface RunOptions {
  readonly environment?: Environment
  readonly input?: string
}

/** How a command ended. */
export interface Ended {
  readonly code: number | null
  readonly data: string
  /** What it told on stderr. */
  readonly told: string
}

/** What a server answered. */
export interface Answer {
  readonly status: number
  readonly text: string
}

/** A running server. */
export interface Served {
  readonly process: ChildProcess
  readonly base: string
  /** What it told so far. */
  told(): string
  /** Waits until it told something. */
  untilTold(pattern: RegExp): Promise<void>
  /** Asks on a connection of its own, so that no idle one is drained at the end. */
  ask(path: string): Promise<Answer>
  /** Ends it with a signal and waits for its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** Makes a folder that finds `plinth`, and removes it at the end of the test. */
export async function appFolder(context: TestContext, app: string): Promise<AppFolder> {
  const path = await mkdtemp(join(tmpdir(), 'plinth-cli-'))
  const children: ChildProcess[] = []
  context.after(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    await rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  })
  await mkdir(join(path, 'node_modules'))
  await symlink(home, join(path, 'node_modules/plinth'))
  await writeFile(join(path, 'package.json'), '{ "type": "module", "private": true }')
  await writeFile(join(path, 'app.ts'), app)
  const begin = (words: readonly string[], environment: Environment = {}): ChildProcess => {
    const child = spawn(process.execPath, [...words], {
      cwd: path,
      env: { ...cleanEnvironment(), PORT: '0', NO_COLOR: '1', ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    children.push(child)
    return child
  }
  return {
    path,
    write: (name, content) => writeFile(join(path, name), content),
    run: (words, { environment, input = '' } = {}) =>
      finish(begin([bin, ...words], environment), input),
    runNode: (words) => finish(begin(words), ''),
    serve: (words, environment) => untilReady(begin([bin, ...words], environment)),
  }
}

function cleanEnvironment(): Record<string, string | undefined> {
  const { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE } = process.env
  return { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE }
}

async function finish(child: ChildProcess, input: string): Promise<Ended> {
  const data = gather(child.stdout)
  const told = gather(child.stderr)
  child.stdin?.end(input)
  await once(child, 'close')
  return { code: child.exitCode, data: data(), told: told() }
}

async function untilReady(child: ChildProcess): Promise<Served> {
  const told = gather(child.stderr)
  gather(child.stdout)
  const untilTold = async (pattern: RegExp): Promise<void> => {
    const endMs = monotonicMs() + tellMaxMs
    while (!pattern.test(told())) {
      assert.equal(child.exitCode, null, `it ended:\n${told()}`)
      assert.ok(monotonicMs() < endMs, `${pattern} was never told:\n${told()}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  await untilTold(/Ctrl-C ends it/)
  const base = /API\s+(http:\S+)\/api/.exec(told())?.[1] ?? ''
  return {
    process: child,
    base,
    told,
    untilTold,
    ask: (path) => ask(base + path),
    async end(signal = 'SIGTERM') {
      child.kill(signal)
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      return child.exitCode
    },
  }
}

async function ask(address: string): Promise<Answer> {
  const request = get(address, { agent: false, headers: { connection: 'close' } })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return { status: response.statusCode ?? 0, text: await text(response) }
}

function gather(stream: NodeJS.ReadableStream | null): () => string {
  let gathered = ''
  stream?.setEncoding('utf8').on('data', (chunk) => {
    gathered += String(chunk)
  })
  return () => gathered
}

/** A small shop. `fields` are put into its product. */
export function shopApp(fields = ''): string {
  return `
import { app, anyone, integer, kit, text } from 'plinth'
import { cell, importer } from 'plinth/server'

const catalog = kit('catalog', {
  models: {
    product: {
      fields: {
        sku: text({ max: 40, unique: true }),
        stock: integer({ min: 0, default: 0 }),
        ${fields}
      },
      access: {
        read: ({ row, me }) => row.stock.gt(0).or(me.is('staff')),
        write: ({ me }) => me.is('staff'),
      },
      key: ['sku'],
    },
  },
})

export const stock = importer('stock', {
  kits: [catalog],
  columns: { sku: cell('Code'), stock: cell.integer('Stock') },
  row: ({ row, put }) => put('product', { sku: row.sku, stock: row.stock }),
})

export default app({
  title: 'Shop',
  kits: [catalog],
  roles: ['staff'],
  async seed({ data, createUser, log }) {
    await data.product.create({ sku: 'seen', stock: 3 })
    await data.product.create({ sku: 'hidden', stock: 0 })
    const { email, password } = await createUser({ email: 'staff@shop.example', roles: ['staff'] })
    log(\`Staff: \${email} \${password}\`)
  },
})
`
}
