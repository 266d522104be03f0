/** Owns the live doors of the table: reads answer with their first result, writes are watched. */

import { beginSession } from '../../../packages/plinth/src/app/people/sessions.ts'
import { sleep } from '../../../packages/plinth/src/base/time.ts'
import { HttpServer } from '../../../packages/plinth/src/http/server.ts'
import { follow, type Rows } from '../../../packages/plinth/src/live/proof/follower.ts'
import { openSocket } from '../../../packages/plinth/src/live/proof/socket-client.ts'
import type { TestCaller } from '../../../packages/plinth/src/testing.ts'
import type { Library } from '../../graphql/library.ts'
import { direct } from './direct.ts'
import { comparedOf, type Door, failed, isRead, type Outcome, part, type Question } from './door.ts'

/** What is known of a followed read. */
interface Watched {
  readonly rows: Rows
  close(): void
}

/** The way of one live door to follow a read. */
type Follow = (question: Question, token: string | undefined) => Promise<Watched | Outcome>

/** A door that tells what becomes of records. */
export interface LiveDoor extends Door {
  /** Follows a record while something is done; resolves with the record as it was told last. */
  watch<T>(record: Watch, work: () => Promise<T>): Promise<readonly [T, object | undefined]>
}

/** Which record is followed, and as whom. */
export interface Watch {
  readonly as: TestCaller
  readonly operation: string
  readonly id: string
  /** Waits until it is so, of what was told; at most ten seconds. */
  readonly until: (record: object | undefined) => Promise<boolean>
}

/** Opens the live doors of a library behind a real server. */
export async function openLive(world: Library) {
  const { handler, sockets, runtime } = world.running
  const log = (): void => undefined
  const server = new HttpServer({ handler, sockets, log })
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${port}`
  const tokenOf = (as: TestCaller): Promise<string | undefined> =>
    as === 'anonymous' ? Promise.resolve(undefined) : beginSession(runtime, as.id)
  const door = (name: string, followed: Follow): LiveDoor => ({
    name,
    async ask(_, question) {
      // What changes something has no live door: it is done by another, and watched.
      if (!isRead(question)) return direct.ask(world, question)
      const found = await followed(question, await tokenOf(question.as))
      if (!('rows' in found)) return found
      const outcome = outcomeOf(question, found.rows)
      found.close()
      return outcome
    },
    async watch({ as, operation, id, until }, work) {
      const found = await followed({ as, operation, id }, await tokenOf(as))
      if (!('rows' in found)) throw new Error(`${name}: ${JSON.stringify(found)}`)
      const { rows } = found
      const done = await work()
      for (let waited = 0; waited < 10_000 && !(await until(rows.rows[0])); waited += 10) {
        await sleep(10)
      }
      found.close()
      return [done, rows.rows[0]]
    },
  })
  return {
    doors: [door('live over SSE', bySse(url)), door('live over WebSocket', bySocket(url))] as const,
    close: () => server.close(),
  }
}

/** A read of one record that is not there is followed too: it may come. Others say `not_found`. */
function outcomeOf(question: Question, { rows }: Rows): Outcome {
  const names = comparedOf(question)
  if (question.operation.endsWith('.list')) return { data: rows.map((row) => part(row, names)) }
  const [row] = rows
  return row ? { data: part(row, names) } : failed({ code: 'not_found' })
}

function bySse(url: string): Follow {
  return async ({ operation, id, query }, token) => {
    const [name] = operation.split('.')
    const fields = query ? `?fields=${query.fields.join()}` : ''
    const stream =
      id === undefined
        ? await follow(`${url}/api/${name}s`, {
            ...{ token, method: 'QUERY', body: JSON.stringify(query ?? {}) },
          })
        : await follow(`${url}/api/${name}s/${encodeURIComponent(id)}${fields}`, { token })
    if (stream.status !== 200) {
      await stream.closed
      return failed(stream.problem as never)
    }
    await stream.until('a first result', ({ types }) => types.includes('result'))
    return { rows: stream, close: () => stream.close() }
  }
}

function bySocket(url: string): Follow {
  return async ({ operation, id, query }, token) => {
    const socket = await openSocket(url, {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    })
    const record = id === undefined ? {} : { record: id }
    socket.say({ type: 'subscribe', id: 'one', read: operation, query, ...record })
    const rows = socket.thread('one')
    await rows.until('an answer', ({ types }) => types.length > 0)
    const close = (): void => socket.destroy()
    const [first] = rows.told
    if (first?.type !== 'end') return { rows, close }
    close()
    return failed(first.data.problem as never)
  }
}
