/**
 * Proves that a hidden record and none at all are the same work: the very same statements, in the
 * same order and transactions. So time cannot tell them apart by what is done, and no clock is
 * needed to know it.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Database, Query, Session } from '../../packages/plinth/src/database/database.ts'
import { invoke } from '../../packages/plinth/src/engine/invoke.ts'
import type { Runtime } from '../../packages/plinth/src/engine/runtime.ts'
import { type DeskScene, openDesk, setDesk } from './world/desk.ts'

const missing = '01900000-0000-7000-8000-00000000dead'
let scene: DeskScene

before(async () => {
  scene = await setDesk(await openDesk())
})
after(() => scene?.desk.close())

/** A statement as the server gets it, without the values. */
type Told = string

/** The same database, which notes what is asked of it. */
function noting(database: Database, told: Told[]): Database {
  const session = (inner: Session): Session => ({
    query: (query: Query) => {
      told.push(`${query.name ?? ''} ${query.values.length} ${query.text}`)
      return inner.query(query)
    },
  })
  return {
    ...session(database),
    transaction(work, options) {
      told.push(`begin ${JSON.stringify(options ?? {})}`)
      return database.transaction((inner) => work(session(inner)), options)
    },
    dedicated: (work) => database.dedicated(work),
    follow: (following) => database.follow(following),
    close: () => database.close(),
  }
}

interface Asked {
  readonly operation: string
  readonly id?: string
  readonly key?: Readonly<Record<string, string>>
  readonly query?: object
  readonly input?: object
  readonly version?: number
}

/** What Bob is told, and the statements that it took. */
async function ask(asked: Asked): Promise<{ code: string; told: readonly Told[] }> {
  const { runtime } = scene.desk.running
  const told: Told[] = []
  const noted: Runtime = { ...runtime, database: noting(runtime.database, told) }
  const caller = { is: 'user', id: scene.bob.id, roles: new Set<string>() } as const
  const call = { ...asked, as: { caller }, remoteAddress: '192.0.2.1', traceId: '0'.repeat(32) }
  const code = await invoke(noted, call).then(
    (reply) => `${reply.status} ${reply.body}`,
    (failure: { code: string; detail: string }) => `${failure.code} ${failure.detail}`,
  )
  return { code, told }
}

/** The hidden one's id or key, then that of none. */
const pairs: readonly (readonly [string, (what: 'hidden' | 'missing') => Asked])[] = [
  ['get', (what) => ({ operation: 'paper.get', id: idOf(what) })],
  [
    'get with includes',
    (what) => ({
      ...{ operation: 'paper.get', id: idOf(what) },
      query: { include: { folder: true, labels: { limit: 2 } } },
    }),
  ],
  ['get by key', (what) => ({ operation: 'paper.get', key: { title: what } })],
  ['list', (what) => ({ operation: 'paper.list', query: { filter: { id: idOf(what) } } })],
  [
    'list by a related record',
    (what) => ({
      operation: 'paper.list',
      query: { filter: { folder: { id: folderOf(what) } }, count: 'exact' },
    }),
  ],
  ['update', (what) => ({ operation: 'paper.update', id: idOf(what), input: { body: 'x' } })],
  [
    'update of links',
    (what) => ({ operation: 'paper.update', id: idOf(what), input: { labelIds: [missing] } }),
  ],
  [
    'update of a version',
    (what) => ({ operation: 'paper.update', id: idOf(what), input: { body: 'x' }, version: 1 }),
  ],
  ['delete', (what) => ({ operation: 'paper.delete', id: idOf(what) })],
  ['delete of a version', (what) => ({ operation: 'paper.delete', id: idOf(what), version: 1 })],
  [
    'reference of a new record',
    (what) => ({
      operation: 'paper.create',
      input: { title: 'new', owner: scene.bob.id, folderId: folderOf(what) },
    }),
  ],
  [
    'reference of a change',
    (what) => ({
      ...{ operation: 'paper.update', id: scene.own.id, input: { folderId: folderOf(what) } },
    }),
  ],
]

function idOf(what: 'hidden' | 'missing'): string {
  return what === 'hidden' ? scene.hidden.id : missing
}

function folderOf(what: 'hidden' | 'missing'): string {
  return what === 'hidden' ? scene.folder.id : missing
}

for (const [name, asked] of pairs) {
  test(`${name}: hidden and missing run the same statements`, async () => {
    const [hidden, none] = [await ask(asked('hidden')), await ask(asked('missing'))]
    assert.deepEqual(hidden.told, none.told)
    assert.equal(hidden.code, none.code)
    assert.ok(hidden.told.length > 0, 'the database was asked')
  })
}

test('what is there takes the same statements too', async () => {
  const { told } = await ask({ operation: 'paper.get', id: scene.own.id })
  assert.deepEqual(told, (await ask({ operation: 'paper.get', id: missing })).told)
})
