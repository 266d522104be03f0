/** Proves documents that an app knows by their hash, and the app that runs no others. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { anyone, app, kit, text } from 'plinth'
import { askLocally } from '../../packages/plinth/src/app/local-request.ts'
import { createGraphqlDoor } from '../../packages/plinth/src/graphql/door.ts'
import { testApp } from '../../packages/plinth/src/testing.ts'

const notes = kit('notes', {
  models: { note: { fields: { body: text() }, access: { read: anyone } } },
})
const home = 'query Home { notes { nodes { body } } }'
const hash = createHash('sha256').update(home).digest('hex')
const documents = { [`sha256:${hash}`]: home }

test('a known document is run by its name; in production it may be the only one', async () => {
  const world = await testApp(app({ kits: [notes], graphql: { documents } }))
  try {
    await world.data.note.create({ body: 'x' })
    const found = { data: { notes: { nodes: [{ body: 'x' }] } } }
    const ask = async (body: object) => world.request('POST', '/api/graphql', { body })
    assert.deepEqual((await ask({ documentId: `sha256:${hash}` })).json(), found)
    const persistedQuery = { version: 1, sha256Hash: hash }
    assert.deepEqual((await ask({ extensions: { persistedQuery } })).json(), found)
    const byAddress = await world.request('GET', `/api/graphql?documentId=sha256:${hash}`)
    assert.deepEqual(byAddress.json(), found)
    assert.equal((await ask({ documentId: 'sha256:00' })).status, 404)
    assert.equal((await ask({ documentId: '__proto__' })).status, 404)
    const { catalog, clock } = world.running.runtime
    const { invoke } = world.running
    const parts = { catalog, clock, invoke, documents, onlyDocuments: true, report: assert.fail }
    const status = async (production: boolean, query: string) => {
      const body = new TextEncoder().encode(JSON.stringify({ query }))
      const headers = { 'content-type': 'application/json' }
      const { handler: door } = createGraphqlDoor({ ...parts, production })
      return (await askLocally(door, { method: 'POST', path: '/api/graphql', headers, body }))
        .status
    }
    assert.equal(await status(true, home), 200)
    assert.equal(await status(true, `${home} `), 403)
    assert.equal(await status(false, `${home} `), 200)
  } finally {
    await world.close()
  }
})

test('a wrong hash is a mistake; an app without GraphQL has no such address', async () => {
  const wrong = app({ kits: [notes], graphql: { documents: { 'sha256:00': home } } })
  await assert.rejects(() => testApp(wrong), /sha256:00/)
  const world = await testApp(app({ kits: [notes], graphql: false }))
  try {
    const body = { query: '{ __typename }' }
    assert.equal((await world.request('POST', '/api/graphql', { body })).status, 404)
  } finally {
    await world.close()
  }
})
