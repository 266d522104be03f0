/** Owns `plinth explain`. */

import { type ExplainQuestion, explain } from '../../app/explain.ts'
import { withApp } from '../session.ts'
import { printData } from '../terminal.ts'

/** Prints why a caller may, or may not, do something with a record. */
export async function explainCommand(
  app: string | undefined,
  question: ExplainQuestion,
): Promise<void> {
  await withApp(app, async ({ running }) => {
    for (const line of await explain(running, question)) printData(line)
  })
}
