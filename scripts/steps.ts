/** Owns the command that adds new steps to tests/steps.txt, and refuses steps that changed. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { changedSteps, stepLines, stepsFile } from '../tests/tidy/lists/steps.ts'
import { root } from '../tests/tidy/tree.ts'

const file = join(root, stepsFile)
const listed = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
const present = stepLines()
const changed = changedSteps(listed, present)
if (changed.length > 0) {
  const cure = 'restore its text and add a step after it'
  process.stdout.write(`Changed since it was listed: ${changed.join(', ')}. ${cure}.\n`)
  process.exitCode = 1
} else {
  writeFileSync(file, `${present.join('\n')}\n`)
  process.stdout.write(`${stepsFile}: ${present.length} steps\n`)
}
