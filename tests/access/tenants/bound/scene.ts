/** Owns the scene of credentials that are bound: one person, two organisations, a key of each. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { createClient, memoryStorage } from 'plinth/client'
import {
  app,
  belongsTo,
  hasMany,
  identity,
  kit,
  list,
  nobody,
  text,
} from '../../../../packages/plinth/src/index.ts'
import { testApp } from '../../../../packages/plinth/src/testing.ts'

const work = kit('work', {
  uses: [identity],
  models: {
    project: {
      tenant: true,
      fields: { name: text(), tasks: hasMany('task') },
      access: {
        read: ({ me }) => me.signedIn,
        create: ({ me }) => me.signedIn,
        update: ({ row, me }) => me.in(row.organisation, 'owner'),
        delete: ({ me }) => me.may('project.delete'),
      },
      key: ['name'],
    },
    task: {
      tenant: true,
      fields: { title: text(), project: belongsTo('project', { onDelete: 'cascade' }) },
      access: { read: ({ me }) => me.signedIn, write: ({ me }) => me.signedIn },
    },
    // No tenant's: its rule alone says who may.
    room: {
      fields: { name: text(), organisation: belongsTo('organisation') },
      access: { read: ({ row, me }) => me.in(row.organisation), write: nobody },
    },
  },
})

const later = work.job('later', {
  input: { name: text() },
  async run({ data, input, me }) {
    // A service is a member of none, so no room is there for it.
    const rooms = me.via('service') ? [] : (await data.room.find()).data
    const word = `${me.may('project.delete') ? 'may' : 'may not'}, rooms ${rooms.length}`
    await data.unrestricted.project.create({ name: `${input.name}: ${word}` })
  },
})

work.action('begin', {
  allow: ({ me }) => me.signedIn,
  input: { name: text() },
  async run({ input, enqueue }) {
    await enqueue(later, input)
  },
})

work.action('rooms', {
  allow: ({ me }) => me.signedIn,
  output: { rooms: list(text()), projects: list(text()) },
  async run({ data }) {
    const [rooms, projects] = [await data.room.find(), await data.unrestricted.project.find()]
    const [one, two] = [rooms.data.map(({ name }) => name), projects.data.map(({ name }) => name)]
    return { rooms: one, projects: two }
  },
})

/** The app. */
export const boundApp = app({
  kits: [identity, work],
  organisations: { roles: { admin: ['project.delete'], member: [] } },
  services: {
    billing: { scopes: ['read', 'write'], organisationRole: 'admin' },
    press: { scopes: ['read', 'write'] },
  },
})

/** Who calls: a token, or nobody. */
export type Token = string | undefined

const password = 'correct horse battery'

/** The app behind a real server: Ann works in `acme`, which she owns, and in `bolt`. */
export async function openBound(context: TestContext) {
  const tested = await testApp(boundApp)
  context.after(() => tested.close())
  const { url } = await tested.serve()
  const [ann, ben] = [await tested.user({ password }), await tested.user()]
  const acme = await tested.member(ann)
  const bolt = await tested.member(ben)
  await tested.member(ann, { of: bolt, role: 'admin' })
  const { data } = tested
  const made: Record<string, string> = {}
  for (const [name, { organisation }] of [['acme', acme] as const, ['bolt', bolt] as const]) {
    const organisationId = organisation.id
    await data.room.create({ name, organisationId })
    const { id } = await data.project.create({ name, organisationId })
    const task = await data.task.create({ title: name, organisationId, projectId: id })
    Object.assign(made, { [name]: id, [`${name} task`]: task.id })
  }
  const call = async (method: string, path: string, { token, body }: Sending = {}) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const given = body === undefined ? {} : { body }
    const answer = await tested.request(method, path, { headers, ...given })
    return { status: answer.status, body: answer.text === '' ? {} : (answer.json() as Body) }
  }
  const signedIn = await call('POST', '/api/identity/sign-in', {
    body: { email: ann.email, password },
  })
  const session = String(signedIn.body.token)
  const make = async (organisation?: string, more: object = {}) => {
    const input = { name: 'till', scopes: ['read', 'write'], organisation, ...more }
    const path = '/api/identity/make-api-key'
    return call('POST', path, { token: session, body: input })
  }
  const lend = async (organisation?: string) => {
    const body = { agent: 'helper', scopes: ['read', 'write'], organisation }
    return call('POST', '/api/identity/make-agent-token', { token: session, body })
  }
  const tokenOf = async (making: ReturnType<typeof make>): Promise<string> => {
    const { status, body } = await making
    assert.equal(status, 200, JSON.stringify(body))
    return String(body.token)
  }
  const client = (token: string) =>
    createClient<typeof boundApp>({ url, session: memoryStorage(token) })
  const ids = { acme: acme.organisation.id, bolt: bolt.organisation.id }
  return { tested, url, ann, ben, ids, made, session, call, make, lend, tokenOf, client }
}

/** An open scene. */
export type Bound = Awaited<ReturnType<typeof openBound>>

interface Sending {
  readonly token?: Token
  readonly body?: unknown
}

interface Body {
  readonly [name: string]: unknown
  readonly data?: readonly Readonly<Record<string, unknown>>[]
}

/** The names of the records of an answer, in order; its code where it is none. */
export function namesOf({ body }: { readonly body: Body }): string {
  const names = body.data?.map(({ name, title }) => String(name ?? title)).sort()
  return names ? names.join(' ') : String(body.code)
}
