/**
 * Proves that nothing crosses between organisations in what is followed, by SSE and by WebSocket:
 * whatever a rival does; and that whoever switches, or is removed, follows nothing of before.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { beginSession } from '../../../../packages/plinth/src/app/people/sessions.ts'
import { follow, type Rows } from '../../../../packages/plinth/src/live/proof/follower.ts'
import { openSocket } from '../../../../packages/plinth/src/live/proof/socket-client.ts'
import { filled } from '../answers.ts'
import { openScene, type Scene } from '../office.ts'
import { reads } from '../requests.ts'

let scene: Scene
let url: string
before(async () => {
  scene = await openScene(true)
  url = (await scene.tested.serve()).url
})
after(() => scene?.tested.close())

interface Read {
  readonly model: string
  readonly plural: string
  readonly query: object
}

/** Reads of the matrix that can be followed, from here and there; their filters speak of rivals. */
function followed(): readonly Read[] {
  const models = [...scene.tested.running.catalog.models.values()]
  const lists = reads(scene.tested.running.catalog).filter(({ method }) => method === 'POST')
  return ['project', 'task', 'tag', 'note'].flatMap((name) => {
    const plural = models.find((model) => model.name === name)?.plural ?? ''
    const own = lists.filter(({ path }) => path === `/api/${plural}/query`)
    const step = Math.ceil(own.length / 7)
    return own
      .filter((_, at) => at % step === 0)
      .map(({ body }) => {
        const { count: _, ...query } = JSON.parse(filled(JSON.stringify(body), scene)) as {
          count?: string
        }
        return { model: name, plural, query }
      })
  })
}

interface Following {
  readonly what: string
  readonly rows: Rows
  close(): void
}

/** Follows reads by both doors; those that cannot be followed are left out. */
async function followAll(token: string, all: readonly Read[]): Promise<readonly Following[]> {
  const socket = await openSocket(url, { authorization: `Bearer ${token}` })
  const following: Following[] = []
  for (const [at, { model, plural, query }] of all.entries()) {
    const what = `${model} ${JSON.stringify(query)}`
    const body = JSON.stringify(query)
    const stream = await follow(`${url}/api/${plural}/query`, { method: 'POST', token, body })
    if (stream.status === 200) {
      await stream.until(what, ({ told }) => told.length > 0)
      following.push({ what: `SSE ${what}`, rows: stream, close: () => stream.close() })
    } else stream.close()
    socket.say({ type: 'subscribe', id: String(at), read: `${model}.list`, query })
    const thread = socket.thread(String(at))
    await thread.until(what, ({ told }) => told.length > 0)
    if (thread.types[0] === 'result') {
      following.push({ what: `WebSocket ${what}`, rows: thread, close: () => socket.destroy() })
    }
  }
  return following
}

/** Why it has ended, by either door. */
function endOf({ told }: Rows): unknown {
  const { code, problem } = (told.at(-1)?.data ?? {}) as {
    code?: string
    problem?: { code: string }
  }
  return code ?? problem?.code
}

/** All that a rival can do to what it has: every one of its changes reaches the feed. */
async function rivalActs(mark: string): Promise<void> {
  const { data } = scene.tested
  const organisationId = scene.ids['rival.organisation'] ?? ''
  const word = (text: string): string => `${text} RIVAL ${mark}`
  const tag = await data.tag.create({ organisationId, label: word('tag') })
  const project = await data.project.create({
    ...{ organisationId, name: word('project'), rank: 5, leadId: scene.people.owner.id },
    ...{ tagIds: [tag.id], noteIds: [scene.ids.note ?? ''] },
  })
  const task = await data.task.create({
    ...{ organisationId, title: word('task'), projectId: project.id },
  })
  await data.project.update(project.id, { name: word('renamed'), tagIds: [] })
  await data.project.update(scene.ids['rival.project'] ?? '', { rank: Number(mark.length) })
  await data.task.update(task.id, { projectId: null, title: word('moved') })
  await data.task.delete(task.id)
  await data.tag.delete(tag.id)
  await data.project.delete(project.id)
}

