/** Owns `npm test`: lint, type-check and every test file, and the closing line with the totals. */

import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { makeGround } from './testing/ground.ts'
import { openReport } from './testing/report.ts'
import { runFiles } from './testing/run.ts'
import { startServers } from './testing/servers.ts'
import { endAll, runCommand } from './testing/test-file.ts'

const root = join(import.meta.dirname, '..')
const timeoutMs = 600_000
// One more than processors: a lane whose servers or browsers are starting leaves its own to others.
const lanes = Math.min(6, availableParallelism() + 1)
// Proofs of crashes wait most of their time, for leases to end and servers to come back: they have
// a lane of their own beside the others, which helps with the rest when they have ended.
const waitingFolder = 'tests/crash/proof/'
const patterns = ['packages', 'kits', 'tests', 'examples', 'bench', 'scripts'].map(
  (folder) => `${folder}/**/*.test.ts`,
)
const report = openReport(say)
const ground = makeGround()

process.chdir(root)
Object.assign(process.env, ground.environment)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    endAll()
    ground.remove()
    process.exit(1)
  })
}
await main(process.argv.slice(2)).finally(() => ground.remove())

async function main(filters: readonly string[]): Promise<void> {
  if (filters.length === 0) {
    await step('lint', binary('@biomejs/biome', 'biome'), ['check', '--error-on-warnings', '.'])
    const compiler = binary('typescript', 'tsc')
    await step('types', compiler, ['-p', 'tsconfig.json'])
    await step('types of what browsers run', compiler, ['-p', 'examples/store/web'])
  }
  const files = testFiles(filters)
  if (files.length === 0) say(`no test file matches ${filters.join(' ') || 'the patterns'}`)
  const waits = (path: string): boolean => path.startsWith(waitingFolder)
  const first = 'tests/identity/doors/rights.test.ts'
  const run = { files, first, folder: root, lanes, waits, timeoutMs, report, say }
  await runFiles({ ...run, serve: startServers })
  const green = report.close()
  process.exitCode = green && files.length > 0 ? 0 : 1
}

function testFiles(filters: readonly string[]): string[] {
  const found = globSync(patterns, { exclude: (path) => path.includes('node_modules') })
  const paths = found.map((path) => path.replaceAll('\\', '/')).sort()
  return paths.filter((path) => filters.length === 0 || filters.some((one) => path.includes(one)))
}

/** Lint and type-check count as tests of their own. */
async function step(name: string, script: string, options: readonly string[]): Promise<void> {
  const start = performance.now()
  const program = process.execPath
  const ended = await runCommand({ program, options: [script, ...options], timeoutMs })
  const state = ended.code === 0 ? 'passed' : 'failed'
  const outcomes = [{ name, line: 1, state, reason: ended.output }] as const
  report.record({ path: name, outcomes, durationMs: performance.now() - start })
}

function binary(name: string, command: string): string {
  const require = createRequire(import.meta.url)
  return join(require.resolve(`${name}/package.json`), '..', 'bin', command)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
