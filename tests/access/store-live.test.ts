/**
 * Proves that the store is the same by every door that follows: each person sees, gains and loses
 * by SSE, by WebSocket and by a GraphQL subscription what a read tells them.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { beginSession } from '../../packages/plinth/src/app/people/sessions.ts'
import { monotonicMs, sleep } from '../../packages/plinth/src/base/time.ts'
import type { Model } from '../../packages/plinth/src/catalog/catalog.ts'
import { follow, type Rows } from '../../packages/plinth/src/live/proof/follower.ts'
import { openSocket } from '../../packages/plinth/src/live/proof/socket-client.ts'
import { routes } from '../../packages/plinth/src/rest/route/routes.ts'
import { openScene, type Person, type Scene } from './world/store-scene.ts'

const people: readonly Person[] = ['guest', 'alice', 'bob', 'staff']
const patienceMs = 20_000

let scene: Scene
let url = ''
before(async () => {
  scene = await openScene()
  url = (await scene.app.serve()).url
})
after(() => scene?.app.close())

/** What somebody sees of a model by a door: the ids of its records, or why there are none. */
interface Sight {
  readonly door: string
  ids(): readonly string[] | string | undefined
  /** Everything that was told, as text. */
  text(): string
  close(): void
}

async function tokenOf(person: Person): Promise<string | undefined> {
  const who = scene.people[person]
  return who === 'anonymous' ? undefined : beginSession(scene.app.running.runtime, who.id)
}

async function read(person: Person, { plural }: Model): Promise<readonly string[] | string> {
  const path = `/api/${plural}?limit=200`
  const answer = await scene.app.request('GET', path, { as: scene.people[person] })
  const body = answer.json() as { data: { id: string }[]; code: string }
  return answer.status === 200 ? sorted(body.data) : body.code
}

const sorted = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id).sort()

function idsOf(rows: Rows): readonly string[] | string | undefined {
  const end = rows.told.find(({ type }) => type === 'end')?.data.problem
  if (end) return (end as { readonly code: string }).code
  return rows.told.length === 0 ? undefined : sorted(rows.rows)
}

async function byStream({ plural }: Model, token: string | undefined): Promise<Sight> {
  const stream = await follow(`${url}/api/${plural}?limit=200`, { token })
  if (stream.status !== 200) await stream.closed
  return {
    door: 'SSE',
    ids: () => (stream.problem ? String(stream.problem.code) : idsOf(stream)),
    text: () => JSON.stringify([stream.told, stream.problem]),
    close: () => stream.close(),
  }
}

async function bySocket({ name }: Model, token: string | undefined): Promise<Sight> {
  const socket = await openSocket(url, token ? { authorization: `Bearer ${token}` } : {})
  socket.say({ type: 'subscribe', id: 'a', read: `${name}.list`, query: { limit: 200 } })
  const thread = socket.thread('a')
  return {
    door: 'WebSocket',
    ids: () => idsOf(thread),
    text: () => JSON.stringify(thread.told),
    close: () => socket.destroy(),
  }
}

interface Next {
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[]
  readonly data?: Readonly<Record<string, Message>>
}

interface Message {
  readonly kind: string
  readonly nodes: readonly Node[] | null
  readonly changes: readonly { kind: string; id: string; node: Node | null }[] | null
}

interface Node {
  readonly id: string
  readonly uuid: string
}

async function byGraphql({ plural }: Model, token: string | undefined): Promise<Sight> {
  const changes = 'changes { kind id node { id uuid } }'
  const text = `subscription { ${plural}(first: 200) { kind nodes { id uuid } ${changes} } }`
  const at = `${url}/api/graphql?query=${encodeURIComponent(text)}`
  const stream = await follow(at, { token })
  const ids = () => {
    const known = new Map<string, string>()
    let began = false
    for (const { type, data } of stream.told) {
      if (type !== 'next') continue
      const { errors, data: told } = data as Next
      if (errors) return errors[0]?.extensions.code ?? 'errors'
      const { kind, nodes, changes: all } = Object.values(told ?? {})[0] as Message
      began = true
      if (kind === 'RESULT') known.clear()
      for (const { id, uuid } of nodes ?? []) known.set(id, uuid)
      for (const change of all ?? []) {
        if (change.kind === 'LEAVE') known.delete(change.id)
        else if (change.node) known.set(change.node.id, change.node.uuid)
      }
    }
    return began ? [...known.values()].sort() : undefined
  }
  return {
    door: 'GraphQL',
    ids,
    text: () => JSON.stringify(stream.told),
    close: () => stream.close(),
  }
}

