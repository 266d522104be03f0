/** Owns an app that demands a second factor, for tests, and short words to call it. */

import type { TestContext } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import type { ProvenServer } from '../../../database/proof/servers.ts'
import type { SecondFactorSpec } from '../../../define/app/sign-in.ts'
import { text } from '../../../define/fields.ts'
import { app, kit } from '../../../define/kit.ts'
import { anyone } from '../../../define/rule.ts'
import { testApp } from '../../../testing/test-app.ts'
import { identity } from '../../kit.ts'

const board = kit('board', {
  models: {
    post: { fields: { title: text({ max: 80 }) }, access: { read: anyone, create: anyone } },
  },
})

/** A password that anybody may have. */
export const password = 'correct horse battery'

/** What came of a request. */
export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

/** The app on a fresh database, closed at the end of the test. */
export async function openGuild(
  server: ProvenServer | undefined,
  context: TestContext,
  secondFactor: SecondFactorSpec,
) {
  const guild = app({
    ...{ kits: [identity, board], title: 'Guild', roles: ['staff'] },
    organisations: { roles: { clerk: [], member: [] } },
    signIn: { secondFactor },
  })
  const tested = await testApp(guild, server ? { server: server.address() } : {})
  context.after(() => tested.close())
  const send = async (line: string, token?: string, body?: unknown) => {
    const [method = '', path = ''] = line.split(' ')
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const asked = { headers, remoteAddress: '192.0.2.1', ...(body === undefined ? {} : { body }) }
    const reply = await tested.request(method, `/api/${path}`, asked)
    return { status: reply.status, body: JSON.parse(reply.text || '{}') } as Answer
  }
  const post = (flow: string, body: object, token?: string): Promise<Answer> =>
    send(`POST identity/${flow}`, token, body)
  const signIn = async (email: string): Promise<string> =>
    String((await post('sign-in', { email, password })).body.token)
  /** Sets up an authenticator app; returns the token of the session that goes on. */
  const setUp = async (token: string) => {
    const made = await post('set-up-totp', {}, token)
    const totp = new TOTP({ secret: Secret.fromBase32(String(made.body.secret)) })
    const code = totp.generate({ timestamp: tested.clock.now() })
    return post('confirm-totp', { code }, token)
  }
  return { tested, send, post, signIn, setUp }
}

/** The code of a failure. */
export function codeOf({ body }: Answer): string {
  return String(body.code ?? 'none')
}
