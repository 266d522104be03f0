/** Proves that no secret of an account stands in a log, whatever goes wrong while it is used. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openApp } from '../../packages/plinth/src/app/compose.ts'
import { createLog } from '../../packages/plinth/src/app/log.ts'
import { HttpServer } from '../../packages/plinth/src/http/server.ts'
import { type Club, clubApp, openClub, password } from './stage.ts'

const secret = 'p7Jq2mX9vR4tK8wZ1nB6yL3cF5hD0gSaEeUiOoQ'
const lines: string[] = []
let club: Club
let origin: string
let close: () => Promise<unknown>

before(async () => {
  club = await openClub()
  const { clock, database } = club.tested
  const log = createLog({ level: 'debug', clock, plain: false, write: (line) => lines.push(line) })
  const setup = { database, secret, production: false, schema: 'settled', work: 'off' } as const
  const running = await openApp(clubApp, setup, { clock, log })
  const server = new HttpServer({ handler: running.handler, log })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  origin = `http://127.0.0.1:${port}`
  close = () => server.close().then(() => running.close())
})
after(async () => {
  await close?.()
  await club?.tested.close()
})

async function post(path: string, body: object, token?: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token ?? ''}` }
  if (token === undefined) Reflect.deleteProperty(headers, 'authorization')
  return fetch(`${origin}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

test('L04: neither a password nor a token stands in the log', async () => {
  const { email } = await club.tested.user({ email: 'ann@club.example', password })
  const signed = await post('/api/identity/sign-in', { email, password })
  const { token } = (await signed.json()) as { token: string }
  const wrong = 'incorrect horse battery'
  const made = club.token('reset-password').token
  const { database } = club.tested.running.runtime
  // From here on the database fails whoever looks for a session, a proof or an account.
  for (const table of ['"user"', 'session', 'password_reset', 'sign_in_link', 'pending_sign_in']) {
    const name = table.replaceAll('"', '')
    const text = `alter table identity.${table} rename to "gone ${name}"`
    await database.query({ text, values: [] })
  }
  const newPassword = 'another horse battery'
  const answers = await Promise.all([
    post('/api/identity/sign-in', { email, password: wrong }),
    post('/api/identity/change-password', { password, newPassword }, token),
    post('/api/identity/reset-password', { token: made, newPassword }),
    post('/api/identity/sign-in-by-link', { token: made }),
    post('/api/identity/second-factor', { pending: made, code: '123456' }),
    post('/api/identity/sign-up', { email: 'eve@club.example', password: newPassword }),
    fetch(`${origin}/api/identity/me?token=${token}`, {
      headers: { cookie: `__Host-sid=${token}` },
    }),
    fetch(`${origin}/account/reset-password?token=${made}`),
  ])
  const told = await Promise.all(answers.map((answer) => answer.text()))
  assert.ok(
    answers.some(({ status }) => status === 500),
    'something went wrong',
  )
  const log = lines.join('')
  assert.match(log, /"level":"error"/, 'and the log says so')
  for (const hidden of [password, wrong, newPassword, token, made, token.slice(4, 20), '123456']) {
    assert.ok(!log.includes(hidden), `${hidden} in ${log}`)
    if (hidden === '123456') continue
    for (const text of told.slice(0, -1)) assert.ok(!text.includes(hidden), text)
  }
})
