/** Owns the scan for takes in two steps: what is limited is read, judged, and then written. */

import type { AnyNode, CallExpression, Pattern, Property, VariableDeclarator } from 'acorn'
import { full } from 'acorn-walk'

/** A write that follows a read which others may have made old. */
export interface TwoStep {
  /** Where the field is written: its place in the text. */
  readonly start: number
  /** The model as the code names it; empty where it cannot be seen. */
  readonly model: string
  readonly field: string
}

/** Whether a field holds what can be taken, a number or an instant; undefined: it is not known. */
export type Counted = (model: string, field: string) => boolean | undefined

/** What to do instead. */
export const twoStepsCure =
  'take it by takeWithinLimit, giveBack or consumeOnce, read it by lock, or write with { version }'

/**
 * Finds, inside of one function: a record that was read by `get` or `find`, and an `update` of a
 * field whose new value is made of what was read of it, or that comes after a condition on it.
 * Conditions count for fields only that are known to be counted: to judge a status and then set it
 * is what statuses are for. Reading by `lock` is right, and so is a write that demands a version.
 */
export function findTwoSteps(tree: AnyNode, counted: Counted = () => undefined): TwoStep[] {
  const found = new Map<number, TwoStep>()
  full(tree, (node) => {
    if (!isFunction(node)) return
    const read = readIn(node.body)
    if (read.size === 0) return
    const judged = judgedIn(node.body, read)
    full(node.body, (inner) => {
      if (inner.type !== 'CallExpression' || memberOf(inner) !== 'update') return
      const [, patch, options] = inner.arguments
      if (patch?.type !== 'ObjectExpression' || options !== undefined) return
      const model = modelOf(inner)
      for (const property of patch.properties) {
        if (property.type !== 'Property') continue
        const field = nameOf(property)
        const known = counted(model, field)
        const made = known !== false && usedIn(property.value, read).has(` ${field}`)
        if (!made && !(known && judged.has(`${model} ${field}`))) continue
        // A function inside of a function is seen with both.
        found.set(property.start, { start: property.start, model, field })
      }
    })
  })
  return [...found.values()].sort((a, b) => a.start - b.start)
}

type WithBody = AnyNode & { readonly body: AnyNode }

function isFunction(node: AnyNode): node is WithBody {
  return (
    node.type === 'FunctionDeclaration' ||
    node.type === 'FunctionExpression' ||
    node.type === 'ArrowFunctionExpression'
  )
}

/** What a variable holds: a record, or the field of one. */
interface ReadValue {
  readonly model: string
  /** Empty for the whole record. */
  readonly field: string
}

type Read = ReadonlyMap<string, ReadValue>

function readIn(body: AnyNode): Read {
  const read = new Map<string, ReadValue>()
  full(body, (node) => {
    if (node.type !== 'VariableDeclarator') return
    const call = readCall(node)
    if (!call) return
    const record = memberOf(call) === 'find' ? firstOf(node.id) : node.id
    if (record) noteRecord(read, record, modelOf(call))
  })
  return read
}

function noteRecord(read: Map<string, ReadValue>, record: Pattern, model: string): void {
  if (record.type === 'Identifier') read.set(record.name, { model, field: '' })
  if (record.type !== 'ObjectPattern') return
  for (const property of record.properties) {
    if (property.type !== 'Property' || property.value.type !== 'Identifier') continue
    read.set(property.value.name, { model, field: nameOf(property) })
  }
}

function readCall({ init }: VariableDeclarator): CallExpression | undefined {
  // `map.get(key)` and `list.find(fits)` are never awaited; those of a model always are.
  const call = init?.type === 'AwaitExpression' ? init.argument : undefined
  if (call?.type !== 'CallExpression') return undefined
  return ['get', 'find'].includes(memberOf(call) ?? '') ? call : undefined
}

/** `record` in `const { data: [record] } = await data.product.find(…)`. */
function firstOf(page: Pattern): Pattern | undefined {
  if (page.type !== 'ObjectPattern') return undefined
  for (const property of page.properties) {
    if (property.type !== 'Property' || nameOf(property) !== 'data') continue
    const { value } = property
    if (value.type === 'ArrayPattern') return value.elements[0] ?? undefined
  }
  return undefined
}

function memberOf({ callee }: CallExpression): string | undefined {
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return undefined
  return callee.property.name
}

/** `product` in `data.unrestricted.product.get(…)`. */
function modelOf({ callee }: CallExpression): string {
  const model = callee.type === 'MemberExpression' ? callee.object : undefined
  const named = model?.type === 'MemberExpression' && model.property.type === 'Identifier'
  return named && model.property.type === 'Identifier' ? model.property.name : ''
}

function nameOf({ key }: Property | { readonly key: AnyNode }): string {
  return key.type === 'Identifier' ? key.name : ''
}

/** The fields of read records that conditions ask for: `<model> <field>`. */
function judgedIn(body: AnyNode, read: Read): ReadonlySet<string> {
  const judged = new Set<string>()
  full(body, (node) => {
    const conditional = node.type === 'IfStatement' || node.type === 'ConditionalExpression'
    const test = conditional ? node.test : node.type === 'LogicalExpression' ? node.left : undefined
    if (test) for (const one of usedIn(test, read)) judged.add(one)
  })
  return judged
}

/** The fields of read records in an expression: `<model> <field>`, and ` <field>` for any model. */
function usedIn(expression: AnyNode, read: Read): ReadonlySet<string> {
  const used = new Set<string>()
  const note = (model: string, field: string): void =>
    void used.add(`${model} ${field}`).add(` ${field}`)
  full(expression, (node) => {
    if (node.type === 'Identifier') {
      const value = read.get(node.name)
      if (value && value.field !== '') note(value.model, value.field)
    }
    if (node.type !== 'MemberExpression' || node.object.type !== 'Identifier') return
    const record = read.get(node.object.name)
    if (record?.field === '' && node.property.type === 'Identifier') {
      note(record.model, node.property.name)
    }
  })
  return used
}
