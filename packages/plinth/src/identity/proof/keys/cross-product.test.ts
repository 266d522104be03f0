import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokens } from '../../../app/people/sessions.ts'
import { onBothServers } from '../../../database/proof/servers.ts'
import { prefixes } from '../../tokens.ts'
import { openPeople, password } from '../people.ts'
import { anns, hourMs, isGood, type People, placesOf, rowOf } from './token-places.ts'
import { type TokenType, tokenTypes } from './token-types.ts'

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
        const row = { [type.hash ?? 'tokenHash']: made.hash }
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
