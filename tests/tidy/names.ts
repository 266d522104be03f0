/** Owns the rules on names of files, on their first sentence, and on places no file may name. */

import { posix } from 'node:path'
import { sources } from './matrix.ts'
import { isTest, lineAt, type TextFile, type Violation } from './source.ts'

const vague = new Set(
  ['util', 'helper', 'common', 'type', 'misc'].flatMap((name) => [name, `${name}s`]),
)
const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*$/

/** Checks the name of a source file and of the folders of the package. */
export function checkName(path: string): Violation[] {
  const [stem = ''] = posix.basename(path).split('.')
  const folders = path.startsWith(sources) ? path.slice(sources.length).split('/').slice(0, -1) : []
  const names = [stem, ...folders]
  const unclear = names.filter((name) => vague.has(name))
  const crooked = names.filter((name) => !kebab.test(name))
  return [
    ...unclear.map((name) => named(path, `${name} says nothing: name it for what it owns`)),
    ...crooked.map((name) => named(path, `${name} is not kebab-case`)),
  ]
}

function named(path: string, cure: string): Violation {
  return { path, line: 1, rule: 'file-name', cure }
}

/** The first sentence of a file, without `Owns`; undefined when it does not open with one. */
export function openingSentence(text: string): string | undefined {
  const body = /^(?:#![^\n]*\n)?\/\*\* Owns (.+?)\*\//s.exec(text)?.[1]
  if (body === undefined) return undefined
  const flat = body.replaceAll(/\s*\n\s*\*\s?/g, ' ').trim()
  const sentence = /^.+?\.(?=\s|$)/.exec(flat)?.[0]
  return sentence?.slice(0, -1)
}

/** Checks that a source opens with the sentence that says what it owns. */
export function checkOpening({ path, text }: TextFile): Violation[] {
  if (isTest(path) || path.startsWith('examples/') || path.startsWith('tests/types/')) return []
  if (openingSentence(text) !== undefined) return []
  const cure = 'begin the file with /** Owns … */: one sentence that ends in a full stop'
  return [{ path, line: 1, rule: 'opening', cure }]
}

/** Checks that a file names no path of a machine and no package registry. */
export function checkPlaces(file: TextFile, hosts: readonly string[]): Violation[] {
  const { path, text } = file
  const found = [...machinePaths, ...hosts.map(literalPattern), ...lockPatterns(path)]
  return found.flatMap((pattern) => {
    const match = pattern.exec(text)
    if (!match) return []
    const cure = `${match[0].trim()} is of one machine or registry: leave it out`
    return [{ path, line: lineAt(text, match.index), rule: 'place', cure }]
  })
}

// Written in pieces, so that this file does not name what it forbids.
const machinePaths = [
  new RegExp(`(?<![\\w.-])/${'work'}/(?:main|shared|\\.)`),
  new RegExp(`\\.${'library'}/`),
  new RegExp(`/tmp/${'plinth'}/`),
]

/** The host of the usual registry, and the one this machine is set to, when npm says so. */
export function registryHosts(configured: string | undefined): string[] {
  const usual = ['registry', 'npmjs', 'org'].join('.')
  const host = configured ? new URL(configured).hostname : usual
  return [...new Set([usual, ...(host.includes('.') ? [host] : [])])]
}

function literalPattern(text: string): RegExp {
  return new RegExp(text.replaceAll('.', '\\.'))
}

function lockPatterns(path: string): RegExp[] {
  return path.endsWith('package-lock.json') ? [/"resolved": "[a-z]+:[^"]*/] : []
}
