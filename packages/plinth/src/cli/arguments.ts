/** Owns reading what stands after a command: an app's file where there is one, the rest. */

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { invocationFolder } from '../app/config/config.ts'
import { Failure } from '../base/failure.ts'

/** The words after a command. */
export interface Words {
  /** The app's file, where one was named. */
  readonly app: string | undefined
  readonly rest: readonly string[]
}

/** How many words a command wants, and how it is called right. */
export interface Expected {
  /** `<model> <id>` */
  readonly usage: string
  readonly min: number
  readonly max: number
}

/** Takes the words of a command apart. Fails with `usage`, naming what is missing. */
export function readWords(words: readonly string[], { usage, min, max }: Expected): Words {
  const named = /\.[cm]?[jt]s$/.test(words[0] ?? '')
  const app = named ? words[0] : undefined
  const rest = named ? words.slice(1) : words
  if (rest.length >= min && rest.length <= max) return { app, rest }
  const what = rest.length < min ? 'Something is missing' : `"${rest[max]}" is one word too many`
  throw new Failure('usage', { detail: `${what}: ${usage}` })
}

/** The app's file after a command that takes nothing else. Fails with `usage`. */
export function readApp(words: readonly string[], usage: string): string | undefined {
  return readWords(words, { usage: `${usage} [app.ts]`, min: 0, max: 0 }).app
}

/** The one word after a command that takes one. Fails with `usage`. */
export function readOne(
  words: readonly string[],
  usage: string,
): { readonly app: string | undefined; readonly word: string } {
  const { app, rest } = readWords(words, { usage, min: 1, max: 1 })
  return { app, word: rest[0] ?? '' }
}

/** A whole number of at least `min`. Fails with `usage`. */
export function wholeNumber(option: string, min = 0): (text: string) => number {
  return (text) => {
    if (/^\d{1,15}$/.test(text) && Number(text) >= min) return Number(text)
    const least = min > 0 ? ` of at least ${min}` : ''
    throw new Failure('usage', { detail: `${option}: "${text}" is no whole number${least}.` })
  }
}

/** A file that a person names: from here, or from where npm was called. */
export function pathOf(name: string): string {
  const here = resolve(name)
  const there = resolve(invocationFolder(), name)
  return !existsSync(here) && existsSync(there) ? there : here
}

/** Words joined by commas, or given several times: `--role staff --role admin`, `staff,admin`. */
export function listOf(text: string, earlier: readonly string[] = []): readonly string[] {
  const words = text.split(',').map((word) => word.trim())
  return [...earlier, ...words.filter((word) => word !== '')]
}

/** One of some words. Fails with `usage`. */
export function oneOf<const T extends string>(
  option: string,
  known: readonly T[],
): (text: string) => T {
  return (text) => {
    const found = known.find((word) => word === text)
    if (found !== undefined) return found
    throw new Failure('usage', { detail: `${option} is none of: ${known.join('  ')}` })
  }
}
