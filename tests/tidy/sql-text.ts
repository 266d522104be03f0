/** Owns the rules on SQL text: built by the `sql` tag only, never in doors, with our own clock. */

import type { AnyNode, TaggedTemplateExpression, TemplateLiteral } from 'acorn'
import { ancestor } from 'acorn-walk'
import { matrix, roomOf, sources } from './matrix.ts'
import { isTest, lineAt, type Source, type Violation } from './source.ts'

const statement = new RegExp(
  '^\\s*(?:select\\s.+\\sfrom\\s|insert\\s+into\\s|update\\s+\\S+\\s+set\\s|delete\\s+from\\s|' +
    'create\\s+(?:unique\\s+)?(?:table|index|schema|type|extension|sequence|database)\\s|' +
    'alter\\s+table\\s|drop\\s+(?:table|schema|index|type|database)\\s|truncate\\s+table\\s)',
  'is',
)
const databaseClock =
  /\b(?:now|(?:clock|statement|transaction)_timestamp)\(\)|\bcurrent_(?:timestamp|date|time)\b/i

/** Whether a text reads like the beginning of a statement. */
export function looksLikeSql(text: string): boolean {
  return statement.test(`${text} `)
}

/** Checks every string, template and concatenation of a source of the package. */
export function checkSqlText(source: Source): Violation[] {
  const { path, text } = source
  if (!path.startsWith(sources) || isTest(path)) return []
  const violations: Violation[] = []
  const plain = matrix[roomOf(path) ?? '']?.plain ?? false
  const judge = (node: AnyNode, written: Written): void => {
    const found = judgeText(written, plain)
    if (found) violations.push({ path, line: lineAt(text, node.start), ...found })
  }
  ancestor(source.tree as AnyNode, {
    Literal: (node, _state, parents) => {
      if (typeof node.value !== 'string') return
      const parent = parents.at(-2)
      const joined = parent?.type === 'BinaryExpression' && !isConstant(parent)
      judge(node, { text: node.value, built: joined, tagged: false })
    },
    TemplateLiteral: (node, _state, parents) => {
      const tagged = tagOf(parents.at(-2)) === 'sql'
      judge(node, { text: templateText(node), built: node.expressions.length > 0, tagged })
    },
  })
  return violations
}

interface Written {
  readonly text: string
  /** Holds pieces that are known at run time only. */
  readonly built: boolean
  /** By the sql tag, which takes fragments only. */
  readonly tagged: boolean
}

function judgeText({ text, built, tagged }: Written, plain: boolean): Finding | undefined {
  const isSql = tagged || looksLikeSql(text)
  if (isSql && plain) return { rule: 'sql-place', cure: placeCure }
  if (isSql && databaseClock.test(text)) return { rule: 'sql-clock', cure: clockCure }
  if (isSql && built && !tagged) return { rule: 'sql-built', cure: builtCure }
  return undefined
}

type Finding = Pick<Violation, 'rule' | 'cure'>

const clockCure = 'time comes from the injected Clock: pass it as a parameter'
const placeCure = 'this folder holds no SQL: ask query/, access/, database/ or migrate/'
const builtCure = 'write it with the sql tag, so that nothing enters the text by accident'

function tagOf(node: AnyNode | undefined): string | undefined {
  if (node?.type !== 'TaggedTemplateExpression') return undefined
  const { tag } = node as TaggedTemplateExpression
  return tag.type === 'Identifier' ? tag.name : undefined
}

function templateText(node: TemplateLiteral): string {
  return node.quasis.map((quasi) => quasi.value.cooked ?? '').join('x')
}

/** Pieces of literal text that are joined only to break a long line are no danger. */
function isConstant(node: AnyNode): boolean {
  if (node.type === 'Literal') return true
  if (node.type !== 'BinaryExpression' || node.operator !== '+') return false
  return isConstant(node.left as AnyNode) && isConstant(node.right)
}
