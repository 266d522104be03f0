import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { text } from '../../../define/fields.ts'
import { app, kit } from '../../../define/kit.ts'
import { belongsTo } from '../../../define/relation.ts'
import { nobody } from '../../../define/rule.ts'
import { testApp } from '../../../testing/test-app.ts'
import { identity } from '../../kit.ts'

const desk = kit('desk', {
  uses: [identity],
  models: {
    note: { fields: { words: text({ max: 80 }) }, access: { read: nobody, create: nobody } },
    letter: {
      fields: { words: text({ max: 80 }), author: belongsTo('user') },
      access: {
        read: ({ row, me }) => row.authorId.eq(me.id).and(me.impersonated.not()),
        create: ({ row, me }) => row.authorId.eq(me.id).and(me.impersonated.not()),
      },
    },
    review: {
      fields: { words: text({ max: 80 }), author: belongsTo('user') },
      access: {
        read: ({ row, me }) => row.authorId.eq(me.id),
        create: ({ row, me }) => row.authorId.eq(me.id),
      },
    },
  },
})

desk.action('write', {
  input: { words: text({ max: 80 }) },
  allow: ({ me }) => me.signedIn,
  async run({ data, input }) {
    await data.unrestricted.note.create({ words: input.words })
  },
})

const password = 'correct horse battery'

/** Headers, and a token in the place of one. */
type Sent = Readonly<Record<string, string>>

/** Ann, and somebody of the staff who acts as her. */
async function scene(context: TestContext) {
  const tested = await testApp(app({ kits: [identity, desk], title: 'Desk', roles: ['staff'] }))
  context.after(() => tested.close())
  const ann = await tested.user()
  const staff = await tested.user({ password, roles: ['admin'] })
  const post = async (path: string, body: object, { token, ...headers }: Sent = {}) => {
    const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const sent = { body, headers: { ...bearer, ...headers } }
    const answer = await tested.request('POST', `/api/${path}`, sent)
    const json = (answer.text === '' ? {} : answer.json()) as Readonly<Record<string, unknown>>
    return { status: answer.status, json, replayed: 'idempotency-replayed' in answer.headers }
  }
  const act = async (): Promise<string> => {
    const { json: own } = await post('identity/sign-in', { email: staff.email, password })
    const asked = { user: ann.id, reason: 'Order 7 is stuck' }
    return String(
      (await post('identity/impersonate', asked, { token: String(own.token) })).json.token,
    )
  }
  return { tested, ann, staff, post, act }
}

test('A08: staff finds no stored answer of whom they act as, and leaves them none', async (t) => {
  const { act, ann, post, tested } = await scene(t)
  const [anns, acting] = [await tested.token(ann), await act()]
  const headers = { 'idempotency-key': '"the-same"' }
  const body = { words: 'between us', authorId: ann.id }
  const make = (model: string, token: string) => post(model, body, { token, ...headers })
  assert.equal((await make('letters', anns)).status, 201)
  const refused = await make('letters', acting)
  assert.deepEqual([refused.status, refused.replayed, refused.json.words], [403, false, undefined])
  const other = { 'idempotency-key': '"another"' }
  const told = []
  for (const token of [acting, anns, acting, anns]) {
    const { status, replayed } = await post('reviews', body, { token, ...other })
    told.push([status, replayed])
  }
  assert.deepEqual(told.flat(), [201, false, 201, false, 201, true, 201, true])
})

test('C11: what staff asked for as a user, to be done later, ends with the staff', async (t) => {
  const { act, post, staff, tested } = await scene(t)
  const root = await tested.user({ roles: ['admin'] })
  const later = async (words: string): Promise<void> => {
    const sent = { token: await act(), prefer: 'respond-async' }
    const { status } = await post('desk/write', { words }, sent)
    assert.equal(status, 202)
  }
  const suspend = async (suspended: boolean): Promise<void> => {
    const asked = { as: root, body: { suspended } }
    assert.equal((await tested.request('PATCH', `/api/users/${staff.id}`, asked)).status, 200)
  }
  const words = async () => (await tested.data.note.find()).data.map((note) => note.words)
  await later('by who is there')
  await tested.drain()
  assert.deepEqual(await words(), ['by who is there'])
  await later('by who was shut out')
  await suspend(true)
  await tested.drain()
  assert.deepEqual(await words(), ['by who is there'])
  await suspend(false)
  await tested.drain()
  assert.deepEqual(await words(), ['by who is there'], 'nor once they are back')
})
