/** Owns what an entry point exports: each public name, where it is declared and documented. */

import { posix } from 'node:path'
import { resolveImport } from './imports.ts'
import { lineAt, type Source, type Violation } from './source.ts'

/** A public name. */
export interface PublicName {
  readonly name: string
  /** A value exists at run time; a type does not. */
  readonly kind: 'value' | 'type'
  /** The file and name of the declaration. */
  readonly path: string
  readonly declared: string
}

type Files = ReadonlyMap<string, Source>

/** Lists the names that a module exports, through all re-exports, sorted. */
export function publicNames(files: Files, entry: string): PublicName[] {
  const names = collect(files, entry, new Set())
  const unique = new Map(names.map((name) => [`${name.kind} ${name.name}`, name]))
  return [...unique.values()].sort((a, b) => compare(a.name, b.name) || compare(a.kind, b.kind))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function collect(files: Files, path: string, seen: Set<string>): PublicName[] {
  const source = files.get(path)
  if (!source || seen.has(path)) return []
  seen.add(path)
  const own = declarations(source).map(({ name, kind }) => ({ name, kind, path, declared: name }))
  const stars = [...source.code.matchAll(/^export (?:type )?\*/gm)].flatMap(({ index }) => {
    return collect(files, targetOf(source, index) ?? '', seen)
  })
  const lists = [...source.code.matchAll(/^export (type )?\{([^}]*)\}( from)?/gm)]
  const listed = lists.flatMap(({ index, 1: type, 2: body = '', 3: from }) => {
    const target = targetOf(source, index) ?? ''
    return readList(body).flatMap((item) => {
      const found = from ? find(files, target, item.name) : findLocal(files, source, item.name)
      if (!found) return []
      const kind = type || item.typeOnly ? ('type' as const) : found.kind
      return [{ ...found, name: item.as, kind }]
    })
  })
  return [...own, ...stars, ...listed]
}

/** What a module exports under a name. */
function find(files: Files, path: string, name: string): PublicName | undefined {
  return collect(files, path, new Set()).find((one) => one.name === name)
}

/** What a name means inside a module: declared there or imported. */
function findLocal(files: Files, source: Source, name: string): PublicName | undefined {
  const own = allDeclarations(source).find((one) => one.name === name)
  if (own) return { name, kind: own.kind, path: source.path, declared: name }
  for (const { index, 1: body = '' } of source.code.matchAll(/^import (?:type )?\{([^}]*)\}/gm)) {
    const item = readList(body).find(({ as }) => as === name)
    if (item) return find(files, targetOf(source, index) ?? '', item.name)
  }
  return undefined
}

function readList(body: string): { name: string; as: string; typeOnly: boolean }[] {
  const items = body.split(',').map((item) => item.trim())
  return items
    .filter((item) => item !== '')
    .map((item) => {
      const [name = '', as = name] = item.replace(/^type /, '').split(/\s+as\s+/)
      return { name, as, typeOnly: item.startsWith('type ') }
    })
}

function targetOf(source: Source, position: number): string | undefined {
  const line = lineAt(source.text, position)
  const next = source.imports.find((one) => one.line >= line)
  return next && resolveImport(source.path, next.specifier)
}

const words = 'function\\*?|const|let|class|interface|type'
const declaration = new RegExp(`^(export )?(?:abstract )?(?:async )?(${words}) (\\w+)`, 'gm')

interface Declaration {
  readonly name: string
  readonly kind: 'value' | 'type'
  readonly exported: boolean
  readonly start: number
}

function allDeclarations({ code }: Source): Declaration[] {
  return [...code.matchAll(declaration)].map(
    ({ index, 1: exported, 2: word = '', 3: name = '' }) => {
      const kind = word === 'interface' || word === 'type' ? 'type' : 'value'
      return { name, kind, exported: exported !== undefined, start: index }
    },
  )
}

function declarations(source: Source): Declaration[] {
  return allDeclarations(source).filter(({ exported }) => exported)
}

/** Checks that each public name carries a doc comment right above its declaration. */
export function checkDocumented(files: Files, entries: readonly string[]): Violation[] {
  const names = entries.flatMap((entry) => publicNames(files, entry))
  const violations = names.flatMap(({ path, declared, kind }) => {
    const source = files.get(path)
    const places = source ? allDeclarations(source).filter(({ name }) => name === declared) : []
    const [first] = places.filter((place) => place.kind === kind)
    if (!source || !first || hasDocument(source, first.start)) return []
    const cure = `${declared} is public: say in /** … */ above it what it is, units, failures`
    return [{ path, line: lineAt(source.text, first.start), rule: 'undocumented', cure }]
  })
  return [...new Map(violations.map((one) => [`${one.path}:${one.line}`, one])).values()]
}

function hasDocument({ text, comments }: Source, start: number): boolean {
  const end = text.slice(0, start).trimEnd().length
  return comments.some((one) => {
    const closes = one.start + one.text.length === end
    return closes && one.text.startsWith('/**') && !one.text.startsWith('/** Owns ')
  })
}

/** The entry points of the package: name as imported → path of the source. */
export function entryPoints(manifest: string, folder: string): Map<string, string> {
  const { name, exports } = JSON.parse(manifest) as Manifest
  const entries = Object.entries(exports).flatMap(([key, target]) => {
    if (typeof target === 'string' || target.source === undefined) return []
    return [[posix.join(name, key), posix.join(folder, target.source)] as const]
  })
  return new Map(entries)
}

interface Manifest {
  readonly name: string
  readonly exports: Record<string, string | { readonly source?: string }>
}
