/** Owns a club with accounts on one database, and short words to attack it through its doors. */

import { after, before, beforeEach } from 'node:test'
import { TOTP } from 'otpauth'
import type { openApp } from '../../packages/plinth/src/app/compose.ts'
import { tokens } from '../../packages/plinth/src/app/people/sessions.ts'
import { Failure } from '../../packages/plinth/src/base/failure.ts'
import { text } from '../../packages/plinth/src/define/fields.ts'
import { app, kit } from '../../packages/plinth/src/define/kit.ts'
import { belongsTo } from '../../packages/plinth/src/define/relation.ts'
import { identity } from '../../packages/plinth/src/identity/kit.ts'
import { prefixes } from '../../packages/plinth/src/identity/tokens.ts'
import { type TestApp, testApp } from '../../packages/plinth/src/testing/test-app.ts'
import { givenServer } from '../armed/given-server.ts'

const club = kit('club', {
  uses: [identity],
  models: {
    payout: {
      fields: {
        what: text({ max: 80 }),
        requestedBy: belongsTo('user'),
        approvedBy: belongsTo('user', { optional: true }),
      },
      access: {
        read: ({ me }) => me.is('staff'),
        create: ({ row, me }) =>
          row.requestedById.eq(me.id).and(me.is('staff')).and(row.approvedById.isNull()),
        // Four eyes: whoever asked is not who lets it pass, and nobody signs for somebody else.
        update: ({ row, me }) =>
          me
            .is('staff')
            .and(row.requestedById.eq(me.id).not())
            .and(row.approvedById.isNull().or(row.approvedById.eq(me.id))),
      },
    },
  },
})

/** The club. */
export const clubApp = app({
  ...{ kits: [identity, club], title: 'Club', roles: ['staff'] },
  services: { clerk: { scopes: ['payout.read'], roles: ['staff'] } },
})

const nobody = '01900000-0000-7000-8000-999999999999'

/** A password that anybody may have. */
export const password = 'correct horse battery'

/** What came of a request. */
export interface Answer {
  readonly status: number
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
  readonly cookie: string | undefined
}

