/** Owns an app of accounts alone, and short words to sign up, sign in and ask. */

import type { TestContext } from 'node:test'
import { argonHasher } from '../../app/hasher.ts'
import { newSessionToken } from '../../app/people/sessions.ts'
import { Failure } from '../../base/failure.ts'
import type { ProvenServer } from '../../database/proof/servers.ts'
import { text } from '../../define/fields.ts'
import { app, kit } from '../../define/kit.ts'
import { anyone } from '../../define/rule.ts'
import { invoke } from '../../engine/invoke.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { testApp } from '../../testing/test-app.ts'
import { identityActions } from '../flows.ts'
import { identity } from '../kit.ts'
import { boundedPasswords } from '../passwords.ts'

const board = kit('board', {
  models: {
    post: {
      fields: { title: text({ max: 80 }) },
      access: { read: anyone, write: ({ me }) => me.is('editor') },
    },
  },
})

/** The app. */
export const peopleApp = app({ kits: [identity, board], title: 'People', roles: ['editor'] })

/** A password that anybody may have. */
export const password = 'correct horse battery'

/** The app on a fresh database, closed at the end of the test. */
export async function openPeople(server: ProvenServer, context: TestContext) {
  const tested = await testApp(peopleApp, { server: server.address() })
  context.after(() => tested.close())
  const hashes = { made: 0, checked: 0 }
  const passwords = boundedPasswords({
    hash(secret) {
      hashes.made += 1
      return argonHasher.hash(secret)
    },
    verify(stored, secret) {
      hashes.checked += 1
      return argonHasher.verify(stored, secret)
    },
  })
  const actions = identityActions({ passwords, newToken: newSessionToken, signUp: 'anyone' })
  const runtime: Runtime = {
    ...tested.running.runtime,
    actions: new Map(actions.map((action) => [action.operation.name, action])),
  }
  return {
    ...{ tested, runtime, hashes },
    ask: (operation: string, input: object, rest: Asking = {}) =>
      askAs(runtime, rest, { operation, input }),
  }
}

interface Asking {
  readonly token?: string
  readonly from?: 'bearer' | 'cookie'
  readonly remoteAddress?: string
}

/** What came of a call: as the wire would show it. */
export interface Answer {
  readonly status: number
  readonly text: string
  readonly session?: { readonly token: string; readonly expiresAt: string } | null | undefined
}

async function askAs(
  runtime: Runtime,
  { token, from = 'bearer', remoteAddress = '192.0.2.1' }: Asking,
  call: { readonly operation: string; readonly input: object },
): Promise<Answer> {
  const as = { credential: token === undefined ? undefined : { from, token } }
  try {
    const whole = { ...call, as, remoteAddress, traceId: '0'.repeat(32) }
    const { status, body = '', session } = await invoke(runtime, whole)
    return { status, text: body, session }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const { status, code, detail, problems } = error
    return { status, text: JSON.stringify({ code, detail, problems }) }
  }
}

/** The token of a sign-in's answer. */
export function tokenIn({ text: body }: Answer): string {
  return (JSON.parse(body) as { token: string }).token
}
