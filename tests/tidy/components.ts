/** Owns the rules on components: what holds for sources, for files with JSX. */

import { parseAst } from 'rolldown/parseAst'
import type { Measure } from './sizes.ts'
import { lineAt, type TextFile, type Violation } from './source.ts'

/** Whether a file holds JSX. */
export function isComponents(path: string): boolean {
  return path.endsWith('.tsx')
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly params?: readonly unknown[]
}

const functions = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])
const suppressions = /@ts-(?:ignore|expect-error|nocheck)|biome-ignore(?:-\w+)?|eslint-disable/
const markers = /\b(?:TODO|FIXME|XXX|HACK)\b/

/** Checks single words, and measures every function. */
export function readComponents(file: TextFile): {
  readonly measures: readonly Measure[]
  readonly violations: readonly Violation[]
} {
  const { path, text } = file
  const measures: Measure[] = []
  const violations: Violation[] = []
  const add = (start: number, rule: string, cure: string) => {
    violations.push({ path, line: lineAt(text, start), rule, cure })
  }
  walk(parseAst(text, { lang: 'tsx' }, path), (node) => {
    if (node.type === 'TSAnyKeyword') add(node.start, 'any', 'say the type, or unknown')
    if (node.type === 'ExportDefaultDeclaration') {
      add(node.start, 'default-export', 'export it by its name')
    }
    if (!functions.has(node.type)) return
    const line = lineAt(text, node.start)
    const lines = lineAt(text, node.end) - line + 1
    measures.push({ path, line, lines, parameters: node.params?.length ?? 0 })
  })
  for (const [rule, form] of [
    ['suppression', suppressions] as const,
    ['marker', markers] as const,
  ]) {
    const found = form.exec(text)
    if (found) add(found.index, rule, `${found[0]}: mend it instead`)
  }
  return { measures, violations }
}

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const one of value) walk(one, visit)
    return
  }
  if (typeof value !== 'object' || value === null) return
  if ('type' in value && 'start' in value) visit(value as Node)
  for (const part of Object.values(value)) walk(part, visit)
}
