/**
 * Proves that a credential of one organisation works there and nowhere else, through every door, as
 * long as its owner is a member; and that one of none reaches no tenant's record.
 */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { signToken } from '../../../../packages/plinth/src/app/services/claims.ts'
import { keyOf } from '../../../../packages/plinth/src/app/services/credential.ts'
import { makeServiceKey } from '../../../../packages/plinth/src/app/services/keys.ts'
import { follow } from '../../../../packages/plinth/src/live/proof/follower.ts'
import { type Bound, namesOf, openBound } from './scene.ts'

async function open(context: TestContext) {
  const scene = await openBound(context)
  const { ids, make, lend, tokenOf, call } = scene
  /** What somebody finds of everything, by all ways of REST and by an action. */
  const found = async (token: string): Promise<string> => {
    const lists = ['projects', 'tasks', 'rooms', 'organisations', 'memberships']
    const seen: string[] = []
    for (const plural of lists) {
      const { body, ...rest } = await call('GET', `/api/${plural}`, { token })
      const many = plural === 'memberships' ? String(body.data?.length) : namesOf({ body, ...rest })
      seen.push(`${plural}: ${many}`)
    }
    return seen.join(', ')
  }
  return {
    ...scene,
    found,
    acme: await tokenOf(make(ids.acme)),
    bolt: await tokenOf(lend(ids.bolt)),
  }
}

/** A token of the service `press` by a key that it holds itself. */
async function signedByHand({ running, clock }: Bound['tested'], organisation: string) {
  const [, claims = ''] = (await running.serviceToken('press')).split('.')
  const { aud: audience } = JSON.parse(Buffer.from(claims, 'base64url').toString())
  const parts = { runtime: running.runtime, secret: '', audience }
  const { credential } = await makeServiceKey(parts, { service: 'press' })
  const held = JSON.parse(Buffer.from(credential.slice(4, -6), 'base64url').toString())
  const signing = { ...held, privateKey: keyOf(held), nowMs: clock.now() }
  return signToken(signing, { organisation })
}

async function codeOf(answer: ReturnType<Bound['call']>): Promise<string> {
  const { status, body } = await answer
  return `${status} ${body.code ?? ''}`.trim()
}

test('a key reaches the organisation that it was bound to, and no other one', async (context) => {
  const { acme, bolt, made, call, found, ids, tested } = await open(context)
  const names = (await tested.data.organisation.find({ sort: ['createdAt'] })).data
  const nameOf = (id: string) => names.find((one) => one.id === id)?.name
  for (const [token, own, other] of [
    [acme, 'acme', 'bolt'],
    [bolt, 'bolt', 'acme'],
  ] as const) {
    const members = own === 'acme' ? 1 : 2
    assert.equal(
      await found(token),
      `projects: ${own}, tasks: ${own}, rooms: ${own}, organisations: ${nameOf(ids[own])}, ` +
        `memberships: ${members}`,
    )
    const path = (which: string) => `/api/projects/${made[which]}`
    assert.equal(await codeOf(call('GET', path(own), { token })), '200')
    assert.equal(await codeOf(call('GET', path(other), { token })), '404 not_found')
    const body = { name: 'taken' }
    assert.equal(await codeOf(call('PATCH', path(other), { token, body })), '404 not_found')
    assert.equal(await codeOf(call('DELETE', path(other), { token })), '404 not_found')
    const across = { title: 'x', projectId: made[other] }
    assert.match(await codeOf(call('POST', '/api/tasks', { token, body: across })), /^422/)
    const sent = { name: 'x', organisationId: ids[other] }
    assert.match(await codeOf(call('POST', '/api/projects', { token, body: sent })), /^422/)
    const created = await call('POST', '/api/projects', { token, body: { name: 'new' } })
    assert.equal(created.body.organisationId, ids[own])
    const seen = (await call('POST', '/api/work/rooms', { token, body: {} })).body
    assert.deepEqual(seen, { rooms: [own], projects: [own, 'new'] })
    assert.equal(
      await codeOf(
        call('POST', '/api/identity/switch-organisation', {
          ...{ token, body: { organisation: ids[other] } },
        }),
      ),
      '403 session_required',
    )
  }
  const { data: rooms } = await tested.data.project.find({ filter: { name: 'taken' } })
  assert.equal(rooms.length, 0)
})

test('GraphQL and the client answer it as REST does', async (context) => {
  const { acme, bolt, made, call, client } = await open(context)
  for (const [token, own, other] of [
    [acme, 'acme', 'bolt'],
    [bolt, 'bolt', 'acme'],
  ] as const) {
    const query = `query ($id: ID!) {
      projects { totalCount edges { node { name tasks { edges { node { title } } } } } }
      rooms { edges { node { name organisation { name } } } }
      organisations { totalCount } project(id: $id) { name }
      back: projects(filter: { tasks: { some: { title: { eq: "${other}" } } } }) { totalCount }
    }`
    const variables = { id: made[other] }
    const { body } = await call('POST', '/api/graphql', { token, body: { query, variables } })
    const text = JSON.stringify(body)
    assert.ok(text.includes(`"name":"${own}"`), text)
    assert.ok(!text.includes(`"${other}"`), text)
    assert.deepEqual((body.data as never as { back: object }).back, { totalCount: 0 })
    const change = `mutation { projectUpdate(id: "${made[other]}", input: { name: "x" }) {
      ... on CallFailure { code }
    } }`
    const changed = await call('POST', '/api/graphql', { token, body: { query: change } })
    assert.match(JSON.stringify(changed.body), /not_found/)
    const { data } = await client(token).data.project.find().orThrow()
    assert.deepEqual(
      data.map(({ name }) => name),
      [own],
    )
    const missing = await client(token).data.project.get(String(made[other]))
    assert.equal(missing.ok ? '' : missing.failure.code, 'not_found')
  }
})

