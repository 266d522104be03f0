/** Proves that a token is good in its own place alone (C21), whichever door it is shown at. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokens } from '../../../packages/plinth/src/app/people/sessions.ts'
import { HttpServer } from '../../../packages/plinth/src/http/server.ts'
import {
  isGood,
  type People,
  placesOf,
  rowOf,
} from '../../../packages/plinth/src/identity/proof/keys/token-places.ts'
import { tokenTypes } from '../../../packages/plinth/src/identity/proof/keys/token-types.ts'
import { prefixes } from '../../../packages/plinth/src/identity/tokens.ts'
import { clubScene } from '../stage.ts'
import { client } from './client.ts'
import { type Door, direct, rest } from './door.ts'
import { graphqlEvents, graphqlSockets } from './followed/graphql.ts'
import { graphql } from './graphql.ts'
import { events, sockets } from './live.ts'

let url: string
const scene = clubScene(async ({ tested }) => {
  const { handler, sockets: links } = tested.running
  const server = new HttpServer({ handler, sockets: links, log: () => undefined })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${port}`
  return () => server.close()
})

const signedTypes = new Set(['service'])

/** A token of a type, with its row where this app keeps one. */
async function made(name: string): Promise<{ token: string; kept: boolean }> {
  const { tested } = scene.club
  if (signedTypes.has(name)) {
    return { token: await tested.running.serviceToken('clerk'), kept: true }
  }
  const type = tokenTypes[name] ?? assert.fail(`${name} stands in the table`)
  const prefix = prefixes[name as keyof typeof prefixes]
  const { token, hash } =
    name === 'key' || name === 'agent' ? tokens.makeKey(prefix) : tokens.make(prefix)
  const model = tested.running.catalog.models.get(type.model ?? '')
  if (!model) return { token, kept: false }
  const row = { [type.hash ?? 'tokenHash']: hash }
  await rowOf({ tested, userId: scene.annId } as unknown as People, model, row)
  return { token, kept: true }
}

/** What a door answers, as the places of tokens read it. */
function asking(door: Door, codes: Set<string>) {
  return async (operation: string, input: object, { token }: { token?: string } = {}) => {
    const given = operation === 'identity.me' ? {} : { input }
    const told = await door.ask(scene.club, { operation, ...given, token })
    codes.add(told.code)
    const status = told.code === 'ok' ? 200 : told.code === 'invalid_credentials' ? 401 : 422
    return { status, text: told.text }
  }
}

for (const door of [rest, graphql, client, direct]) {
  test(`C21: a token is good in its own place alone, by ${door.name}`, async () => {
    const codes = new Set<string>()
    const people = { tested: scene.club.tested, ask: asking(door, codes) } as unknown as People
    const places = placesOf(people).filter(({ name }) => name !== 'cookie')
    assert.ok(places.length > 8, places.map(({ name }) => name).join())
    let refused = 0
    for (const [name, type] of Object.entries(tokenTypes)) {
      for (const place of places) {
        const good = isGood(type, place.name)
        if (good && place.name !== 'bearer') continue
        const { token, kept } = await made(name)
        const answer = await place.ask(token)
        scene.club.tested.clock.advance(3_600_000)
        assert.equal(place.isRefused(answer), !(good && kept), `${name} at ${place.name}`)
        if (!good) refused += 1
      }
    }
    assert.ok(refused > 100, `${refused} were refused`)
    const malformed = [...codes].filter((code) => /^malformed|^internal/.test(code))
    assert.deepEqual(malformed, [], 'each was asked as it has to be')
  })
}

const liveDoors = [events, sockets('head'), sockets('message'), graphqlEvents, graphqlSockets]

for (const door of liveDoors) {
  test(`C21: no token follows a read but those of callers, by ${door.name}`, async () => {
    await scene.club.tested.data.user.update(scene.annId, { roles: ['staff'] })
    for (const [name, type] of Object.entries(tokenTypes)) {
      const { token, kept } = await made(name)
      const following = await door.follow(url, { operation: 'payout.list', token })
      following.close()
      const refused = following.code === 'invalid_credentials'
      assert.equal(refused, !(kept && type.goodAt.includes('bearer')), `${name} ${following.code}`)
    }
  })
}