/** How a request is made. */
export interface Sent {
  readonly body?: unknown
  readonly token?: string | undefined
  readonly remoteAddress?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** The club on a fresh database. */
export async function openClub() {
  const server = givenServer()
  const tested = await testApp(clubApp, server ? { server } : {})
  let count = 0
  // By the name, at each call: a file may put another way of asking in its place.
  const send = sendsOf((...asked) => tested.request(...asked), address)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  /** Another network with each call, so that only what is about an account is counted. */
  function address(): string {
    count += 1
    return `2001:db8:${(count >> 8).toString(16)}:${(count & 255).toString(16)}::1`
  }
  const call = callsOf(tested, address)
  return {
    ...{ tested, send, address },
    post: (flow: string, body: object, sent: Sent = {}) =>
      send(`POST /api/identity/${flow}`, { ...sent, body }),
    /** Sends a form of a page, as a browser does. */
    page: (path: string, values: Readonly<Record<string, string>>) => {
      const headers = { ...form, 'sec-fetch-site': 'same-origin' }
      return send(`POST ${path}`, { body: new URLSearchParams(values).toString(), headers })
    },
    call,
    /** Calls the engine itself: `user.list`, `user.get <id>`. Returns the status or the code. */
    async direct(line: string, input: object, token?: string): Promise<string> {
      const { code, status } = await call(line, input, { token })
      return code === 'ok' ? String(status) : code
    },
    /** The tokens of the mails to an address, the latest first. */
    async mailed(to: string): Promise<readonly string[]> {
      await tested.drain()
      const mails = (await tested.mails()).filter((mail) => mail.to.includes(to))
      return mails.flatMap((mail) => /token=([\w-]+)/.exec(mail.text ?? '')?.[1] ?? [])
    },
    /** A row of a token that lies in the database, and the token itself. */
    token: (type: keyof typeof prefixes) => tokens.make(prefixes[type]),
  }
}

/** Sends requests, each from another network unless it says from where. */
export function sendsOf(
  request: (...asked: Parameters<TestApp<never>['request']>) => Promise<LocalAnswer>,
  address: () => string,
) {
  return async (line: string, sent: Sent = {}): Promise<Answer> => {
    const [method = '', path = ''] = line.split(' ')
    const { body, token, remoteAddress = address(), headers = {} } = sent
    const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const reply = await request(method, path, {
      ...{ remoteAddress, headers: { ...bearer, ...headers } },
      ...(body === undefined ? {} : { body }),
    })
    const cookies = String(reply.headers['set-cookie'] ?? '')
    const json = /json/.test(String(reply.headers['content-type'])) ? JSON.parse(reply.text) : {}
    const [, cookie] = /__Host-sid=([^;]*)/.exec(cookies) ?? []
    return { status: reply.status, text: reply.text, body: json as Answer['body'], cookie }
  }
}

type LocalAnswer = Pick<
  Awaited<ReturnType<TestApp<never>['request']>>,
  'status' | 'headers' | 'text'
>

/** An app that runs. */
interface Invoking {
  readonly running: Pick<Awaited<ReturnType<typeof openApp>>, 'invoke'>
}

/** Calls the engine itself, as code within the process does. */
export function callsOf({ running }: Invoking, address: () => string) {
  return async (line: string, input: object, { token, remoteAddress }: Sent = {}) => {
    const [operation = '', id = nobody] = line.split(' ')
    const credential = token === undefined ? undefined : { from: 'bearer' as const, token }
    const whole = { operation, id, input, as: { credential }, traceId: '0'.repeat(32) }
    try {
      const asked = { ...whole, remoteAddress: remoteAddress ?? address() }
      const { status, body = '' } = await running.invoke(asked)
      return { code: 'ok', status, text: body }
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      return { code: error.code, status: error.status, text: `${error.code} ${error.detail}` }
    }
  }
}

/** What tests have of the club. */
export type Club = Awaited<ReturnType<typeof openClub>>

/** What the tests of a file attack. */
export interface ClubScene {
  /** The club of the whole file. */
  readonly club: Club
  /** The number of the test, for names that only it uses. */
  readonly count: number
  /** The address of Ann, whom each test has anew. */
  readonly anns: string
  readonly annId: string
}

/**
 * Declares the hooks of a file: one club for all tests, a day and an Ann of its own for each. What
 * `opened` returns ends before the club does.
 */
export function clubScene(
  opened: (club: Club) => Promise<() => Promise<unknown>> = async () => async () => undefined,
): ClubScene {
  const scene = { count: 0, anns: '', annId: '' } as {
    -readonly [K in keyof ClubScene]: ClubScene[K]
  }
  let opening: Promise<() => Promise<unknown>> | undefined
  before(async () => {
    opening = openClub().then(async (club) => {
      scene.club = club
      return opened(club)
    })
    await opening
  })
  beforeEach(async () => {
    const { tested } = scene.club
    scene.count += 1
    // A day later, so that no test uses up what another one counts.
    tested.clock.advance(25 * 3_600_000)
    scene.anns = `ann${scene.count}@club.example`
    scene.annId = (await tested.user({ email: scene.anns, password, name: 'Ann' })).id
  })
  after(async () => {
    // Where no test has the name that is asked for, Node ends before it has begun.
    const close = await opening?.catch(() => undefined)
    await close?.()
    await scene.club?.tested.close()
  })
  return scene
}

/** Signs somebody in. Returns the token of the session. */
export async function signIn({ post }: Club, email: string): Promise<string> {
  return String((await post('sign-in', { email, password })).body.token)
}

/** Gives an account an authenticator app. Returns its recovery codes and what tells its code. */
export async function withTotp(club: Club, email: string) {
  const token = await signIn(club, email)
  const { secret } = (await club.post('set-up-totp', {}, { token })).body
  const generator = new TOTP({ secret: String(secret) })
  const code = (): string => generator.generate({ timestamp: club.tested.clock.now() })
  const { recoveryCodes, token: next } = (
    await club.post('confirm-totp', { code: code() }, { token })
  ).body
  return { code, token: String(next), recoveryCodes: recoveryCodes as readonly string[] }
}
