/** Proves that where a caller says it is counts for nothing (C03), behind a real server. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../../packages/plinth/src/base/limits.ts'
import { HttpServer } from '../../../packages/plinth/src/http/server.ts'
import type { TestApp } from '../../../packages/plinth/src/testing/test-app.ts'
import { clubScene } from '../stage.ts'
import { client } from './client.ts'
import { rest } from './door.ts'
import { graphql } from './graphql.ts'

const scene = clubScene(async ({ tested }) => {
  const server = new HttpServer({ handler: tested.running.handler, log: () => undefined })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  // Requests of the doors go over a socket: where they come from is what the server sees.
  Object.assign(tested, { request: overSocket(`http://127.0.0.1:${port}`) })
  return () => server.close()
})

type Request = TestApp<never>['request']

function overSocket(url: string): (...sent: Parameters<Request>) => Promise<object> {
  return async (method, path, { body, headers = {} } = {}) => {
    const json = typeof body !== 'string' && body !== undefined
    const answer = await fetch(url + path, {
      ...{
        method,
        headers: { ...headers, ...(json ? { 'content-type': 'application/json' } : {}) },
      },
      ...(body === undefined ? {} : { body: json ? JSON.stringify(body) : String(body) }),
    })
    const { status } = answer
    return { status, headers: Object.fromEntries(answer.headers), text: await answer.text() }
  }
}

for (const door of [rest, graphql, client]) {
  test(`C03: where a caller says that it is counts for nothing, by ${door.name}`, async () => {
    const codes: string[] = []
    for (let index = 0; index < limits.signInsPerMinutePerNetwork + 2; index++) {
      const { code } = await door.ask(scene.club, {
        operation: 'identity.signIn',
        input: { email: `nobody${index}@club.example`, password: 'incorrect horse battery' },
        headers: {
          ...{ 'x-forwarded-for': `198.51.100.${index}`, 'x-real-ip': `203.0.113.${index}` },
          ...{ forwarded: `for=192.0.2.${index}`, 'true-client-ip': `192.0.2.${index}` },
        },
      })
      codes.push(code)
    }
    assert.equal(codes.filter((code) => code === 'rate_limited').length, 2, codes.join())
  })
}
