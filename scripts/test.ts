/** Owns `npm test`: lint, type-check and every test file, and the closing line with the totals. */

import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Outcome } from './testing/reporter.ts'
import { makeGround } from './testing/ground.ts'
import { type LaneServers, startServers } from './testing/servers.ts'
import { endAll, runCommand, runTestFile } from './testing/test-file.ts'

const root = join(import.meta.dirname, '..')
const timeoutMs = 420_000
const filesAtOnce = Number(process.env.LANES ?? 2)
// Proofs of crashes wait most of their time, for leases to end and servers to come back: they have
// a lane of their own beside the others, and take a tenth of the whole run instead of a fifth.
const waitingFolder = 'tests/crash/proof/'
const patterns = ['packages', 'kits', 'tests', 'examples', 'bench', 'scripts'].map(
  (folder) => `${folder}/**/*.test.ts`,
)
const totals = { passed: 0, failed: 0, skipped: 0 }
const failures: string[] = []

process.chdir(root)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    endAll()
    ground.remove()
    process.exit(1)
  })
}
const ground = makeGround()
Object.assign(process.env, ground.environment)
await main(process.argv.slice(2)).finally(() => ground.remove())

async function main(filters: readonly string[]): Promise<void> {
  if (filters.length === 0) {
    await step('lint', binary('@biomejs/biome', 'biome'), ['check', '--error-on-warnings', '.'])
    const compiler = binary('typescript', 'tsc')
    await step('types', compiler, ['-p', 'tsconfig.json'])
    await step('types of what browsers run', compiler, ['-p', 'examples/store/web'])
  }
  const files = testFiles(filters)
  const slow = files.filter((path) => path.startsWith(waitingFolder)).values()
  const rest = files.filter((path) => !path.startsWith(waitingFolder)).values()
  const lanes = Array.from({ length: filesAtOnce }, () => work(both(rest, slow)))
  await Promise.all([...lanes, work(slow)])
  if (failures.length > 0) say(`\n${failures.length} failed:\n\n${failures.join('\n\n')}\n`)
  if (files.length === 0) say(`no test file matches ${filters.join(' ') || 'the patterns'}`)
  const { passed, failed, skipped } = totals
  say(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  process.exitCode = failed > 0 || passed === 0 || files.length === 0 ? 1 : 0
}

function testFiles(filters: readonly string[]): string[] {
  const found = globSync(patterns, { exclude: (path) => path.includes('node_modules') })
  const paths = found.map((path) => path.replaceAll('\\', '/')).sort()
  return paths.filter((path) => filters.length === 0 || filters.some((one) => path.includes(one)))
}

function* both<T>(first: Iterator<T>, second: Iterator<T>): Generator<T> {
  for (const each of [first, second]) {
    for (let next = each.next(); !next.done; next = each.next()) yield next.value
  }
}

/** A lane takes the next file until none is left; its files share servers, one at a time. */
async function work(waiting: Iterator<string>): Promise<void> {
  let servers: LaneServers | undefined
  try {
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      servers ??= await startServers()
      const { environment } = servers
      const start = performance.now()
      const outcomes = await runTestFile(next.value, { timeoutMs, environment })
      record(next.value, outcomes, performance.now() - start)
    }
  } finally {
    await servers?.stop()
  }
}

/** Lint and type-check count as tests of their own. */
async function step(name: string, script: string, options: readonly string[]): Promise<void> {
  const start = performance.now()
  const program = process.execPath
  const ended = await runCommand({ program, options: [script, ...options], timeoutMs })
  const passed = ended.code === 0
  const state = passed ? 'passed' : 'failed'
  record(name, [{ name, line: 1, state, reason: ended.output }], performance.now() - start)
}

function record(path: string, outcomes: readonly Outcome[], durationMs: number): void {
  const failed = outcomes.filter(({ state }) => state === 'failed')
  for (const { state } of outcomes) totals[state]++
  for (const { name, line, reason = '' } of failed) {
    failures.push(`✖ ${path}:${line} ${name}\n${indent(reason)}`)
  }
  const mark = failed.length > 0 ? `✖ ${failed.length} of` : '✔'
  say(`${mark} ${outcomes.length} ${path} (${(durationMs / 1000).toFixed(1)} s)`)
  for (const { name, line } of failed) say(`    ${path}:${line} ${name}`)
}

function binary(name: string, command: string): string {
  const require = createRequire(import.meta.url)
  return join(require.resolve(`${name}/package.json`), '..', 'bin', command)
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '    ')
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
