/** Owns the rule on limited things: none is read, judged and then written. */

import type { AnyNode, CallExpression, Property, VariableDeclarator } from 'acorn'
import { full } from 'acorn-walk'
import { lineAt, type Source, type Violation } from '../source.ts'

const cure =
  'take it by takeWithinLimit, giveBack or consumeOnce, read it by lock, or write with { version }'

/**
 * Finds, inside one function: a record that was read by `get` or `find`, and an `update` whose new
 * value of a field is made of the same field of what was read. Reading by `lock` is right, and so
 * is a write that demands a version.
 */
export function checkTwoSteps(source: Source): Violation[] {
  const violations: Violation[] = []
  full(source.tree as AnyNode, (node) => {
    if (!isFunction(node)) return
    const read = readIn(node.body)
    if (read.size === 0) return
    full(node.body, (inner) => {
      if (inner.type !== 'CallExpression' || memberOf(inner) !== 'update') return
      const [, patch, options] = inner.arguments
      if (patch?.type !== 'ObjectExpression' || options !== undefined) return
      for (const property of patch.properties) {
        if (property.type !== 'Property' || !uses(property, read)) continue
        const line = lineAt(source.text, property.start)
        violations.push({ path: source.path, line, rule: 'two-steps', cure })
      }
    })
  })
  // A function inside of a function is seen with both.
  return violations.filter(
    ({ line }, index) => violations.findIndex((other) => other.line === line) === index,
  )
}

type WithBody = AnyNode & { readonly body: AnyNode }

function isFunction(node: AnyNode): node is WithBody {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  )
}

/** By the name of a variable: its field, or '' where the variable is the whole record. */
type Read = ReadonlyMap<string, string>

function readIn(body: AnyNode): Read {
  const read = new Map<string, string>()
  full(body, (node) => {
    if (node.type !== 'VariableDeclarator' || !isRead(node)) return
    if (node.id.type === 'Identifier') read.set(node.id.name, '')
    if (node.id.type !== 'ObjectPattern') return
    for (const property of node.id.properties) {
      if (property.type !== 'Property' || property.value.type !== 'Identifier') continue
      read.set(property.value.name, nameOf(property))
    }
  })
  return read
}

function isRead({ init }: VariableDeclarator): boolean {
  const call = init?.type === 'AwaitExpression' ? init.argument : undefined
  if (call?.type !== 'CallExpression' || memberOf(call) !== 'get') return false
  // `map.get(key)` is never awaited; a model's `get` always is.
  return call.callee.type === 'MemberExpression'
}

function memberOf({ callee }: CallExpression): string | undefined {
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return undefined
  return callee.property.name
}

function nameOf({ key }: Property | { readonly key: AnyNode }): string {
  return key.type === 'Identifier' ? key.name : ''
}

/** True where the new value of a field is made of the same field of a record that was read. */
function uses(property: Property, read: Read): boolean {
  const field = nameOf(property)
  let found = false
  full(property.value, (node) => {
    if (node.type === 'Identifier' && read.get(node.name) === field) found = true
    if (node.type !== 'MemberExpression' || node.object.type !== 'Identifier') return
    const whole = read.get(node.object.name) === ''
    if (whole && node.property.type === 'Identifier') found ||= node.property.name === field
  })
  return found
}
