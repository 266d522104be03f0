import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { checkPackage } from '../scripts/build/checks.ts'
import {
  buildPackage,
  packPackage,
  root,
  runNpm,
  runScript,
  scriptOf,
} from '../scripts/build/package.ts'
import { presentEntries, runtimeNames } from './tidy/lists/surface.ts'

const entries = ['index', 'server', 'testing'].map((name) => `packages/plinth/src/${name}.ts`)
const missing = [...entries, 'packages/plinth/bin/plinth.js'].filter((path) => {
  return !existsSync(join(root, path))
})
const skip = missing.length > 0 && `nothing to pack before there is ${missing.join(', ')}`

describe('the published package', { skip }, () => {
  const work = mkdtempSync(join(tmpdir(), 'plinth-package-'))
  const consumer = join(work, 'a consumer')
  let staged = ''
  let tarball = ''

  before(() => {
    staged = buildPackage({ compiled: join(work, 'compiled'), staged: join(work, 'staged') })
    tarball = packPackage(staged, work)
    mkdirSync(consumer)
    writeFileSync(join(consumer, 'package.json'), '{ "private": true, "type": "module" }\n')
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
    // React is the app's own: only who imports its hooks has it.
    runNpm(['install', ...quiet, tarball, 'react@19.3.1', '@types/react@19.3.0'], consumer)
  })

  after(() => rmSync(work, { recursive: true, force: true }))

  test('publint and are-the-types-wrong find nothing', async () => {
    await checkPackage(staged, tarball)
  })

  for (const entry of presentEntries().keys()) {
    test(`${entry} is imported from node_modules with all its names`, () => {
      const script = join(consumer, 'names.js')
      writeFileSync(script, `process.stdout.write(Object.keys(await import('${entry}')).join())\n`)
      const names = runScript(script, [], consumer).split(',').sort()
      assert.deepEqual(
        names.filter((name) => name !== ''),
        runtimeNames(entry).sort(),
      )
    })
  }

  test('its types are found by a strict compiler', () => {
    const lines = [...presentEntries().keys()].map((entry, index) => {
      return `import * as entry${index} from '${entry}'\nvoid entry${index}\n`
    })
    writeFileSync(join(consumer, 'app.ts'), lines.join(''))
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'esnext']
    options.push('--module', 'nodenext', '--types', '', 'app.ts')
    runScript(scriptOf('typescript', 'bin/tsc'), options, consumer)
  })

  test('its command answers', () => {
    const command = join(consumer, 'node_modules', 'plinth', 'bin', 'plinth.js')
    assert.match(runScript(command, ['--help'], consumer), /plinth/)
  })
})
