/** Owns the command line's process: runs the command, tells failures, sets the exit code. */

import { exitCodeOf, tellFailure } from './failures.ts'
import { createProgram } from './program.ts'

try {
  await createProgram().parseAsync(process.argv)
} catch (error) {
  const code = error instanceof Error && 'exitCode' in error ? error.exitCode : undefined
  // Commander has told its own findings already.
  if (typeof code === 'number') process.exitCode = code === 0 ? 0 : 2
  else {
    tellFailure(error)
    process.exitCode = exitCodeOf(error)
  }
}
