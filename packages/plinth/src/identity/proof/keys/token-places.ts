/** Owns rows and places for tokens of every type: where each is taken, what stands beside it. */

import assert from 'node:assert/strict'
import { tokens } from '../../../app/people/sessions.ts'
import type { Model, ModelField } from '../../../catalog/catalog.ts'
import { type Answer, type openPeople, password } from '../people.ts'
import type { TokenType } from './token-types.ts'

/** The app of accounts, with what a test has of it. */
export type People = Awaited<ReturnType<typeof openPeople>>

/** Whose tokens they are. */
export const anns = 'ann@people.example'
/** Between two tries. */
export const hourMs = 3_600_000
// What an input is called that takes a token. A new one is found by its name.
const namedTokens = /^(?:token|pending|attempt|trusted|challenge|state|link|invitation)$/

/** A row that any model takes: what it must have, by kind. */
export async function rowOf(
  people: People,
  model: Model,
  given: Readonly<Record<string, unknown>>,
) {
  const { tested, userId } = people as People & { readonly userId: string }
  const values: Record<string, unknown> = {}
  for (const field of model.fields.values()) {
    const made = field.role === 'declared' || field.role === 'reference'
    if (!made || field.computed || field.name in given) continue
    if (field.name === 'userId') values.userId = userId
    else if (!field.optional && field.default === undefined) {
      values[field.name] = await fillerOf(people, model, field)
    }
  }
  return tested.running.users.records.create(model.name, { ...values, ...given })
}

async function fillerOf(people: People, model: Model, field: ModelField): Promise<unknown> {
  const { clock, running } = people.tested
  if (field.role === 'reference') {
    const relation = [...model.relations.values()].find(({ local }) => local === field.name)
    const target = running.catalog.models.get(relation?.target ?? '')
    assert.ok(target, `${model.name}.${field.name}`)
    if (target.name === 'user') return (people as People & { readonly userId: string }).userId
    return (await rowOf(people, target, {})).id
  }
  switch (field.kind.name) {
    case 'instant':
      return new Date(clock.now() + 240 * hourMs).toISOString()
    case 'email':
      return anns
    case 'choice':
      return (field.kind.jsonSchema.enum as readonly string[])[0]
    case 'list':
      return ['read']
    case 'integer':
      return 1
    case 'boolean':
      return false
    default:
      return `x${tokens.code(10)}`
  }
}

/** A place that takes a token. */
export interface Place {
  readonly name: string
  readonly ask: (token: string) => Promise<Answer>
  readonly isRefused: (answer: Answer) => boolean
}

const refusedByStatus = ({ status }: Answer): boolean => status >= 400 && status < 500

/** Every place that takes a token: the header, the cookie, and inputs of all operations. */
export function placesOf({ ask, tested }: People): readonly Place[] {
  const bearer = (token: string) => ask('identity.me', {}, { token })
  const cookie = (token: string) => ask('identity.me', {}, { token, from: 'cookie' })
  const places: Place[] = [
    { name: 'bearer', ask: bearer, isRefused: ({ status }) => status === 401 },
    { name: 'cookie', ask: cookie, isRefused: ({ text }) => text === '{"user":null}' },
  ]
  for (const operation of tested.running.catalog.operations.values()) {
    if (operation.type !== 'action' || operation.declared) continue
    for (const { name } of operation.input.values()) {
      if (!namedTokens.test(name)) continue
      const others: Record<string, unknown> = {}
      for (const each of operation.input.values()) {
        if (each.name === name || each.optional) continue
        others[each.name] = fillers[each.name] ?? 'x'
      }
      const isRefused = (answer: Answer) =>
        refusedByStatus(answer) || (name === 'trusted' && /"pending":/.test(answer.text))
      const send = (token: string) => ask(operation.name, { ...others, [name]: token })
      places.push({ name: `${operation.name}.${name}`, ask: send, isRefused })
    }
  }
  return places
}

const fillers: Readonly<Record<string, unknown>> = {
  ...{ email: anns, password, newPassword: 'another horse battery', code: '12345678' },
}

/** True where a token of this type belongs. */
export function isGood({ goodAt }: TokenType, place: string): boolean {
  return goodAt.includes(place) || goodAt.includes(`*.${place.split('.').at(-1)}`)
}