test('what a rival does reaches nobody who follows anything of their own', async (context) => {
  const { tested, people, ids } = scene
  const { owner } = people
  const token = await beginSession(tested.running.runtime, owner.id, owner.organisation.id)
  const following = await followAll(token, followed())
  context.after(() => following.map((one) => one.close()))
  assert.ok(following.length > 30, `${following.length} can be followed`)
  // A plain list of each model is told of what we do last: then all others have been heard, too.
  const plain = await followAll(token, [
    { model: 'project', plural: 'projects', query: {} },
    { model: 'tag', plural: 'tags', query: {} },
  ])
  context.after(() => plain.map((one) => one.close()))
  const heard = following.map(({ rows }) => rows.told.length)
  await rivalActs('one')
  const organisationId = ids.organisation ?? ''
  await tested.data.tag.create({ organisationId, label: 'ours at last' })
  await tested.data.project.create({ organisationId, name: 'ours at last', rank: 7 })
  for (const { what, rows } of plain) {
    await rows.until(what, (one) => JSON.stringify(one.rows).includes('ours at last'))
  }
  const rival = Object.entries(ids).filter(([word]) => word.startsWith('rival.'))
  for (const { what, rows } of [...following, ...plain]) {
    const told = JSON.stringify(rows.told)
    assert.ok(!told.includes('RIVAL'), `${what}: ${told}`)
    for (const [word, id] of rival) assert.ok(!told.includes(id), `${what} tells ${word}`)
  }
  const more = following.filter(({ rows }, at) => rows.told.length > (heard[at] ?? 0))
  context.diagnostic(`${following.length} followed, ${more.length} told of what we did`)
})

test('who switches follows the other organisation from there on', async (context) => {
  const { tested, people, other, ids } = scene
  // In the same role: nothing but the organisation tells the one result from the other.
  await tested.member(people.owner, { of: other, role: 'owner' })
  const { id, organisation } = people.owner
  const token = await beginSession(tested.running.runtime, id, organisation.id)
  const query = { sort: ['name'] }
  const following = await followAll(token, [{ model: 'project', plural: 'projects', query }])
  context.after(() => following.map((one) => one.close()))
  const names = ({ rows }: Rows): string => rows.map(({ name }) => name).join()
  const change = async (to: string | null) => {
    const answer = await fetch(`${url}/api/identity/switch-organisation`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ organisation: to }),
    })
    assert.equal(answer.status, 204, await answer.text())
  }
  const theirs = ids['rival.organisation'] ?? ''
  await change(theirs)
  for (const { what, rows } of following) {
    await rows.until(what, (one) => names(one).includes('two RIVAL'))
    assert.deepEqual(rows.told.filter(({ type }) => type === 'gap').at(-1)?.data, {
      reason: 'rights',
    })
  }
  const seen = following.map(({ rows }) => rows.told.length)
  await tested.data.project.create({
    organisationId: ids.organisation ?? '',
    name: 'OURS',
    rank: 1,
  })
  await tested.data.project.create({ organisationId: theirs, name: 'THEIRS', rank: 1 })
  for (const [at, { what, rows }] of following.entries()) {
    await rows.until(what, (one) => names(one).includes('THEIRS'))
    assert.ok(!JSON.stringify(rows.told.slice(seen[at])).includes('OURS'), what)
  }
  await change(null)
  for (const { what, rows } of following) {
    await rows.until(what, ({ told }) => told.at(-1)?.type === 'end')
    assert.equal(endOf(rows), 'organisation_required', what)
  }
})

test('who is removed hears nothing of it any more, by either door', async (context) => {
  const { tested, people, ids } = scene
  const ben = await tested.member(await tested.user(), { of: people.owner })
  const token = await beginSession(tested.running.runtime, ben.id, ben.organisation.id)
  const following = await followAll(token, [
    { model: 'project', plural: 'projects', query: {} },
    { model: 'task', plural: 'tasks', query: { include: { project: true } } },
    { model: 'note', plural: 'notes', query: {} },
    { model: 'note', plural: 'notes', query: { include: { projects: true } } },
  ])
  context.after(() => following.map((one) => one.close()))
  assert.equal(following.length, 8)
  const { data: places } = await tested.data.membership.find({ filter: { userId: ben.id } })
  for (const { id } of places) await tested.data.membership.delete(id)
  for (const { what, rows } of following) {
    if (what.endsWith(' note {}')) {
      // No tenant's: it goes on, without what the rule finds through projects.
      await rows.until(what, (one) => one.rows.every(({ text }) => text === 'shared'))
    } else {
      await rows.until(what, ({ told }) => told.at(-1)?.type === 'end')
      const why = what.includes(' note ') ? 'invalid_input' : 'organisation_required'
      assert.equal(endOf(rows), why, what)
    }
  }
  const seen = following.map(({ rows }) => rows.told.length)
  const organisationId = ids.organisation ?? ''
  const noteIds = [ids.note ?? '']
  await tested.data.project.create({ organisationId, name: 'LATE', rank: 3, noteIds })
  const barrier = await tested.data.note.create({ text: 'shared' })
  for (const [at, { what, rows }] of following.entries()) {
    if (what.endsWith(' note {}')) {
      await rows.until(what, (one) => one.rows.some(({ id }) => id === barrier.id))
    }
    assert.ok(!JSON.stringify(rows.told.slice(seen[at])).includes('LATE'), what)
  }
})
