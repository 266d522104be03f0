/** Owns the input of safe actions: parameters of a query string, read by the kinds they declare. */

import type { Problem } from '../../base/failure.ts'
import type { ActionOperation } from '../../catalog/catalog.ts'
import { decode, note, readParameters } from '../query/parameters.ts'
import { malformedQuery } from '../query/read-query.ts'

/**
 * Reads the input of a safe action. What is missing is the engine's to say.
 *
 * @throws Failure `malformed_query`.
 */
export function readActionQuery(action: ActionOperation, search: string): object {
  const input: Record<string, unknown> = Object.create(null)
  const problems: Problem[] = []
  for (const { name, encoded } of readParameters(search, problems)) {
    const known = action.input.get(name)
    const text = decode(encoded)
    if (known === undefined) {
      const names = [...action.input.keys()].join(', ')
      const detail = `Leave it out; known are: ${names || 'none'}.`
      note(problems, { pointer: name, code: 'unknown_parameter', detail })
    } else if (text === undefined) {
      const detail = 'Percent-encode the value as UTF-8, without NUL.'
      note(problems, { pointer: name, code: 'bad_encoding', detail })
    } else {
      input[name] = known.kind.parse(text, (below, code, detail) => {
        note(problems, { pointer: name + below, code, detail })
      })
    }
  }
  if (problems.length > 0) throw malformedQuery(problems)
  return input
}