/** Waits until every door shows somebody what a read tells them. */
async function agree(person: Person, model: Model, sights: readonly Sight[]): Promise<void> {
  const wanted = await read(person, model)
  const until = monotonicMs() + patienceMs
  for (const sight of sights) {
    while (JSON.stringify(sight.ids()) !== JSON.stringify(wanted) && monotonicMs() < until) {
      await sleep(20)
    }
    assert.deepEqual(sight.ids(), wanted, `${person}: ${model.name} by ${sight.door}`)
  }
}

async function sightsOf(person: Person, model: Model): Promise<readonly Sight[]> {
  const token = await tokenOf(person)
  return Promise.all([byStream, bySocket, byGraphql].map((open) => open(model, token)))
}

/** The models that have an address, and those that have none. */
function models(served: boolean): readonly Model[] {
  const { catalog } = scene.app.running
  const listed = new Set(
    routes(catalog).flatMap(({ form, model }) => (form === 'list' ? model : [])),
  )
  return [...catalog.models.values()].filter((model) => listed.has(model) === served)
}

for (const person of people) {
  test(`${person} sees the same of every model by each door that follows`, async () => {
    let seen = 0
    for (const model of models(true)) {
      const sights = await sightsOf(person, model)
      try {
        await agree(person, model, sights)
        for (const { door, text } of sights) {
          const told = text()
          for (const word of scene.forbidden[person]) {
            assert.ok(!told.includes(word), `${person}: ${model.name} by ${door} tells ${word}`)
          }
        }
        seen += sights.length
      } finally {
        for (const { close } of sights) close()
      }
    }
    assert.ok(seen >= 24, `${seen} sights`)
  })

  test(`${person} follows nothing that has no address, by any door`, async () => {
    const hidden = models(false)
    assert.ok(hidden.length > 0)
    for (const model of hidden) {
      const sights = await sightsOf(person, model)
      const until = monotonicMs() + patienceMs
      for (const { door, ids, close } of sights) {
        while (ids() === undefined && monotonicMs() < until) await sleep(10)
        // GraphQL has no word for it: the document itself is wrong.
        const refused = door === 'GraphQL' ? 'invalid_input' : 'not_found'
        assert.equal(ids(), refused, `${person}: ${model.name} by ${door}`)
        close()
      }
    }
  })
}

test('what is shown, hidden and deleted comes and goes for each by every door alike', async () => {
  const { data, running } = scene.app
  const product = running.catalog.models.get('product') ?? assert.fail()
  const open = await Promise.all(
    people.map(async (person) => [person, await sightsOf(person, product)] as const),
  )
  const all = async () => {
    for (const [person, sights] of open) await agree(person, product, sights)
  }
  try {
    await all()
    const { data: known } = await data.product.find({ filter: { name: 'shown-product' } })
    const { data: hidden } = await data.product.find({ filter: { name: 'canary-unpublished' } })
    const [shown, other] = [known[0]?.id ?? '', hidden[0]?.id ?? '']
    await data.product.update(shown, { published: false })
    await all()
    assert.deepEqual(await read('guest', product), [])
    await data.product.update(shown, { published: true })
    await data.product.update(other, { published: true })
    await all()
    await data.product.update(other, { published: false })
    await all()
    const staff = scene.people.staff
    assert.ok(staff !== 'anonymous')
    await data.user.update(staff.id, { roles: [] })
    await all()
    assert.deepEqual(await read('staff', product), [shown], 'a role that is lost narrows all')
  } finally {
    for (const { close } of open.flatMap(([, sights]) => sights)) close()
  }
})
