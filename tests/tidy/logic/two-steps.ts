/** Owns the rule on limited things: none is read, judged and then written. */

import type { AnyNode } from 'acorn'
import { findTwoSteps, twoStepsCure } from '../../../packages/plinth/src/app/sources/two-steps.ts'
import { lineAt, type Source, type Violation } from '../source.ts'

/** What `plinth check` tells the developer of an app holds for our own code. */
export function checkTwoSteps(source: Source): Violation[] {
  return findTwoSteps(source.tree as AnyNode).map(({ start }) => {
    const line = lineAt(source.text, start)
    return { path: source.path, line, rule: 'two-steps', cure: twoStepsCure }
  })
}
