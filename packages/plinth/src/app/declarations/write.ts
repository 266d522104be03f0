/** Owns writing an app's types as declarations, so that nobody who reads them infers them anew. */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, extname, join, relative, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { Failure } from '../../base/failure.ts'
import { monotonicMs } from '../../base/time.ts'

/** What came of it. */
export type TypesOutcome =
  | { readonly is: 'written'; readonly file: string; readonly ms: number }
  /** The sources cannot be parsed: what was written before stays, as the app goes on too. */
  | { readonly is: 'kept'; readonly problems: readonly string[] }
  /**
   * The compiler cannot put a type into words. What was written before is gone, so that readers
   * infer from the sources: that is slower, and never wrong.
   */
  | { readonly is: 'removed'; readonly problems: readonly string[] }

/** The folder of an app's declarations. */
export function typesFolder(appFile: string): string {
  return join(dirname(appFile), '.plinth', 'types')
}

/**
 * Writes the types of an app into `.plinth/types` beside it, by the compiler of the project. A
 * front end reads them in place of the sources (`paths` of its tsconfig.json): then a keystroke
 * there costs what it touches, and not the inference of every model. Fails with `usage` where no
 * compiler is installed.
 */
export async function writeTypes(appFile: string): Promise<TypesOutcome> {
  const compiler = compilerOf(appFile)
  const folder = typesFolder(appFile)
  const startMs = monotonicMs()
  // The folder above holds an embedded database one day: nobody else may look into it.
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const config = join(folder, 'tsconfig.json')
  await writeFile(config, await configText(appFile, { folder, compiler }))
  const printed = await printedBy(compiler, [
    ...['-p', config, '--pretty', 'false', '--checkers', '1'],
  ])
  const problems = printed.split('\n').filter((line) => / error TS\d+: |^error TS/.test(line))
  if (problems.length === 0) {
    const file = join(folder, `${basename(appFile, extname(appFile))}.d.ts`)
    if (existsSync(file)) return { is: 'written', file, ms: monotonicMs() - startMs }
  }
  if (problems.length > 0 && problems.every(isSyntax)) return { is: 'kept', problems }
  await rm(folder, { recursive: true, force: true })
  return { is: 'removed', problems: problems.length > 0 ? problems : [printed.trim()] }
}

/** Mistakes of syntax have numbers of four digits that begin with 1. */
function isSyntax(line: string): boolean {
  return /error TS1\d{3}: /.test(line)
}

function compilerOf(appFile: string): string {
  try {
    const manifest = createRequire(appFile).resolve('typescript/package.json')
    return join(dirname(manifest), 'bin', 'tsc')
  } catch (cause) {
    const detail = 'There is no compiler beside the app: npm install --save-dev typescript'
    throw new Failure('usage', { detail, cause })
  }
}

/**
 * The project's own options, and only what the app's file brings along. Nothing is checked here:
 * that is what `tsc` is for. With a mistake nothing is written at all.
 */
async function configText(
  appFile: string,
  { folder, compiler }: { readonly folder: string; readonly compiler: string },
): Promise<string> {
  const base = nearestConfig(dirname(appFile))
  const paths = base && sourcePaths(base, await printedBy(compiler, ['--showConfig', '-p', base]))
  const from = (path: string): string => relative(folder, path).replaceAll('\\', '/')
  const compilerOptions = {
    ...(base ? {} : { module: 'nodenext', target: 'esnext', skipLibCheck: true, strict: true }),
    ...{ noEmit: false, declaration: true, declarationMap: true, emitDeclarationOnly: true },
    ...{ noCheck: true, noEmitOnError: true, composite: false, allowImportingTsExtensions: true },
    ...{ rootDir: from(dirname(appFile)), outDir: '.', declarationDir: '.' },
    ...{ incremental: true, tsBuildInfoFile: './state.tsbuildinfo' },
    ...(paths ? { paths } : {}),
  }
  const extended = base ? { extends: from(base) } : {}
  const files = [from(appFile)]
  return `${JSON.stringify({ ...extended, compilerOptions, files, include: [] }, null, 2)}\n`
}

/**
 * The paths of a project without those that lead to written declarations: what is written comes
 * from the sources alone, or it would follow itself and never change.
 */
function sourcePaths(
  config: string,
  shown: string,
): Readonly<Record<string, readonly string[]>> | undefined {
  if (!shown.trimStart().startsWith('{')) return undefined
  const { compilerOptions } = JSON.parse(shown) as {
    readonly compilerOptions?: { readonly paths?: Readonly<Record<string, readonly string[]>> }
  }
  const paths = Object.entries(compilerOptions?.paths ?? {}).map(([name, places]) => {
    const sources = places.filter((place) => !place.includes('.plinth/types/'))
    return [name, sources.map((place) => resolve(dirname(config), place))] as const
  })
  return paths.length === 0 ? undefined : Object.fromEntries(paths)
}

function nearestConfig(folder: string): string | undefined {
  const file = join(folder, 'tsconfig.json')
  if (existsSync(file)) return file
  const above = dirname(folder)
  return above === folder ? undefined : nearestConfig(above)
}

/** All that the compiler prints. Its exit code says no more. */
async function printedBy(compiler: string, words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [compiler, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve())
  })
  const [printed, told] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return `${printed}${told}`
}
