/** Owns the proof of proofs: without a control, in a copy of the sources, its proof must fail. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  type EmbeddedServer,
  startEmbedded,
} from '../../packages/plinth/src/database/embedded/server.ts'
import { argument } from './arguments.ts'
import type { Control, Edit, Proof } from './control.ts'

const root = join(import.meta.dirname, '..', '..')
const sources = join('packages', 'plinth', 'src')
const timeoutMs = 120_000
// Half of what the machine can do at once: the other half is PostgreSQL's.
const atOnce = argument('at-once', Math.max(2, Math.floor(availableParallelism() / 2)))

let ground: string
let server: EmbeddedServer
let url: string
before(async () => {
  ground = await mkdtemp(join(tmpdir(), 'plinth-armed-'))
  // One server for all: most of the time of a short proof is the start of PostgreSQL.
  server = await startEmbedded({ directory: join(ground, 'server'), log: () => undefined })
  const { host, port, user, database } = server.address
  url = `postgres://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}`
})
after(async () => {
  await server?.stop()
  await rm(ground, { recursive: true, force: true })
})

/** A tree of its own: sources that may be changed, everything else by links. */
async function copyTree(name: string): Promise<string> {
  const tree = join(ground, name)
  await cp(join(root, sources), join(tree, sources), { recursive: true })
  await cp(join(root, 'tests'), join(tree, 'tests'), { recursive: true })
  await cp(join(root, 'package.json'), join(tree, 'package.json'))
  const package_ = join('packages', 'plinth')
  await cp(join(root, package_, 'package.json'), join(tree, package_, 'package.json'))
  await symlink(join(root, package_, 'assets'), join(tree, package_, 'assets'))
  await mkdir(join(tree, 'node_modules'))
  for (const entry of await readdir(join(root, 'node_modules'))) {
    const target = entry === 'plinth' ? join(tree, package_) : join(root, 'node_modules', entry)
    await symlink(target, join(tree, 'node_modules', entry))
  }
  return tree
}

async function edit(tree: string, { file, from, to }: Edit): Promise<void> {
  const path = join(tree, sources, file)
  const text = await readFile(path, 'utf8')
  const [head, tail, ...more] = text.split(from)
  assert.ok(tail !== undefined && more.length === 0, `${file} holds this once: ${from}`)
  await writeFile(path, `${head}${to}${tail}`)
}

interface Ended {
  readonly code: number | null
  readonly output: string
}

function run(tree: string, { file, options }: Proof): Promise<Ended> {
  const names = options.filter((option) => option.startsWith('--test-'))
  const others = options.filter((option) => !option.startsWith('--test-'))
  const line = ['--conditions=source', ...names, join(tree, file), ...others, `--server=${url}`]
  const child = spawn(process.execPath, line, { cwd: tree, timeout: timeoutMs })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

async function provedWithout(control: Control, number: number): Promise<Ended> {
  const tree = await copyTree(String(number))
  for (const each of control.edits) await edit(tree, each)
  const ended = await run(tree, control.proof)
  await rm(tree, { recursive: true, force: true })
  return ended
}

/** Controls, and the proofs that hold as long as none of them is taken away. */
export interface Arms {
  readonly controls: readonly Control[]
  readonly proofs: readonly Proof[]
}

/** Declares the tests that take each control away, one at a time. */
export function prove({ controls, proofs }: Arms): void {
  test('armed', { concurrency: atOnce }, async (context) => {
    const running = proofs.map((proof, number) =>
      context.test(`with every control, ${basename(proof.file)} holds (${number})`, async () => {
        const { code, output } = await run(await copyTree(`whole ${number}`), proof)
        assert.equal(code, 0, output)
      }),
    )
    const removed = controls.map((control, number) =>
      context.test(`without ${control.name} a proof fails`, async (each) => {
        const { code, output } = await provedWithout(control, number)
        assert.equal(code, 1, output)
        // A proof that could not even begin proves nothing.
        assert.match(output, /✖/)
        each.diagnostic(/^ *(?:\w*Error.*: .*)$/m.exec(output)?.[0].trim().slice(0, 200) ?? '')
        assert.doesNotMatch(output, /SyntaxError|ERR_MODULE_NOT_FOUND|is not defined/)
      }),
    )
    await Promise.all([...running, ...removed])
  })
}
