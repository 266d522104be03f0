/** Owns the rules on single words: `any`, suppressions, markers, clock, randomness, environment. */

import type { AnyNode, ImportDeclaration, MemberExpression, NewExpression } from 'acorn'
import { simple } from 'acorn-walk'
import { sources } from './matrix.ts'
import { inference } from './sizes.ts'
import { isTest, lineAt, type Source, type Violation } from './source.ts'

/** Checks `any`, the keyword `private` and its like, suppressions and leftover markers. */
export function checkWords(source: Source): Violation[] {
  const { path, text, types, comments, strings } = source
  if (path === inference) return []
  const at = (start: number, rule: string, cure: string): Violation => {
    return { path, line: lineAt(text, start), rule, cure }
  }
  const anys = types.matchAll(
    /(?<=[:<,|&=([]\s*|=>\s*|\b(?:as|extends|keyof|readonly)\s+)any\b(?![:?(])/g,
  )
  const modifiers = types.matchAll(/(?<=^|[\s(])(?:private|protected|public)\s+(?=[\w#]|$)/gm)
  const violations = [
    ...[...anys].map(({ index }) => at(index, 'any', 'say the type, or unknown and check it')),
    ...[...modifiers].map(({ index }) => at(index, 'modifier', 'write #name for what is private')),
  ]
  for (const { text: comment, start } of comments) {
    const suppression = suppressions.exec(comment)?.[0]
    const expected = suppression === '@ts-expect-error' && path.startsWith('tests/types/')
    if (suppression && !expected) {
      violations.push(at(start, 'suppression', `${suppression} hides a mistake: mend it instead`))
    }
    const marker = markers.exec(comment)?.[0]
    if (marker) violations.push(at(start, 'marker', `${marker}: do it now or open an issue`))
  }
  for (const { text: string, start } of strings) {
    if (!unfinished.test(string)) continue
    violations.push(
      at(start, 'marker', 'what is not there is not offered: write it or leave it out'),
    )
  }
  return violations
}

const suppressions = /@ts-(?:ignore|expect-error|nocheck)|biome-ignore(?:-\w+)?|eslint-disable/
const markers = /\b(?:TODO|FIXME|XXX|HACK)\b/
const unfinished = /^.?not (?:yet )?implemented/i

/** Checks calls that only one file of the package may make, and those that none may. */
export function checkCalls(source: Source): Violation[] {
  const violations: Violation[] = []
  const add = (node: AnyNode, rule: string, cure: string): void => {
    violations.push({ path: source.path, line: lineAt(source.text, node.start), rule, cure })
  }
  const owned = source.path.startsWith(sources) && !isTest(source.path)
  simple(source.tree as AnyNode, {
    MemberExpression: (node) => {
      const name = memberName(node)
      if (/^console\./.test(name))
        add(node, 'console', 'log through base/observe, or write to stdout')
      if (owned) checkMember(source.path, name, (rule, cure) => add(node, rule, cure))
    },
    NewExpression: (node) => {
      if (owned && readsClock(source.path, node)) add(node, 'clock', clockCure)
    },
    ImportDeclaration: (node) => {
      if (owned && importsRandom(node) && !source.path.endsWith('/base/ids.ts')) {
        add(node, 'randomness', randomCure)
      }
    },
    ExportDefaultDeclaration: (node) => {
      if (!defaultAllowed.test(source.path)) add(node, 'default-export', defaultCure)
    },
    ExportNamedDeclaration: (node) => {
      for (const { exported } of node.specifiers) {
        const isDefault = 'name' in exported && exported.name === 'default'
        if (isDefault && !defaultAllowed.test(source.path)) {
          add(node, 'default-export', defaultCure)
        }
      }
    },
  })
  return violations
}

// An app is its file's one value; node:test asks a reporter for its default.
const apps = String.raw`examples/[^/]+/app|tests/crash/(?:[\w/-]+\.)?app|bench/actions/app`
const defaultAllowed = new RegExp(String.raw`^(?:${apps}|scripts/testing/reporter)\.ts$`)
const defaultCure = 'export it by its name'
const clockCure = 'the clock is read in base/time.ts only: take a Clock'
const randomCure = 'random numbers are drawn in base/ids.ts only: call it'
const randomNames = new Set(['randomBytes', 'randomUUID', 'randomInt', 'getRandomValues'])
const clockNames = /^(?:globalThis\.)?(?:Date\.now|performance\.now|process\.hrtime(?:\.bigint)?)$/
const randomMembers = /(?:^|\.)(?:Math\.random|(?:web)?crypto\.(?:random\w+|getRandomValues))$/i

type Add = (rule: string, cure: string) => void

function checkMember(path: string, name: string, add: Add): void {
  if (clockNames.test(name) && !path.endsWith('/base/time.ts')) add('clock', clockCure)
  if (randomMembers.test(name) && !path.endsWith('/base/ids.ts')) add('randomness', randomCure)
  if (/(?:^|\.)process\.env$/.test(name) && !/\/app\/config(?:[-/.])/.test(path)) {
    add('environment', 'the environment is read in app/config only: take the value as an argument')
  }
}

function importsRandom({ source, specifiers }: ImportDeclaration): boolean {
  if (!/^(?:node:)?crypto$/.test(String(source.value))) return false
  return specifiers.some(
    (one) =>
      one.type === 'ImportSpecifier' &&
      'name' in one.imported &&
      randomNames.has(one.imported.name),
  )
}

function readsClock(path: string, node: NewExpression): boolean {
  const { callee } = node
  const bare = callee.type === 'Identifier' && callee.name === 'Date' && node.arguments.length === 0
  return bare && !path.endsWith('/base/time.ts')
}

/** The dotted name of a member: `process.hrtime.bigint`; empty when it is not made of names. */
function memberName(node: MemberExpression): string {
  const { object, property } = node
  const last = propertyName(node)
  if (last === '' || property.type === 'PrivateIdentifier') return ''
  if (object.type === 'Identifier') return `${object.name}.${last}`
  const rest = object.type === 'MemberExpression' ? memberName(object) : ''
  return rest === '' ? '' : `${rest}.${last}`
}

function propertyName({ property, computed }: MemberExpression): string {
  if (property.type === 'Literal') return String(property.value)
  return property.type === 'Identifier' && !computed ? property.name : ''
}
