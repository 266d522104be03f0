#!/usr/bin/env node
/** Owns the way into the command line on any Node: the right release, the nearest installation. */

import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const needed = 26
const here = dirname(fileURLToPath(import.meta.url))

/** The first of a path's folders and those above it in which something is installed. */
function above(folder, path) {
  for (let at = folder; ; at = dirname(at)) {
    const found = join(at, 'node_modules', path)
    if (existsSync(found)) return found
    if (dirname(at) === at) return undefined
  }
}

/** Runs the same command under the Node that was installed beside the app. */
function runUnder(program) {
  const child = spawn(program, process.argv.slice(1), {
    // The channel tells the other process when this one is gone, however it went.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal))
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128)
    process.disconnect?.()
  })
}

async function runHere() {
  // An app must be run by the copy of Plinth that it imports.
  const nearest = above(process.cwd(), join('plinth', 'bin', 'plinth.js'))
  const own = realpathSync(fileURLToPath(import.meta.url))
  if (nearest && realpathSync(nearest) !== own) {
    await import(pathToFileURL(realpathSync(nearest)).href)
    return
  }
  const { enableCompileCache, registerHooks } = await import('node:module')
  enableCompileCache()
  const built = join(here, '..', 'dist', 'cli', 'main.js')
  if (existsSync(built) && !existsSync(join(here, '..', 'src'))) {
    await import(pathToFileURL(built).href)
    return
  }
  // In the repository the sources run as they are, for the app that imports them too.
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: ['source', ...context.conditions] }),
  })
  await import(pathToFileURL(join(here, '..', 'src', 'cli', 'main.ts')).href)
}

const [major] = process.versions.node.split('.').map(Number)
const installed = above(process.cwd(), join('.bin', 'node')) ?? above(here, join('.bin', 'node'))
if (major >= needed) {
  await runHere()
} else if (installed && process.env.PLINTH_NODE !== installed) {
  process.env.PLINTH_NODE = installed
  runUnder(installed)
} else {
  process.stderr.write(
    `Plinth needs Node ${needed} or later; this is ${process.version}.\n` +
      `Install it beside the app with: npm install --save-exact node@${needed}\n`,
  )
  process.exitCode = 1
}
