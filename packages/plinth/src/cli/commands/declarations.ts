/** Owns `plinth types`, and what is told of types that `plinth dev --types` writes. */

import { relative } from 'node:path'
import { invocationFolder } from '../../app/config/config.ts'
import { type TypesOutcome, writeTypes } from '../../app/declarations/write.ts'
import { findAppFile } from '../../app/file/find-app.ts'
import { Failure } from '../../base/failure.ts'
import { tellFailure } from '../failures.ts'
import { faint, tell } from '../terminal.ts'

/**
 * Writes the types of an app. Fails with `declaration_invalid` where its sources cannot be parsed;
 * types that cannot be put into words are told, and nothing is wrong without them.
 */
export async function types(file: string | undefined): Promise<void> {
  const outcome = await writeTypes(await findAppFile(file, process.cwd()))
  if (outcome.is === 'kept') {
    throw new Failure('declaration_invalid', { detail: outcome.problems.join('\n') })
  }
  if (outcome.is === 'removed') tellTypes(outcome)
  else tell(`Wrote ${relative(invocationFolder(), outcome.file)} in ${seconds(outcome.ms)}.`)
}

/** Tells what a person can do something about: not what went well, nor what a start tells too. */
export function tellTypes(
  outcome: TypesOutcome | { readonly is: 'failed'; readonly cause: unknown },
): void {
  if (outcome.is === 'failed') tellFailure(outcome.cause)
  if (outcome.is !== 'removed') return
  tell('The types of the app cannot be written, so that editors read its sources instead.')
  for (const problem of outcome.problems) tell(`  ${problem}`)
  tell(faint('Give what is exported there a type whose name is exported too.'))
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
