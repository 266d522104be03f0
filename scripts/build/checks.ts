/** Owns judging a staged package before it is published: publint and are-the-types-wrong. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { runScript, scriptOf } from './package.ts'

/** Throws with every complaint about how the package presents itself. */
export async function checkPackage(staged: string, tarball: string): Promise<void> {
  const missing = missingTargets(staged)
  if (missing.length > 0) throw new Error(`exports without a file: ${missing.join(', ')}`)
  const { messages } = await publint({ pkgDir: staged, strict: true, pack: false })
  const manifest = JSON.parse(readFileSync(join(staged, 'package.json'), 'utf8')) as object
  const lines = messages.map((message) => formatMessage(message, manifest) ?? message.code)
  if (lines.length > 0) throw new Error(`publint:\n${lines.join('\n')}`)
  const attw = scriptOf('@arethetypeswrong/cli', 'dist/index.js')
  runScript(attw, [tarball, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'])
}

function missingTargets(staged: string): string[] {
  const text = readFileSync(join(staged, 'package.json'), 'utf8')
  const { exports, bin = {} } = JSON.parse(text) as {
    exports: Record<string, string | Record<string, string>>
    bin?: Record<string, string>
  }
  const targets = [...Object.values(exports), bin].flatMap((target) =>
    typeof target === 'string' ? [target] : Object.values(target),
  )
  // An entry without types passes are-the-types-wrong: to it that is a choice.
  for (const [key, target] of Object.entries(exports)) {
    if (typeof target !== 'string' && !target.types) targets.push(`${key} (types)`)
  }
  return targets.filter((target) => !existsSync(join(staged, target)))
}
