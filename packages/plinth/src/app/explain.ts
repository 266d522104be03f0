/** Owns explaining a record's access to an operator, for a user named in words. */

import { type ActiveOrganisation, anonymous, type Caller } from '../access/caller.ts'
import { explainAccess, explanationLines } from '../access/explain.ts'
import { Failure } from '../base/failure.ts'
import { instantText } from '../base/time.ts'
import type { Model, Verb } from '../catalog/catalog.ts'
import { suggestion } from '../catalog/mistakes.ts'
import type { RunningApp } from './compose.ts'
import { findOrganisation } from './people/organisations/find.ts'
import { findUser } from './people/users.ts'

/** What to explain. */
export interface ExplainQuestion {
  readonly model: string
  readonly id: string
  /** An e-mail address, a user's id, or `anonymous`. */
  readonly as: string
  /** Id or slug: the organisation in which they work. Default: in none. */
  readonly organisation?: string | undefined
  /** Default: read, update and delete. */
  readonly verb?: string | undefined
}

const verbs: readonly Verb[] = ['read', 'create', 'update', 'delete']
const textKinds: ReadonlySet<string> = new Set(['text', 'email', 'slug'])
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
  const verb = question.verb === undefined ? undefined : verbOf(question.verb)
  const explanation = await explainAccess({
    session: runtime.database,
    catalog,
    model,
    id: idPattern.test(question.id) ? question.id : await idByKey(running, model, question.id),
    caller: await callerNamed(running, question.as, question.organisation),
    now: instantText(runtime.clock.now()),
    ...(verb === undefined ? {} : { verbs: [verb] }),
  })
  return explanationLines(explanation)
}

/**
 * The id of the record that a word names by a field whose values are there once. Fails with `usage`
 * where the model has none, or where several organisations have such a record; `not_found`.
 */
async function idByKey(
  { users: { records } }: RunningApp,
  model: Model,
  word: string,
): Promise<string> {
  const known = [...model.fields.values()].flatMap(({ name, unique, kind }) => {
    const alone = unique || (model.key.length === 1 && model.key[0] === name)
    return alone && textKinds.has(kind.name) ? name : []
  })
  if (known.length === 0) {
    throw new Failure('usage', { detail: `"${word}" is no id: give the UUID of a record.` })
  }
  for (const name of known) {
    const found = await records.find(model.name, { filter: { [name]: word }, limit: 2 })
    if (found.length > 1) {
      const detail = `Several organisations have a ${model.name} whose ${name} is "${word}"`
      throw new Failure('usage', { detail: `${detail}: give its id.` })
    }
    if (found[0]) return String(found[0].id)
  }
  const detail = `There is no ${model.name} whose ${known.join(' or ')} is "${word}".`
  throw new Failure('not_found', { detail: `${detail} Its UUID will do as well.` })
}

/**
 * The caller that a word names: `anonymous`, an e-mail address, a user's id; at work in an
 * organisation where one is named, by id or slug. Fails with `usage` and `not_found`.
 */
export async function callerNamed(
  running: RunningApp,
  who: string,
  which?: string,
): Promise<Caller> {
  if (who === 'anonymous') {
    if (which === undefined) return anonymous
    throw new Failure('usage', { detail: 'Nobody in particular works in no organisation.' })
  }
  if (!who.includes('@') && !idPattern.test(who)) {
    const detail = `"${who}" is no user: give an e-mail address, a user's id, or anonymous.`
    throw new Failure('usage', { detail })
  }
  const { id, roles, suspended, email } = await findUser(running.users, who)
  if (suspended) {
    throw new Failure('usage', { detail: `${email} is suspended and cannot call anything.` })
  }
  const caller = { is: 'user', id, roles: new Set(roles) } as const
  if (which === undefined) return caller
  return { ...caller, organisation: await placeOf(running, { id, email }, which) }
}

/** Where a user works, and as what. Fails with `usage` where they are no member. */
async function placeOf(
  running: RunningApp,
  { id: userId, email }: { readonly id: string; readonly email: string },
  which: string,
): Promise<ActiveOrganisation> {
  const { id, slug } = await findOrganisation(running, which)
  const filter = { userId, organisationId: id }
  const [place] = await running.users.records.find('membership', { filter, limit: 1 })
  if (place) return { id, role: String(place.role) }
  throw new Failure('usage', { detail: `${email} is no member of the organisation ${slug}.` })
}

function verbOf(text: string): Verb {
  const found = verbs.find((verb) => verb === text)
  if (found) return found
  throw new Failure('usage', { detail: `"${text}" is none of ${verbs.join(', ')}.` })
}