test('a key of no organisation reaches no record of any', async (context) => {
  const { make, lend, tokenOf, found, call, made } = await open(context)
  for (const token of [await tokenOf(make()), await tokenOf(lend())]) {
    const seen = await found(token)
    // Its owner is a member of two: what is no tenant's is not there by them either.
    const nothing = 'rooms: forbidden, organisations: forbidden, memberships: undefined'
    const needed = 'organisation_required'
    assert.equal(seen, `projects: ${needed}, tasks: ${needed}, ${nothing}`)
    const one = await call('GET', `/api/projects/${made.acme}`, { token })
    assert.equal(one.status, 404)
    const created = await call('POST', '/api/projects', { token, body: { name: 'x' } })
    assert.equal(created.body.code, 'organisation_required')
    assert.match(String(created.body.detail), /make one for an organisation/)
  }
})

test('a key is bound to an organisation of its owner alone, and shows which', async (context) => {
  const { tested, make, ids, session, call, ben } = await open(context)
  const own = await tested.member(await tested.user())
  assert.equal((await make(own.organisation.id)).body.code, 'not_found')
  assert.equal((await make(ben.id)).body.code, 'not_found')
  assert.equal((await make('acme')).body.code, 'invalid_input')
  assert.equal((await make(ids.bolt, { membershipId: ids.acme })).body.code, 'invalid_input')
  const { body } = await make(ids.bolt)
  assert.equal(body.organisationId, ids.bolt)
  const path = '/api/apiKeys?include=organisation'
  const { body: listed } = await call('GET', path, { token: session })
  const places = listed.data?.map(({ organisationId }) => organisationId).sort()
  assert.deepEqual(places, [ids.acme, ids.bolt].sort())
  assert.ok(!JSON.stringify(listed).includes('membershipId'))
  const rotated = await call('POST', '/api/identity/rotate-api-key', {
    ...{ token: session, body: { key: body.id, overlapHours: 0 } },
  })
  assert.equal(rotated.body.organisationId, ids.bolt, 'a new one is of the same organisation')
  const seen = await call('GET', '/api/projects', { token: String(rotated.body.token) })
  assert.equal(namesOf(seen), 'bolt')
})

test('a role that changes, and a place that is lost, count for the next call', async (context) => {
  const { tested, acme, bolt, ann, ben, ids, call, make, tokenOf } = await open(context)
  const { membership } = tested.data
  const filter = { userId: ann.id, organisationId: ids.bolt }
  const place = (await membership.find({ filter })).data[0]
  const remove = async (token: string) => {
    const { body } = await call('POST', '/api/projects', { token, body: { name: 'short' } })
    return codeOf(call('DELETE', `/api/projects/${body.id}`, { token }))
  }
  assert.equal(await remove(bolt), '204')
  await membership.update(String(place?.id), { role: 'member' })
  assert.match(await remove(bolt), /^40[34]/)
  const second = await tokenOf(make(ids.bolt))
  const third = await make(ids.bolt)
  await tested.running.runtime.database.query({
    text: 'update identity.api_key set membership_id = null where id = $1',
    values: [third.body.id],
  })
  const broken = call('GET', '/api/projects', { token: String(third.body.token) })
  assert.equal(await codeOf(broken), '401 invalid_credentials', 'bound by one half reaches nothing')
  await tested.data.apiKey.delete(String(third.body.id))
  await tested.data.user.update(ann.id, { suspended: true })
  assert.equal(
    await codeOf(call('GET', '/api/projects', { token: second })),
    '401 invalid_credentials',
  )
  await tested.data.user.update(ann.id, { suspended: false })
  assert.equal(await codeOf(call('GET', '/api/projects', { token: second })), '200')
  await membership.delete(String(place?.id))
  for (const token of [bolt, second]) {
    for (const path of ['projects', 'rooms', 'organisations', 'identity/me']) {
      assert.equal(await codeOf(call('GET', `/api/${path}`, { token })), '401 invalid_credentials')
    }
  }
  assert.equal(namesOf(await call('GET', '/api/projects', { token: acme })), 'acme')
  await tested.member(ann, { of: { ...ben, organisation: { id: ids.bolt, role: 'owner' } } })
  assert.equal(
    await codeOf(call('GET', '/api/projects', { token: second })),
    '401 invalid_credentials',
    'who joins again makes new ones',
  )
  const { data: kept } = await tested.data.apiKey.find()
  const places = kept.map(({ organisationId }) => organisationId)
  assert.deepEqual(places, [ids.acme], 'keys of it are gone')
})

