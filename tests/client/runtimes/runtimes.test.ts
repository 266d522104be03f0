import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { bundle } from '../bundle.ts'
import { password, stand } from '../stand.ts'
import type { Walking } from './walk.ts'

const run = promisify(execFile)
const timeout = 120_000

/** A program of a runtime: in the folder that PLINTH_RUNTIMES names, or where commands are. */
function programOf(name: string): string | undefined {
  const { PLINTH_RUNTIMES = '', PATH = '' } = process.env
  const places = [join(PLINTH_RUNTIMES, 'node_modules', '.bin'), ...PATH.split(delimiter)]
  return places.map((place) => join(place, name)).find(existsSync)
}

/** The walk in one file, and a file that says what came of it on its standard output. */
async function files(context: TestContext, walking: Walking) {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-runtime-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const { code, modules } = await bundle(join(import.meta.dirname, 'walk.ts'))
  assert.ok(!modules.some((path) => path.includes('node_modules')), 'the client brings nothing')
  await mkdir(join(folder, 'out'))
  const main = join(folder, 'out', 'main.mjs')
  const asked = JSON.stringify(walking)
  await writeFile(join(folder, 'out', 'walk.mjs'), code)
  await writeFile(
    main,
    `import { walk } from './walk.mjs'\nconsole.log(JSON.stringify(await walk(${asked})))\n`,
  )
  return { folder, main, asked }
}

async function opened(context: TestContext) {
  const shop = await stand(context)
  const { email } = await shop.tested.user({
    email: 'ann@people.example',
    password,
    roles: ['staff'],
  })
  const price = { amount: 100, currency: 'GBP' } as const
  await shop.tested.data.product.create({ sku: 'A', name: 'Lamp', price, stock: 2 })
  return { url: shop.url, email, password }
}

const expected = {
  ...{ signedIn: 'signedIn', email: 'ann@people.example', name: 'Lamp', refused: 'sold_out' },
  ...{ order: 'R-1', seen: [2, 41], kept: { ok: true, sent: 2, count: 1 } },
  signedOut: 'sign_in_required',
}

const commands: readonly (readonly [name: string, words: readonly string[]])[] = [
  ['node', []],
  ['bun', ['run']],
  ['deno', ['run', '--no-prompt', '--allow-net=localhost']],
]

for (const [name, words] of commands) {
  const program = name === 'node' ? process.execPath : programOf(name)
  const skip = program === undefined && `needs ${name}: npm install -g ${name}`
  test(`the client works in ${name}`, { skip, timeout }, async (context) => {
    const { main } = await files(context, await opened(context))
    const { stdout } = await run(program ?? '', [...words, main])
    assert.deepEqual(JSON.parse(stdout), expected)
  })
}

const workerd = programOf('workerd')
const skip = workerd === undefined && 'needs workerd: npm install -g workerd'

test('the client works in a worker (workerd)', { skip, timeout }, async (context) => {
  const { folder, asked } = await files(context, await opened(context))
  await writeFile(
    join(folder, 'out', 'worker.mjs'),
    `import { walk } from './walk.mjs'
export default { fetch: async () => Response.json(await walk(${asked})) }\n`,
  )
  await writeFile(join(folder, 'worker.capnp'), configuration)
  const child = spawn(workerd ?? '', ['serve', 'worker.capnp', '--control-fd=1'], {
    ...{ cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] },
  })
  context.after(() => child.kill())
  const answer = await fetch(`http://127.0.0.1:${await portOf(child)}/`)
  assert.equal(answer.status, 200, await answer.clone().text())
  assert.deepEqual(await answer.json(), expected)
})

const configuration = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [
        (name = "worker.mjs", esModule = embed "out/worker.mjs"),
        (name = "walk.mjs", esModule = embed "out/walk.mjs"),
      ],
      compatibilityDate = "2026-01-01",
    )),
    (name = "internet", network = (allow = ["local", "private", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`

/** The port that it has taken: said on its control channel. */
function portOf({ stdout }: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    let text = ''
    stdout?.on('data', (piece: Buffer) => {
      text += piece.toString()
      const port = /"port":(\d+)/.exec(text)?.[1]
      if (port) resolve(Number(port))
    })
  })
}
