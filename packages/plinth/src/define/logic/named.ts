/** Owns the naming of actions for typed clients: by value, or by the module that exports them. */

import type { Action } from './logic.ts'

/** An action, or a module that exports some. What else a module exports is passed over. */
export type ActionSource = Action | object

/** The actions of a list of sources. */
export type ActionsIn<A> = A extends readonly (infer X)[]
  ? X extends Action
    ? X
    : Extract<X[keyof X], Action>
  : never

/** The actions of a list of sources, each once. */
export function actionsIn(sources: readonly ActionSource[]): readonly Action[] {
  const found = sources.flatMap((source) => {
    return isAction(source) ? [source] : Object.values(source).filter(isAction)
  })
  return [...new Set(found)]
}

function isAction(value: unknown): value is Action {
  return typeof value === 'object' && value !== null && 'is' in value && value.is === 'action'
}
