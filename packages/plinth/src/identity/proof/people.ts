/** Owns an app of accounts alone, and short words to sign up, sign in and ask. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { openApp } from '../../app/compose.ts'
import { argonHasher } from '../../app/passwords/hasher.ts'
import { Failure } from '../../base/failure.ts'
import type { ProvenServer } from '../../database/proof/servers.ts'
import { text } from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { anyone } from '../../define/rule.ts'
import { invoke } from '../../engine/invoke.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { testApp } from '../../testing/test-app.ts'
import { identity } from '../kit.ts'
import type { Hasher } from '../passwords/passwords.ts'

const board = kit('board', {
  models: {
    post: {
      fields: { title: text({ max: 80 }) },
      access: { read: anyone, write: ({ me }) => me.is('editor') },
      audit: true,
    },
  },
})

/** The app. */
export const peopleApp = app({
  ...{ kits: [identity, board], title: 'People', roles: ['editor'] },
  services: {
    press: { scopes: ['post.write'], roles: ['editor'] },
    wire: { scopes: ['read'], singleUse: true },
  },
})

/** The secret of the app that is asked. */
export const secret = 'p7Jq2mX9vR4tK8wZ1nB6yL3cF5hD0gSaEeUiOoQ'

/** A password that anybody may have. */
export const password = 'correct horse battery'

/**
 * The app on a fresh database, or another one of accounts, closed at the end of the test. Default
 * server: the embedded.
 */
export async function openPeople(
  server: ProvenServer | undefined,
  context: TestContext,
  declared: typeof peopleApp = peopleApp,
) {
  const tested = await testApp(declared, server ? { server: server.address() } : {})
  const hashes = { made: 0, checked: 0 }
  const hasher: Hasher = {
    ...argonHasher,
    hash(secret) {
      hashes.made += 1
      return argonHasher.hash(secret)
    },
    verify(stored, secret) {
      hashes.checked += 1
      return argonHasher.verify(stored, secret)
    },
  }
  const { database, clock } = tested
  const setup = { database, secret, production: false, schema: 'settled', work: 'manual' } as const
  const counting = await openApp(declared, setup, { clock, hasher })
  context.after(async () => {
    await counting.close()
    await tested.close()
  })
  const { runtime } = counting
  return {
    ...{ tested, runtime, hashes, serviceToken: counting.serviceToken },
    ask: (operation: string, input: object, rest: Asking = {}) =>
      askAs(runtime, rest, { operation, input }),
  }
}

interface Asking {
  readonly agent?: string
  readonly token?: string
  readonly from?: 'bearer' | 'cookie'
  readonly remoteAddress?: string
  /** Of a record. */
  readonly id?: string
}

/** What came of a call: as the wire would show it. */
export interface Answer {
  readonly status: number
  readonly text: string
  readonly session?: { readonly token: string; readonly expiresAt: string } | null | undefined
}

async function askAs(
  runtime: Runtime,
  { token, from = 'bearer', remoteAddress = '192.0.2.1', agent, id }: Asking,
  call: { readonly operation: string; readonly input: object },
): Promise<Answer> {
  const as = { credential: token === undefined ? undefined : { from, token } }
  try {
    const record = id === undefined ? {} : { id }
    const whole = { ...call, ...record, as, remoteAddress, agent, traceId: '0'.repeat(32) }
    const { status, body = '', session } = await invoke(runtime, whole)
    return { status, text: body, session }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const { status, code, detail, problems } = error
    return { status, text: JSON.stringify({ code, detail, problems }) }
  }
}

/** What a test has of the app of accounts. */
export type People = Awaited<ReturnType<typeof openPeople>>

/** The token of the latest mail to an address. */
export async function mailedToken({ tested }: People, to: string): Promise<string> {
  await tested.drain()
  const mail = (await tested.mails()).find((one) => one.to.includes(to))
  return /token=([\w-]+)/.exec(mail?.text ?? '')?.[1] ?? assert.fail(`no mail to ${to}`)
}

/** Signs up and answers the mail. Returns the answer, in which a session has begun. */
export async function signedUp(people: People, email: string, secret: string): Promise<Answer> {
  assert.equal((await people.ask('identity.signUp', { email, password: secret })).status, 201)
  const token = await mailedToken(people, email)
  return people.ask('identity.verifyEmail', { token, password: secret })
}

/** The token of a sign-in's answer. */
export function tokenIn({ text: body }: Answer): string {
  return (JSON.parse(body) as { token: string }).token
}
