/** Proves the HTTP of the door by the audits of GraphQL over HTTP: every one of them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverAudits } from 'graphql-http'
import { serve } from '../rest/fixture.ts'
import { openLibrary } from './library.ts'

test('all audits of GraphQL over HTTP are passed', async () => {
  const { world } = await openLibrary()
  const served = await serve(world.running.handler)
  try {
    const audits = serverAudits({ url: `${served.url}/api/graphql` })
    assert.equal(audits.length, 61)
    const failed: string[] = []
    for (const audit of audits) {
      const result = await audit.fn()
      if (result.status !== 'ok') failed.push(`${result.status}: ${audit.name}: ${result.reason}`)
    }
    assert.deepEqual(failed, [])
  } finally {
    await served.close()
    await world.close()
  }
})
