/** Owns an app's own sources: its file and all that it brings in of its own package, parsed. */

import { readFile, stat } from 'node:fs/promises'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { type AnyNode, parse } from 'acorn'
import { full } from 'acorn-walk'

/** A file of the app. Places in its tree are those of its text. */
export interface AppSource {
  /** Absolute. */
  readonly path: string
  readonly text: string
  readonly tree: AnyNode
}

const code: ReadonlySet<string> = new Set(['.ts', '.mts', '.js', '.mjs'])

/**
 * Reads the sources of an app that loads. Packages are left out: they are looked at where they are
 * made. So is what is imported by a name that is worked out.
 */
export async function appSources(file: string): Promise<readonly AppSource[]> {
  const sources: AppSource[] = []
  const known = new Set([file])
  for (const path of known) {
    const source = await readSource(path)
    if (!source) continue
    sources.push(source)
    for (const specifier of importsOf(source.tree)) {
      const found = ownFile(path, specifier)
      if (found !== undefined && code.has(extname(found))) known.add(found)
    }
  }
  return sources
}

/** What a file of the app means by a relative import, or by a name of its package (`#…`). */
function ownFile(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return join(dirname(path), specifier)
  if (!specifier.startsWith('#')) return undefined
  try {
    return createRequire(path).resolve(specifier)
  } catch {
    return undefined
  }
}

async function readSource(path: string): Promise<AppSource | undefined> {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
  return isFile ? parseSource(path, await readFile(path, 'utf8')) : undefined
}

/** Parses a file; undefined where it holds more than types that can be stripped. */
export function parseSource(path: string, text: string): AppSource | undefined {
  try {
    const options = { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true } as const
    const tree = parse(stripped(path, text), options) as AnyNode
    return { path, text, tree }
  } catch {
    // What Node cannot load has been told by now; what it can and we cannot is not looked at.
    return undefined
  }
}

function stripped(path: string, text: string): string {
  if (!path.endsWith('ts')) return text
  // Node runs the app by the same stripping; only its direct use says that it is experimental.
  const { emitWarning } = process
  process.emitWarning = () => undefined
  try {
    return stripTypeScriptTypes(text, { mode: 'strip' })
  } finally {
    process.emitWarning = emitWarning
  }
}

function importsOf(tree: AnyNode): readonly string[] {
  const specifiers: string[] = []
  full(tree, (node) => {
    const from =
      node.type === 'ImportDeclaration' ||
      node.type === 'ExportAllDeclaration' ||
      node.type === 'ExportNamedDeclaration' ||
      node.type === 'ImportExpression'
        ? node.source
        : undefined
    if (from?.type === 'Literal' && typeof from.value === 'string') specifiers.push(from.value)
  })
  return specifiers
}
