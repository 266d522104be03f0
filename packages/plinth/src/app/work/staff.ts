/** Owns the form of operations for staff, `/api/work/…`: for the role admin alone. */

import type { Caller } from '../../access/caller.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { ActionInput, ActionOperation } from '../../catalog/catalog.ts'
import type { Action } from '../../engine/runtime.ts'
import { integerKind, textKind } from '../../kinds/kinds.ts'

/** One operation for staff. `T` is what it is done with, `I` its input as its kinds check it. */
export interface Verb<T, I> {
  readonly path: string
  readonly safe: boolean
  readonly input: readonly ActionInput[]
  readonly description: string
  /** Undefined: there is nothing to say. */
  readonly run: (parts: T, input: I) => Promise<unknown>
}

/** A named value of an operation's input. */
export function given(name: string, kind: ActionInput['kind'], optional = true): ActionInput {
  return { name, kind, optional }
}

/** A name of something. */
export const word = textKind({ max: 200 })

/** How many are listed at once. */
export const page = given('limit', integerKind({ min: 1, max: limits.pageSizeMax }))

/** How many are listed where nobody says. */
export const pageDefault = 20

/** The operation of a verb. Its parts are asked for when it is called. */
export function staffAction<T, I>(
  { path, safe, input, description, run }: Verb<T, I>,
  parts: () => T,
): Action {
  const operation: ActionOperation = Object.freeze({
    ...{ name: `work.${path}`, kit: 'work', path, safe, description },
    type: 'action',
    input: new Map(input.map((one) => [one.name, one])),
  })
  return {
    operation,
    admit: demandAdmin,
    async run(scope) {
      const value = await run(parts(), scope.input as I)
      return { status: value === undefined ? 204 : 200, value }
    },
  }
}

function demandAdmin(caller: Caller): void {
  if (caller.is === 'unrestricted') return
  if (caller.is === 'anonymous') {
    throw new Failure('sign_in_required', { detail: 'Sign in as an admin to do this.' })
  }
  if (!caller.roles.has('admin')) {
    throw new Failure('forbidden', { detail: 'Only the role admin may do this.' })
  }
}

/** One page of a list that was asked for one more than it shows. */
export function pageOf<R>(
  found: readonly R[],
  limit: number,
  nameOf: (row: R) => string,
): { readonly data: readonly R[]; readonly page: { readonly next: string | null } } {
  const data = found.slice(0, limit)
  const last = data.at(-1)
  const more = found.length > limit && last !== undefined
  return { data, page: { next: more ? nameOf(last) : null } }
}

/** What was given as text. */
export function textOf(given: unknown): string | undefined {
  return typeof given === 'string' ? given : undefined
}

/** What was given as a number, or another one. */
export function numberOr(given: unknown, otherwise: number): number {
  return given === undefined || given === null ? otherwise : Number(given)
}
