/** Owns explaining a record's access to an operator, for a user named in words. */

import { anonymous, type Caller } from '../access/caller.ts'
import { explainAccess, explanationLines } from '../access/explain.ts'
import { Failure } from '../base/failure.ts'
import { instantText } from '../base/time.ts'
import type { Verb } from '../catalog/catalog.ts'
import { suggestion } from '../catalog/mistakes.ts'
import type { RunningApp } from './compose.ts'
import { findUser } from './people/users.ts'

/** What to explain. */
export interface ExplainQuestion {
  readonly model: string
  readonly id: string
  /** An e-mail address, a user's id, or `anonymous`. */
  readonly as: string
  /** Default: read, update and delete. */
  readonly verb?: string
}

const verbs: readonly Verb[] = ['read', 'create', 'update', 'delete']
const idPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The explanation as lines. Failures: `usage`, `not_found`. */
export async function explain(
  running: RunningApp,
  question: ExplainQuestion,
): Promise<readonly string[]> {
  const { catalog, runtime } = running
  const model = catalog.models.get(question.model)
  if (!model?.exposed) {
    const names = [...catalog.models.values()].filter(({ exposed }) => exposed)
    const known = names.map(({ name }) => name)
    const near = suggestion(question.model, known) || `. There are: ${known.join(', ')}.`
    throw new Failure('usage', { detail: `There is no model ${question.model}${near}` })
  }
  if (!idPattern.test(question.id)) {
    throw new Failure('usage', { detail: `"${question.id}" is no id: give the UUID of a record.` })
  }
  const verb = question.verb === undefined ? undefined : verbOf(question.verb)
  const explanation = await explainAccess({
    session: runtime.database,
    catalog,
    model,
    id: question.id,
    caller: await callerNamed(running, question.as),
    now: instantText(runtime.clock.now()),
    ...(verb === undefined ? {} : { verbs: [verb] }),
  })
  return explanationLines(explanation)
}

/** The caller that a word names: `anonymous`, an e-mail address, a user's id. */
export async function callerNamed(running: RunningApp, who: string): Promise<Caller> {
  if (who === 'anonymous') return anonymous
  if (!who.includes('@') && !idPattern.test(who)) {
    const detail = `"${who}" is no user: give an e-mail address, a user's id, or anonymous.`
    throw new Failure('usage', { detail })
  }
  const { id, roles, suspended, email } = await findUser(running.users, who)
  if (suspended) {
    throw new Failure('usage', { detail: `${email} is suspended and cannot call anything.` })
  }
  return { is: 'user', id, roles: new Set(roles) }
}

function verbOf(text: string): Verb {
  const found = verbs.find((verb) => verb === text)
  if (found) return found
  throw new Failure('usage', { detail: `"${text}" is none of ${verbs.join(', ')}.` })
}
