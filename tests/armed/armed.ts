/** Owns the proof of proofs: without a control, its sources edited as they load, a proof fails. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { keptServers } from '../../packages/plinth/src/app/config/config.ts'
import { preloads } from '../../scripts/testing/preload/preloads.ts'
import { type LaneServers, startServers } from '../../scripts/testing/servers.ts'
import { argument } from './arguments.ts'
import { type Control, type Proof, pathOf } from './control.ts'
import { edited, type Grown, type Planted } from './plant.ts'

const root = join(import.meta.dirname, '..', '..')
const timeoutMs = 300_000
// Half of what the machine can do at once: the other half is PostgreSQL's.
const atOnce = argument('at-once', Math.max(2, Math.floor(availableParallelism() / 2)))

// A run of all tests hands its servers in.
const alone = keptServers().embedded === undefined

let ground: string
let servers: LaneServers | undefined
let environment: NodeJS.ProcessEnv
before(async () => {
  ground = await mkdtemp(join(tmpdir(), 'plinth-armed-'))
  // The same for all, both of them: a proof that finds one missing starts it, once per removal.
  if (alone) servers = await startServers()
  environment = {
    ...process.env,
    ...servers?.environment,
    // Nearly all sources are the same in every run: they are read and compiled once.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(ground, 'compiled'),
  }
})
after(async () => {
  await servers?.stop()
  await rm(ground, { recursive: true, force: true })
})

interface Ended {
  readonly code: number | null
  readonly output: string
}

/** Runs a proof; what is preloaded holds for every process that it starts. */
function run({ file, options }: Proof, preloaded?: string): Promise<Ended> {
  const names = options.filter((option) => option.startsWith('--test-'))
  const others = options.filter((option) => !option.startsWith('--test-'))
  const line = ['--conditions=source', ...preloads(file), '--test-reporter=spec']
  line.push(...names, file, ...others)
  const env =
    preloaded === undefined
      ? environment
      : { ...environment, NODE_OPTIONS: `--import=${pathToFileURL(preloaded).href}` }
  const child = spawn(process.execPath, line, { cwd: root, env, timeout: timeoutMs })
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

/** Runs the proof of a control in a process that reads its sources without it. */
async function runWithout(control: Control, number: number): Promise<Ended> {
  const edits = control.edits.map((edit): Planted => ({ ...edit, path: pathOf(root, edit) }))
  const files = [...Map.groupBy(edits, ({ path }) => path)]
  const grown = files.map(async ([path, mine]): Promise<Grown> => {
    const text = edited(await readFile(path, 'utf8'), mine)
    return { path, script: stripTypeScriptTypes(text, { mode: 'strip' }) }
  })
  const preloaded = join(ground, `without-${number}.mjs`)
  const planting = pathToFileURL(join(import.meta.dirname, 'plant.ts')).href
  const words = [
    `import { plant } from '${planting}'`,
    `plant(${JSON.stringify(await Promise.all(grown))})`,
  ]
  await writeFile(preloaded, words.join('\n'))
  return run(control.proof, preloaded)
}

/** Controls, and the proofs that hold as long as none of them is taken away. */
export interface Arms {
  readonly controls: readonly Control[]
  /** Only those that no other file of the repository runs as they are. */
  readonly proofs: readonly Proof[]
}

/** Declares the tests that take each control away, one at a time. */
export function prove({ controls, proofs }: Arms): void {
  test('armed', { concurrency: atOnce }, async (context) => {
    const running = proofs.map((proof, number) =>
      context.test(`with every control, ${basename(proof.file)} holds (${number})`, async () => {
        const { code, output } = await run(proof)
        assert.equal(code, 0, output)
      }),
    )
    // Within a run of all tests the proofs are run as they are by themselves.
    const holds = alone ? baseline(controls, context) : new Map<string, Promise<unknown>>()
    const removed = controls.map((control, number) =>
      context.test(`without ${control.name} a proof fails`, async (each) => {
        await holds.get(control.proof.file)
        const { code, output } = await runWithout(control, number)
        assert.equal(code, 1, output)
        demandFailures(control.proof, output)
        each.diagnostic(/^ *(?:\w*Error.*: .*)$/m.exec(output)?.[0].trim().slice(0, 200) ?? '')
      }),
    )
    await Promise.all([...running, ...removed])
  })
}

/**
 * Each file of proofs with every control in place, once, by the patterns of its controls: what
 * fails all the same proves nothing when something is taken away.
 */
function baseline(
  controls: readonly Control[],
  context: TestContext,
): ReadonlyMap<string, Promise<unknown>> {
  const files = Map.groupBy(controls, ({ proof }) => proof.file)
  const entries = [...files].map(([file, mine]) => {
    const options = [...new Set(mine.flatMap(({ proof }) => proof.options))]
    const held = context.test(`before anything is taken away, ${file} holds`, async () => {
      const { code, output } = await run({ file, options })
      assert.equal(code, 0, output)
      assert.doesNotMatch(output, /^ℹ pass 0$/m, 'its patterns find tests')
    })
    return [file, held] as const
  })
  return new Map(entries)
}

/** A proof that could not even begin proves nothing: its own tests have to be what fails. */
function demandFailures({ every }: Proof, output: string): void {
  assert.match(output, /✖/)
  assert.doesNotMatch(
    output,
    /SyntaxError|ERR_MODULE_NOT_FOUND|ENOENT.*\.ts'|is not defined|hookFailed/,
  )
  const passed = /^ℹ pass (\d+)$/m.exec(output)?.[1]
  assert.ok(passed !== undefined, output)
  if (every) assert.equal(passed, '0', `each of its tests fails\n${output}`)
}
