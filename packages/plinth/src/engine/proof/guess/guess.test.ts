/** Owns the proofs of guessed callers: a read goes with the look-up of its caller, and obeys it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { present } from '../../../base/assert.ts'
import type { ModelOperation } from '../../../catalog/catalog.ts'
import type { Database } from '../../../database/database.ts'
import { onBothServers, say } from '../../../database/proof/servers.ts'
import type { Call } from '../../call.ts'
import { invoke } from '../../invoke.ts'
import { runModelOperation } from '../../models.ts'
import type { Runtime } from '../../runtime.ts'
import { callBy, type Desk, openDesk, outcomeOf } from '../desk.ts'

const email = 'eve@desk.example'
const password = 'correct horse battery'

interface Seat extends Desk {
  readonly userId: string
  /** Reads all notes with the session's token. */
  readonly read: (runtime?: Runtime, from?: 'bearer' | 'cookie') => Promise<string>
}

/** Somebody with a session, a note of theirs, and a note that only staff may read. */
async function seated(desk: Desk): Promise<Seat> {
  const { tested, call, running, ben } = desk
  const { id: userId } = await tested.user({ email, password })
  const { data } = tested
  await data.note.create({ title: 'own', ownerId: userId })
  await data.note.create({ title: 'foreign', ownerId: ben.id })
  const reply = await call(undefined, 'identity.signIn', { input: { email, password } })
  const { token } = JSON.parse(reply.body ?? '') as { token: string }
  return {
    ...desk,
    userId,
    async read(runtime = running.runtime, from = 'bearer') {
      const query = { fields: ['title'], sort: ['title'] }
      const as = { credential: { from, token } } as const
      const asked: Partial<Call> = { operation: 'note.list', query, as }
      const { body = '' } = await invoke(runtime, callBy(undefined, asked as Call))
      const { data: notes } = JSON.parse(body) as { data: readonly Record<string, unknown>[] }
      return notes.map(({ title }) => title).join(' ')
    },
  }
}

/** A runtime that knows nobody until it is told to, and notes what is asked of the database. */
function holding(real: Runtime) {
  const texts: string[] = []
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const identify: Runtime['identify'] = async (token, came) => {
    await opened
    return real.identify(token, came)
  }
  const query: Database['query'] = (asked) => {
    texts.push(asked.text)
    return real.database.query(asked)
  }
  return { texts, open, runtime: { ...real, identify, database: { ...real.database, query } } }
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

onBothServers('guessed callers', (server) => {
  test('a read is sent together with the look-up of its caller', async (context) => {
    const desk = await seated(await openDesk(server, context))
    const { runtime } = desk.running
    const sentBefore = async (given: Runtime) => {
      const held = holding(given)
      const asked = desk.read(held.runtime)
      await turns(5)
      const { length } = held.texts
      held.open()
      assert.equal(await asked, 'own')
      return length
    }
    assert.equal(await sentBefore(runtime), 0, 'the first waits until it is known who asks')
    assert.equal(await sentBefore(runtime), 1, 'the second waits for nothing')
    const blind: Runtime = { ...runtime, recall: () => undefined }
    assert.equal(await sentBefore(blind), 0, 'this is how it looks where nobody remembers')
  })

  test('what changes for a caller is in force for the next read', async (context) => {
    const desk = await seated(await openDesk(server, context))
    const { userId, read } = desk
    const raw = await desk.raw()
    const user = (set: string) =>
      raw.query(say(`update identity."user" set ${set} where id = $1::uuid`, userId))
    assert.equal(await read(), 'own')
    assert.equal(await read(), 'own', 'guessed')
    await user(`roles = array['staff']`)
    assert.equal(await read(), 'foreign own', 'a role gained')
    assert.equal(await read(), 'foreign own', 'guessed')
    await user(`roles = array[]::text[]`)
    assert.equal(await read(), 'own', 'a role lost')
    await user(`suspended = true`)
    assert.equal(await outcomeOf(read()), 'invalid_credentials')
    await user(`suspended = false`)
    assert.equal(await read(), 'own')
    assert.equal(await read(), 'own', 'guessed')
    await raw.query(say('delete from identity.session where user_id = $1::uuid', userId))
    assert.equal(await outcomeOf(read()), 'invalid_credentials', 'an ended session')
    assert.equal(await outcomeOf(read()), 'invalid_credentials', 'and it is forgotten')
    assert.equal(await read(desk.running.runtime, 'cookie'), '', 'its cookie is anonymous')
  })

  test('a read under way for a wrong guess is dropped, failed or not', async (context) => {
    const desk = await seated(await openDesk(server, context))
    const { runtime } = desk.running
    assert.equal(await desk.read(), 'own')
    const staff = { is: 'user', id: desk.userId, roles: new Set(['staff']) } as const
    const recall: Runtime['recall'] = (token, from) => {
      return { ...present(runtime.recall(token, from), 'a guess'), caller: staff }
    }
    assert.equal(await desk.read({ ...runtime, recall }), 'own')
    let reads = 0
    const query: Database['query'] = (asked) => {
      reads += 1
      if (reads === 1) return Promise.reject(new Error('the read of a guess fails'))
      return runtime.database.query(asked)
    }
    const database: Database = { ...runtime.database, query }
    assert.equal(await desk.read({ ...runtime, recall, database }), 'own')
    assert.equal(reads, 2, 'for the guess, and again for who it was')
  })

  test('what was read for a guess is written once it is confirmed', async (context) => {
    const desk = await seated(await openDesk(server, context))
    const { runtime } = desk.running
    const caller = { is: 'user', id: desk.userId, roles: new Set<string>() } as const
    const { promise: confirmed, resolve } = Promise.withResolvers<void>()
    const call = callBy(undefined, { operation: 'note.list' })
    const operation = runtime.catalog.operations.get('note.list') as ModelOperation
    const scope = { runtime, session: runtime.database, caller, call, confirmed }
    let written = false
    const reply = runModelOperation(scope, operation).then((answered) => {
      written = true
      return answered
    })
    // Asked for later, and answered: the rows of the read have come by then.
    for (let each = 0; each < 5; each++) await runtime.database.query(say('select 1'))
    assert.ok(!written)
    resolve()
    assert.match((await reply).body ?? '', /"own"/)
  })

  test('writes wait until it is known who asks', async (context) => {
    const desk = await seated(await openDesk(server, context))
    const { runtime } = desk.running
    let recalled = 0
    const recall: Runtime['recall'] = () => {
      recalled += 1
      return undefined
    }
    const as = { credential: { from: 'bearer', token: `pls_${'A'.repeat(43)}` } } as const
    for (const operation of ['counter.create', 'counter.upsert', 'batch', 'identity.me']) {
      const call = callBy(undefined, { operation, as, input: {} })
      assert.equal(await outcomeOf(invoke({ ...runtime, recall }, call)), 'invalid_credentials')
    }
    assert.equal(recalled, 0)
  })
})
