/** Owns the rules on imports: the matrix, cycles, declared packages, what runs in a browser. */

import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import { matrix, roomOf, sources } from './matrix.ts'
import { type Import, isTest, type Source, type Violation } from './source.ts'

const bareBuiltIns = new Set(builtinModules.filter((name) => !name.startsWith('node:')))

/** The path that a relative import names; undefined for a package. */
export function resolveImport(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined
}

/** Holds every import of one file against the matrix and the declared dependencies. */
export function checkImports(source: Source, dependencies: ReadonlySet<string>): Violation[] {
  const { path } = source
  if (isTest(path)) return []
  if (path.startsWith('examples/')) return source.imports.flatMap((one) => checkExample(path, one))
  if (!path.startsWith(sources)) return []
  const room = roomOf(path)
  if (room !== undefined && !matrix[room]) {
    const cure = `the folder ${room}/ has no row in tests/tidy/matrix.ts; move the file or add it`
    return [{ path, line: 1, rule: 'import-matrix', cure }]
  }
  return source.imports.flatMap((one) => {
    const target = resolveImport(path, one.specifier)
    const cure =
      target === undefined
        ? checkPackage(room, one.specifier, dependencies)
        : checkRoom(room, target, one)
    const { line } = one
    return cure === undefined ? [] : [{ path, line, rule: 'import-matrix', cure }]
  })
}

function checkRoom(from: string | undefined, target: string, one: Import): string | undefined {
  const room = from === undefined ? undefined : matrix[from]
  if (!target.startsWith(sources)) return `${one.specifier} leaves ${sources}; import the package`
  if (!room) return undefined
  const to = roomOf(target)
  if (to === undefined) return `${from}/ may not import an entry (${one.specifier})`
  if (to === from || room.may.includes(to)) return undefined
  if (one.typeOnly && room.typesOf?.includes(to)) return undefined
  const types = room.typesOf ? `; types of ${room.typesOf.join(', ')}` : ''
  return `${from}/ may not import ${to}/ (may: ${room.may.join(', ') || 'nothing'}${types})`
}

function checkPackage(
  from: string | undefined,
  specifier: string,
  dependencies: ReadonlySet<string>,
): string | undefined {
  if (bareBuiltIns.has(specifier)) return `write node:${specifier}`
  const room = from === undefined ? undefined : matrix[from]
  if (room?.portable && !room.packages?.includes(specifier)) {
    return `${from}/ runs in a browser too: no Node built-ins and no packages (${specifier})`
  }
  if (specifier.startsWith('node:')) return undefined
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  if (dependencies.has(name)) return undefined
  return `${name} is no dependency of packages/plinth/package.json`
}

function checkExample(path: string, { specifier, line }: Import): Violation[] {
  const target = resolveImport(path, specifier)
  const own = path.split('/').slice(0, 2).join('/')
  const published = specifier === 'plinth' || /^plinth\/[a-z/-]+$/.test(specifier)
  const allowed =
    target === undefined
      ? published || !specifier.startsWith('plinth')
      : target.startsWith(`${own}/`)
  if (allowed) return []
  const cure = `an example imports only its own files and the published entries (${specifier})`
  return [{ path, line, rule: 'import-matrix', cure }]
}

/** Reports each group of files that import each other in a circle, type imports included. */
export function checkCycles(files: readonly Source[]): Violation[] {
  return circles(graphOf(files, () => true)).map((members) => {
    const [path = ''] = members
    const cure = `break the circle: ${members.join(' → ')}`
    return { path, line: 1, rule: 'import-cycle', cure }
  })
}

/** Reports each file that a browser entry loads and that needs Node or a package. */
export function checkPortable(files: readonly Source[], entries: readonly string[]): Violation[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const graph = graphOf(files, (one) => !one.typeOnly)
  const seen = new Set(entries.filter((entry) => byPath.has(entry)))
  const violations: Violation[] = []
  for (const path of seen) {
    for (const target of graph.get(path) ?? []) seen.add(target)
    for (const { specifier, line, typeOnly } of byPath.get(path)?.imports ?? []) {
      if (typeOnly || resolveImport(path, specifier) !== undefined) continue
      const cure = `browsers load this file: no ${specifier} here; move it behind server`
      violations.push({ path, line, rule: 'browser-safe', cure })
    }
  }
  return violations
}

type Graph = ReadonlyMap<string, readonly string[]>

function graphOf(files: readonly Source[], accepts: (one: Import) => boolean): Graph {
  const known = new Set(files.map(({ path }) => path))
  return new Map(
    files.map(({ path, imports }) => {
      const targets = imports
        .filter(accepts)
        .map(({ specifier }) => resolveImport(path, specifier) ?? '')
      return [path, targets.filter((target) => known.has(target))]
    }),
  )
}

/** Finds circles by walking in depth; each is reported once, at the import that closes it. */
function circles(graph: Graph): string[][] {
  const done = new Set<string>()
  const found: string[][] = []
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      found.push([...trail.slice(trail.indexOf(path)), path])
      return
    }
    if (done.has(path)) return
    for (const target of graph.get(path) ?? []) walk(target, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) walk(path, [])
  return found
}
