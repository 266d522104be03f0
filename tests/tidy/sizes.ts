/** Owns the limits on size: file, folder, function, parameters, line. */

import { posix } from 'node:path'
import type { AnyNode, Function as FunctionNode } from 'acorn'
import { simple } from 'acorn-walk'
import { isTest, lineAt, type Source, type TextFile, type Violation } from './source.ts'

/** The numbers of the style, in one place. */
export const limits = Object.freeze({
  fileLines: 400,
  inferenceLines: 600,
  functionLines: 60,
  functionLinesMostly: 30,
  columns: 100,
  parameters: 3,
  folderFiles: 12,
})

/** The only file of type-level inference: longer than others, and `any` may stand in it. */
export const inference = 'packages/plinth/src/define/infer.ts'

/** A function as measured. */
export interface Measure {
  readonly path: string
  readonly line: number
  readonly lines: number
  readonly parameters: number
}

/** Checks the length of a file and of its lines. */
export function checkLines({ path, text }: TextFile): Violation[] {
  const lines = text.replace(/\n$/, '').split('\n')
  const most = path === inference ? limits.inferenceLines : limits.fileLines
  const violations: Violation[] = []
  if (lines.length > most) {
    const cure = `${lines.length} lines, at most ${most}: split by noun`
    violations.push({ path, line: most + 1, rule: 'file-lines', cure })
  }
  lines.forEach((line, index) => {
    const columns = [...line].length
    if (columns <= limits.columns) return
    const cure = `${columns} columns, at most ${limits.columns}: break the line`
    violations.push({ path, line: index + 1, rule: 'line-columns', cure })
  })
  return violations
}

/** Checks that no folder holds too many files. */
export function checkFolders(paths: readonly string[]): Violation[] {
  const counts = new Map<string, number>()
  for (const path of paths) {
    const folder = posix.dirname(path)
    counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  const full = [...counts].filter(([, count]) => count > limits.folderFiles)
  return full.map(([path, count]) => {
    const cure = `${count} files, at most ${limits.folderFiles}: make a sub-folder by noun`
    return { path, line: 1, rule: 'folder-files', cure }
  })
}

/** Measures every function of a file, but none that only groups tests. */
export function measureFunctions(source: Source): Measure[] {
  const measures: Measure[] = []
  const visit = (node: FunctionNode): void => {
    if (isTest(source.path) && groupsTests(node)) return
    const { start, end, params } = node
    const line = lineAt(source.text, start)
    const lines = lineAt(source.text, end) - line + 1
    measures.push({ path: source.path, line, lines, parameters: params.length })
  }
  simple(source.tree as AnyNode, { Function: visit })
  return measures
}

/** What `describe` or a wrapper of it is handed: calls of `test` stand directly in its body. */
function groupsTests({ body }: FunctionNode): boolean {
  if (body.type !== 'BlockStatement') return false
  return body.body.some((statement) => {
    if (statement.type !== 'ExpressionStatement') return false
    const { expression } = statement
    if (expression.type !== 'CallExpression') return false
    const { callee } = expression
    return callee.type === 'Identifier' && /^(?:test|it|describe|suite)$/.test(callee.name)
  })
}

/** Checks each function by itself. */
export function checkFunctions(measures: readonly Measure[]): Violation[] {
  return measures.flatMap(({ path, line, lines, parameters }) => {
    const violations: Violation[] = []
    if (lines > limits.functionLines) {
      const cure = `${lines} lines, at most ${limits.functionLines}: name its steps`
      violations.push({ path, line, rule: 'function-lines', cure })
    }
    if (parameters > limits.parameters) {
      const cure = `${parameters} parameters, at most ${limits.parameters}: take an options object`
      violations.push({ path, line, rule: 'parameters', cure })
    }
    return violations
  })
}

/** Checks that 95 of 100 functions are short. One-liners would flatter the figure: not counted. */
export function checkPercentile(measures: readonly Measure[]): Violation[] {
  const sorted = measures.filter(({ lines }) => lines > 1).sort((a, b) => a.lines - b.lines)
  const allowed = Math.floor(sorted.length / 20)
  const long = sorted.filter(({ lines }) => lines > limits.functionLinesMostly)
  if (long.length <= allowed) return []
  return long.slice(0, long.length - allowed).map(({ path, line, lines }) => {
    const cure =
      `${lines} lines; ${long.length} of ${sorted.length} functions exceed ` +
      `${limits.functionLinesMostly}, at most ${allowed} may: shorten this one`
    return { path, line, rule: 'function-lines-95', cure }
  })
}
