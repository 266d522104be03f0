/** Owns an app with organisations, and short words to found them, invite, and ask as somebody. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { beginSession } from '../../../app/people/sessions.ts'
import { Failure } from '../../../base/failure.ts'
import type { ProvenServer } from '../../../database/proof/servers.ts'
import { text } from '../../../define/fields.ts'
import { app, kit } from '../../../define/kit.ts'
import { belongsTo } from '../../../define/relation.ts'
import { invoke } from '../../../engine/invoke.ts'
import { testApp } from '../../../testing/test-app.ts'
import { identity } from '../../kit.ts'

const work = kit('work', {
  uses: [identity],
  models: {
    project: {
      fields: { organisation: belongsTo('organisation'), name: text() },
      access: {
        read: ({ row, me }) => row.organisationId.eq(me.organisation),
        create: ({ row, me }) => row.organisationId.eq(me.organisation),
        update: ({ row, me }) => me.in(row.organisation, 'owner', 'admin'),
        delete: ({ row, me }) =>
          row.organisationId.eq(me.organisation).and(me.may('project.delete')),
      },
    },
  },
})

/** The app. */
export const officeApp = app({
  kits: [identity, work],
  title: 'Office',
  organisations: {
    roles: {
      admin: ['members.invite', 'members.manage', 'project.delete'],
      clerk: ['members.invite'],
      member: [],
    },
  },
})

/** What came of a call: its status, and its value or the code of its failure. */
export interface Answer {
  readonly status: number
  readonly code?: string
  readonly detail?: string
  readonly body: Readonly<Record<string, never>>
}

/** The app on a fresh database, closed at the end of the test. */
export async function openOffice(server: ProvenServer, context: TestContext) {
  const tested = await testApp(officeApp, { server: server.address() })
  context.after(() => tested.close())
  const { runtime } = tested.running
  const call = async (token: string, operation: string, rest: object): Promise<Answer> => {
    const as = { credential: { from: 'bearer', token } } as const
    try {
      const whole = { operation, as, remoteAddress: '192.0.2.1', ...rest }
      const { status, body = '{}' } = await invoke(runtime, { ...whole, traceId: '0'.repeat(32) })
      return { status, body: JSON.parse(body || '{}') }
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const { status, code, detail } = error
      return { status, code, ...(detail ? { detail } : {}), body: {} }
    }
  }
  const ask = (token: string, operation: string, input: object = {}) =>
    call(token, `identity.${operation}`, { input })
  /** Somebody with a session, under an address that was confirmed. */
  const person = async (name: string) => {
    const { id, email } = await tested.user({ email: `${name}@office.example` })
    const token = await beginSession(runtime, id)
    return {
      id,
      email,
      token,
      ask: (what: string, input?: object) => ask(token, what, input),
      call: (operation: string, rest: object) => call(token, operation, rest),
    }
  }
  const mailedToken = async (to: string): Promise<string> => {
    await tested.drain()
    const mail = (await tested.mails()).find((one) => one.to.includes(to))
    return /token=([\w-]+)/.exec(mail?.text ?? '')?.[1] ?? assert.fail(`no mail to ${to}`)
  }
  return { tested, runtime, ask, person, mailedToken }
}

/** What a test has of the app. */
export type Office = Awaited<ReturnType<typeof openOffice>>

/** Somebody with a session. */
export type Person = Awaited<ReturnType<Office['person']>>

/** Founds an organisation and returns its id. */
export async function founded(person: Person, name = 'Acme'): Promise<string> {
  const { status, body } = await person.ask('createOrganisation', { name })
  assert.equal(status, 201)
  return String((body.organisation as unknown as { id: string }).id)
}

/** Invites somebody and lets them accept. */
export async function joined(
  office: Office,
  by: Person,
  { who, role, organisation }: { who: Person; role: string; organisation: string },
): Promise<void> {
  const invited = await by.ask('inviteMember', { organisation, email: who.email, role })
  assert.equal(invited.status, 202, JSON.stringify(invited))
  const token = await office.mailedToken(String(who.email))
  const accepted = await who.ask('acceptInvitation', { token })
  assert.equal(accepted.status, 200, JSON.stringify(accepted))
}
