/** Owns the branches of a run: where each stands, and what keeps the order of steps certain. */

import { createHash } from 'node:crypto'
import type { Ask, StepRecord } from './record.ts'

/** One line of steps: the run itself, or a branch of `parallel`. */
export interface Branch {
  /** In front of the places of its steps: empty, or `3.0.`. */
  readonly prefix: string
  /** In front of their names: empty, or `both/card/`. */
  readonly path: string
  readonly names: Set<string>
  /** The number of its next step. */
  next: number
  /** What it waits for: at most one thing at once. */
  open: string | undefined
  /** When its last step ended. */
  lastMs: number
  /** How many random numbers it has drawn. */
  draws: number
}

/** A branch before its first step. */
export function branchAt(prefix: string, path: string, lastMs: number): Branch {
  return { prefix, path, names: new Set(), next: 0, open: undefined, lastMs, draws: 0 }
}

const characters = /^[^\p{Cc}/]{1,100}$/u

/** Why a step of this name cannot begin here; undefined: it can. */
export function nameProblem(branch: Branch, name: unknown): string | undefined {
  if (typeof name !== 'string' || !characters.test(name)) {
    return 'A step needs a name of 1 to 100 characters without a slash.'
  }
  const whole = branch.path + name
  if (branch.open !== undefined) {
    const inside = `"${whole}" began while "${branch.open}" was not at its end`
    return `${inside}: await each step, do not nest steps, and run several at once by parallel.`
  }
  if (!branch.names.has(name)) return undefined
  return `There are two steps "${whole}": give each its own name, in a loop with its number.`
}

/** Why what is recorded at a place is not what the code asks for there. */
export function recordProblem(ask: Ask, record: StepRecord): string | undefined {
  if (ask.name !== record.name || ask.kind !== record.kind) {
    const now = `the code asks for the ${ask.kind} "${ask.name}"`
    return differs(`Where ${now}, the ${record.kind} "${record.name}" is recorded`)
  }
  // The aim of a child is its id, which is recorded only.
  if (ask.kind !== 'child' && ask.aim !== record.aim) {
    return differs(
      `"${ask.name}" waits for ${ask.aim}, and is recorded as waiting for ${record.aim}`,
    )
  }
  return undefined
}

/** What is wrong where the code ends before all that is recorded was asked for. */
export function leftOverProblem(record: StepRecord): string {
  return differs(`The ${record.kind} "${record.name}" is recorded, and the code never asks for it`)
}

/** What is wrong where a step stands in place of branches, or branches in place of a step. */
export function formProblem(name: string, record: StepRecord): string {
  return differs(`Where the code has "${name}", the ${record.kind} "${record.name}" is recorded`)
}

function differs(fact: string): string {
  const cure = 'keep the code that it began with under `earlier` and raise the version'
  return `${fact}. The code has changed, or depends on something that is no step: ${cure}.`
}

/** The places of the branchings in which a record stands. */
export function parallelsOf(record: StepRecord): readonly (readonly [string, StepRecord])[] {
  const numbers = record.place.split('.')
  const depth = (numbers.length - 1) / 2
  return Array.from({ length: depth }, (_, at) => [numbers.slice(0, at * 2 + 1).join('.'), record])
}

/** A number in [0, 1) that is the same in every run. */
export function fractionOf(seed: string, branch: Branch): number {
  const text = `${seed}\n${branch.prefix}\n${branch.draws++}`
  return createHash('sha256').update(text).digest().readUIntBE(0, 6) / 2 ** 48
}
