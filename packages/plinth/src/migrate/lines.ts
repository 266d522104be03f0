/** Owns how steps are told to people: what happens, how dangerous it is, whom it keeps waiting. */

import type { Examination, Obstacle } from './apply/examine.ts'
import type { Step } from './diff/step.ts'

/** One line a step, and what it loses. */
export function stepLines(
  steps: readonly Step[],
  losses: Examination['losses'] = new Map(),
): readonly string[] {
  return steps.flatMap((step, index) => {
    const lost = losses.get(step)
    return [
      `${index + 1}. ${step.safety}: ${step.summary}`,
      `   ${step.lock}`,
      ...(lost === undefined ? [] : [`   Loses ${lost}.`]),
    ]
  })
}

/** One line an obstacle: the problem and its cure. */
export function obstacleLines(obstacles: readonly Obstacle[]): readonly string[] {
  return obstacles.map(({ problem, cure }) => `${problem} ${cure}`)
}
