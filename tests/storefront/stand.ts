/** Owns the store as its visitors meet it: built, started as a process, and browsers at it. */

import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { freePort, pause } from '../../examples/store/checkout/proof/server.ts'

const root = join(import.meta.dirname, '..', '..')
const store = join(root, 'examples', 'store')
const command = join(root, 'packages', 'plinth', 'bin', 'plinth.js')

/** So long anything may take on a busy machine. */
export const patienceMs = 60_000

/** The store, as a process. */
export interface StoreStand {
  readonly url: string
  /** The password of a ready-made account, such as `alice`. */
  password(name: string): Promise<string>
  /** A call of the API as somebody, past the browser. */
  ask<T>(path: string, asked?: Asked): Promise<T>
  stop(): Promise<void>
}

/** What is asked, and as whom. */
export interface Asked {
  readonly method?: string
  readonly as?: string
  readonly body?: object
}

/** Builds the storefront, and starts the store with data of its own. */
export async function openStore(): Promise<StoreStand> {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-storefront-'))
  await promisify(execFile)(process.execPath, [join(store, 'web/build.ts')])
  const port = await freePort()
  const url = `http://localhost:${port}`
  const { child, said } = serve({ PLINTH_DATA: folder, PORT: String(port) })
  await ready(url, said)
  const tokens = new Map<string, Promise<string>>()
  const password = async (name: string) => {
    const text = await readFile(join(folder, 'keys', 'first-start.txt'), 'utf8')
    return new RegExp(`${name}@store\\.example  password: (\\S+)`).exec(text)?.[1] ?? ''
  }
  const ask = async <T>(path: string, { method = 'GET', as, body }: Asked = {}): Promise<T> => {
    const token = as === undefined ? undefined : await tokenOf(as)
    const headers = {
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(method === 'GET' ? {} : { 'idempotency-key': crypto.randomUUID() }),
    }
    const sent = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) }
    const answer = await fetch(`${url}/api/${path}`, sent)
    const text = await answer.text()
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`)
    return JSON.parse(text === '' ? 'null' : text) as T
  }
  const tokenOf = (name: string) => {
    const begun = tokens.get(name) ?? signIn(name)
    tokens.set(name, begun)
    return begun
  }
  const signIn = async (name: string) => {
    const body = { email: `${name}@store.example`, password: await password(name) }
    return (await ask<{ token: string }>('identity/sign-in', { method: 'POST', body })).token
  }
  return {
    ...{ url, password, ask },
    async stop() {
      await end(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function serve(settings: NodeJS.ProcessEnv) {
  const environment = { ...process.env, ...settings, PLINTH_CALLS_PER_MINUTE: '1000000' }
  const child = spawn(process.execPath, [command, 'start', 'app.ts'], {
    ...{ cwd: store, env: environment, stdio: ['ignore', 'ignore', 'pipe'] },
  })
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    text = `${text}${piece}`.slice(-4_000)
  })
  return { child, said: () => text }
}

async function ready(url: string, said: () => string): Promise<void> {
  for (const endsAt = Date.now() + 2 * patienceMs; Date.now() < endsAt; await pause(100)) {
    const asked = fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) })
    if (await asked.then((answer) => answer.ok).catch(() => false)) return
  }
  assert.fail(`the store does not answer: ${said()}`)
}

async function end(child: ChildProcess): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  await Promise.race([gone, pause(patienceMs).then(() => child.kill('SIGKILL'))])
  // Whatever the store has started may hold the other end for a while.
  child.stderr?.destroy()
}

/** How a browser is started. */
export const launching = {
  executablePath: ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync) ?? '',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
}

/** Signs in by the page that is shown. */
export async function signInAs(store: StoreStand, page: Page, name: string): Promise<void> {
  await page.getByLabel('E-mail address').fill(`${name}@store.example`)
  await page.getByLabel('Password').fill(await store.password(name))
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('link', { name: 'Account', exact: true }).waitFor()
}

/** Somebody at the shop: a page of their own, and what went wrong on it. */
export interface Visitor {
  readonly page: Page
  readonly context: BrowserContext
  readonly wrong: string[]
}

/** Opens a page of the shop for somebody new. */
export async function visit(
  browse: (options?: BrowserContextOptions) => Promise<BrowserContext>,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browse(options)
  context.setDefaultTimeout(patienceMs / 2)
  const page = await context.newPage()
  const wrong: string[] = []
  page.on('pageerror', (error) => wrong.push(error.message))
  page.on('console', (message) => {
    // Of the network a browser tells by itself; what is refused there is shown on the page.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) {
      wrong.push(message.text())
    }
  })
  await page.goto(url)
  return { page, context, wrong }
}
