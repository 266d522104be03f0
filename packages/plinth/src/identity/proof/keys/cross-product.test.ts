import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokens } from '../../../app/people/sessions.ts'
import type { Model, ModelField } from '../../../catalog/catalog.ts'
import { onBothServers } from '../../../database/proof/servers.ts'
import { prefixes } from '../../tokens.ts'
import { type Answer, openPeople, password } from '../people.ts'
import { type TokenType, tokenTypes } from './token-types.ts'

type People = Awaited<ReturnType<typeof openPeople>>

const anns = 'ann@people.example'
const hourMs = 3_600_000
// What an input is called that takes a token. A new one is found by its name.
const namedTokens = /^(?:token|pending|attempt|trusted|challenge|state|link|invitation)$/

/** A row that any model takes: what it must have, by kind. */
async function rowOf(people: People, model: Model, given: Readonly<Record<string, unknown>>) {
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

interface Place {
  readonly name: string
  readonly ask: (token: string) => Promise<Answer>
  readonly isRefused: (answer: Answer) => boolean
}

const refusedByStatus = ({ status }: Answer): boolean => status >= 400 && status < 500

/** Every place that takes a token: the header, the cookie, and inputs of all operations. */
function placesOf({ ask, tested }: People): readonly Place[] {
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

function isGood({ goodAt }: TokenType, place: string): boolean {
  return goodAt.includes(place) || goodAt.includes(`*.${place.split('.').at(-1)}`)
}

onBothServers('the cross product of tokens', (server) => {
  test('C21: a token is good in its own place alone', async (context) => {
    const opened = await openPeople(server, context)
    const { tested } = opened
    const user = await tested.user({ email: anns, password, verified: true })
    await tested.running.users.records.update('user', user.id, { secondFactor: true })
    const people: People = Object.assign(opened, { userId: user.id })
    const places = placesOf(people)
    assert.ok(places.length >= 12, places.map(({ name }) => name).join())
    const missing = Object.keys(prefixes).filter((name) => !Object.hasOwn(tokenTypes, name))
    assert.deepEqual(missing, [], 'every prefix stands in the table')
    let asked = 0
    for (const [name, prefix] of Object.entries(prefixes)) {
      const type = tokenTypes[name] as TokenType
      const model = tested.running.catalog.models.get(type.model ?? '')
      for (const place of places) {
        if (isGood(type, place.name) && place.name !== 'bearer' && place.name !== 'cookie') continue
        const made =
          name === 'key' || name === 'agent' ? tokens.makeKey(prefix) : tokens.make(prefix)
        if (type.signed) Object.assign(made, { token: await people.serviceToken('press') })
        const row = { ...type.values, [type.hash ?? 'tokenHash']: made.hash }
        if (model) await rowOf(people, model, row)
        const answer = await place.ask(made.token)
        tested.clock.advance(hourMs)
        asked += 1
        if (!isGood(type, place.name)) {
          assert.ok(place.isRefused(answer), `${name} at ${place.name}: ${answer.text}`)
        } else if (model || type.signed) {
          // It is a true one: in its own place it is taken.
          assert.ok(!place.isRefused(answer), `${name} at ${place.name}: ${answer.text}`)
        }
        if (!model && !type.signed) continue
        // Nor does the secret of one type count behind the prefix of another.
        const body = made.token.slice(prefix.length)
        const worn = await place.ask(`${prefixes.session}${body}`)
        if (name !== 'session') assert.ok(place.isRefused(worn), `${name} as session`)
      }
    }
    assert.ok(asked > 100)
  })

  test('no prefix is the beginning of another one', () => {
    const all = Object.values(prefixes)
    assert.equal(new Set(all).size, all.length)
    for (const prefix of all) assert.match(prefix, /^pl[a-z]_$/)
  })
})