test('a job that a key began works where the key does', async (context) => {
  const { tested, acme, bolt, ann, ids, call } = await open(context)
  const begin = (token: string, name: string) =>
    call('POST', '/api/work/begin', { token, body: { name } })
  const jobs = async () => {
    const { data } = await tested.data.project.find({ sort: ['name'] })
    return data.flatMap(({ name, organisationId }) =>
      name.includes(':') ? [`${organisationId === ids.acme ? 'acme' : 'bolt'} ${name}`] : [],
    )
  }
  await begin(acme, 'a')
  await begin(bolt, 'b')
  await tested.drain()
  const done = ['acme a: may, rooms 1', 'bolt b: may, rooms 1']
  assert.deepEqual(await jobs(), done)
  await begin(bolt, 'c')
  const filter = { userId: ann.id, organisationId: ids.bolt }
  for (const { id } of (await tested.data.membership.find({ filter })).data) {
    await tested.data.membership.delete(id)
  }
  await tested.drain()
  assert.deepEqual(await jobs(), done, 'who has left does nothing there, nor elsewhere instead')
})

test('a service works in the organisation that its token names', async (context) => {
  const { tested, ids, call, made, found } = await open(context)
  const { serviceToken } = tested.running
  const token = await serviceToken('billing', { organisation: ids.bolt })
  assert.match(
    await found(token),
    /^projects: bolt, tasks: bolt, rooms: forbidden, organisations: forbidden/,
  )
  assert.equal(await codeOf(call('GET', `/api/projects/${made.acme}`, { token })), '404 not_found')
  const { body } = await call('POST', '/api/projects', { token, body: { name: 'short' } })
  assert.equal(body.organisationId, ids.bolt)
  assert.equal(await codeOf(call('DELETE', `/api/projects/${body.id}`, { token })), '204')
  await call('POST', '/api/work/begin', { token, body: { name: 's' } })
  await tested.drain()
  const { data } = await tested.data.project.find({ filter: { name: { startsWith: 's:' } } })
  assert.deepEqual(
    data.map(({ organisationId }) => organisationId),
    [ids.bolt],
  )
  const none = await serviceToken('billing')
  const refused = await call('GET', '/api/projects', { token: none })
  assert.equal(refused.body.code, 'organisation_required')
  await assert.rejects(serviceToken('press', { organisation: ids.bolt }), { code: 'invalid_input' })
  // Whoever holds a key signs what they like: it is refused where it comes.
  const signed = await signedByHand(tested, ids.bolt)
  const wide = await call('GET', '/api/projects', { token: signed })
  assert.equal(wide.status, 401)
  assert.match(String(wide.body.detail), /works in no organisation/)
  await assert.rejects(serviceToken('billing', { organisation: made.bolt ?? '' }), {
    code: 'not_found',
  })
  // Its projects take their tasks along; then nothing restricts it any more.
  const { project, room, organisation } = tested.data
  const filter = { organisationId: ids.bolt }
  for (const { id } of (await project.find({ filter })).data) await project.delete(id)
  for (const { id } of (await room.find({ filter })).data) await room.delete(id)
  await organisation.delete(ids.bolt)
  const dead = await call('GET', '/api/projects', { token })
  assert.equal(dead.status, 401, JSON.stringify(dead.body))
  assert.match(String(dead.body.detail), /is not there/)
})

test('what a key follows is of its organisation, and ends with its place', async (context) => {
  const { tested, url, acme, bolt, ann, ids } = await open(context)
  const one = await follow(`${url}/api/projects`, { token: acme })
  const two = await follow(`${url}/api/projects`, { token: bolt })
  const service = await tested.running.serviceToken('billing', { organisation: ids.bolt })
  const three = await follow(`${url}/api/projects`, { token: service })
  context.after(() => [one, two, three].map((stream) => stream.close()))
  for (const stream of [one, two, three]) {
    await stream.until('an answer', ({ rows }) => rows.length === 1)
  }
  await tested.data.project.create({ name: 'secret', organisationId: ids.acme })
  await one.until('what is theirs', ({ rows }) => rows.length === 2)
  await tested.data.project.create({ name: 'other', organisationId: ids.bolt })
  for (const stream of [two, three]) {
    await stream.until('what is theirs', ({ rows }) => rows.length === 2)
    assert.ok(!JSON.stringify(stream.told).includes('secret'))
  }
  const filter = { userId: ann.id, organisationId: ids.bolt }
  for (const { id } of (await tested.data.membership.find({ filter })).data) {
    await tested.data.membership.delete(id)
  }
  await two.closed
  assert.equal(two.told.at(-1)?.data.code, 'invalid_credentials')
  await tested.data.project.create({ name: 'later', organisationId: ids.bolt })
  await three.until('the later one', ({ rows }) => rows.length === 3)
  assert.ok(!JSON.stringify(two.told).includes('later'))
  assert.equal(one.rows.length, 2)
})
