/** Owns the splitting of a query string: its parameters in order, strictly decoded, within caps. */

import type { Problem } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'

/** One parameter of a query string. */
export interface Parameter {
  /** As messages show it, decoded: `filter[price][lte]`. */
  readonly name: string
  /** What stands before the first bracket: `filter`. */
  readonly word: string
  /** What the brackets hold, in order, split at dots: `['price', 'lte']`. */
  readonly keys: readonly string[]
  /** The value as it was sent, so that an encoded comma can be told from a separating one. */
  readonly encoded: string
}

const nameForm = /^([^[\]]+)((?:\[[^[\]]+\])*)$/
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
const shownCharacters = 100
const problemsMax = 20

/**
 * Splits a query string. What cannot be read is left out and noted under its own name, so that one
 * answer tells every mistake; a string with more parameters than the cap is not read at all.
 */
export function readParameters(search: string, problems: Problem[]): readonly Parameter[] {
  if (search === '') return []
  const pairs = search.split('&', limits.queryParametersMax + 1)
  if (pairs.length > limits.queryParametersMax) {
    const detail = `Send at most ${limits.queryParametersMax} parameters, or the query as a body.`
    note(problems, { pointer: '', code: 'too_many_parameters', detail })
    return []
  }
  const parameters: Parameter[] = []
  const seen = new Set<string>()
  for (const pair of pairs) {
    const parameter = readPair(pair, problems)
    if (parameter === undefined) continue
    if (seen.has(parameter.name)) {
      note(problems, {
        pointer: parameter.name,
        code: 'duplicate_parameter',
        detail: 'Give each parameter once.',
      })
      continue
    }
    seen.add(parameter.name)
    parameters.push(parameter)
  }
  return parameters
}

/** Adds a problem under a parameter's name, shortened, up to a number that one answer can hold. */
export function note(problems: Problem[], problem: Problem): undefined {
  if (problems.length >= problemsMax) return
  const pointer = problem.pointer.slice(0, shownCharacters).toWellFormed()
  problems.push({ ...problem, pointer })
}

/** Decodes a part of a query string; undefined where it is not well formed or holds a NUL. */
export function decode(encoded: string): string | undefined {
  const spaced = encoded.includes('+') ? encoded.replaceAll('+', ' ') : encoded
  if (!spaced.includes('%')) return spaced.includes('\0') ? undefined : wellFormed(spaced)
  try {
    const text = decodeURIComponent(spaced)
    return text.includes('\0') ? undefined : wellFormed(text)
  } catch {
    // URIError: the sign for "not percent-encoded UTF-8"; the caller reports the parameter.
    return undefined
  }
}

function wellFormed(text: string): string | undefined {
  return text.isWellFormed() ? text : undefined
}

function readPair(pair: string, problems: Problem[]): Parameter | undefined {
  const equals = pair.indexOf('=')
  const encodedName = equals === -1 ? pair : pair.slice(0, equals)
  const name = decode(encodedName)
  if (name === undefined) {
    const detail = 'Percent-encode the name as UTF-8, without NUL.'
    return note(problems, { pointer: encodedName, code: 'bad_encoding', detail })
  }
  if (equals === -1) {
    const detail = 'Give it a value: name=value, joined by &.'
    return note(problems, { pointer: name, code: 'no_value', detail })
  }
  const match = nameForm.exec(name)
  if (match === null) {
    const detail = 'Write names as word[key][key]: brackets in pairs, none of them empty.'
    return note(problems, { pointer: name, code: 'bad_brackets', detail })
  }
  const [, word = '', brackets = ''] = match
  const keys = brackets === '' ? [] : brackets.slice(1, -1).replaceAll('][', '.').split('.')
  if (keys.length > limits.jsonDepthMax) {
    const detail = `Use at most ${limits.jsonDepthMax} keys in brackets.`
    return note(problems, { pointer: name, code: 'too_deep', detail })
  }
  if (keys.some((key) => key === '' || forbiddenKeys.has(key))) {
    const detail = 'Leave out empty and forbidden keys.'
    return note(problems, { pointer: name, code: 'forbidden_key', detail })
  }
  return { name, word, keys, encoded: pair.slice(equals + 1) }
}
