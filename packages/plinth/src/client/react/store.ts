/** Owns what components have read from an app: each read once, for all that ask for the same. */

import type { AnyFailure, CallFailure } from '../call/failure.ts'
import type { Calling, Result } from '../call/result.ts'
import type { Followed, Follower } from '../live/follow.ts'
import type { AuthClient } from '../typed/auth.ts'
import type { Description } from './description.ts'

/** What is known of a read by now. */
export interface Seen<T = unknown> {
  /** The latest value; undefined before the first one, and where a failure came in its place. */
  readonly value: T | undefined
  readonly failure: AnyFailure | undefined
  /** True while an answer is awaited, also beside an earlier value. */
  readonly loading: boolean
  /** Of a read that is followed. True: the connection is lost, and what is shown may be old. */
  readonly away: boolean
}

/** A change that is shown before it is made. */
export type Change = (value: unknown) => unknown

/** One read of a store. */
export interface Entry {
  readonly description: Description
  seen: Seen
  /** The answer that is awaited, or the latest one. */
  answer: Promise<Result<unknown, string>> | undefined
  /** What the server said last, before changes that are only shown. */
  last: Result<unknown, string> | undefined
  readonly changes: Set<Change>
  readonly listeners: Set<() => void>
  /** Grows with each question: an answer to an earlier one comes too late. */
  asked: number
  /** Where it is followed: how to stop. */
  stop: (() => void) | undefined
  /** True where the connection of what is followed is lost. */
  away: boolean
}

/** A client without its types. */
export interface ErasedClient {
  readonly data: Readonly<Record<string, Methods>>
  readonly actions: Readonly<Record<string, Methods>>
  readonly auth: AuthClient
}

type Follow = (...given: readonly unknown[]) => () => void

type Methods = Readonly<Record<string, (...given: readonly unknown[]) => Calling<unknown, string>>>

const nothing: Seen = Object.freeze({
  ...{ value: undefined, failure: undefined, loading: true, away: false },
})

/** How long what nobody shows any more is kept, for whoever comes back to it. */
const keptMs = 60_000

/** How long a change stays shown that was made, where the stream has not told of it yet. */
const fadingMs = 2_000

/** How long a read is followed that nobody shows: React leaves and comes back in strict mode. */
const leavingMs = 1_000

/** What the components below one provider have read. */
export class QueryStore {
  readonly #client: ErasedClient
  readonly #entries = new Map<string, Entry>()

  constructor(client: ErasedClient) {
    this.#client = client
  }

  /** Forgets everything where another session begins: nobody sees what was read for another. */
  start(): () => void {
    return this.#client.auth.watch(() => {
      for (const entry of this.#entries.values()) {
        entry.last = undefined
        entry.answer = undefined
        this.#show(entry)
      }
      // What a guest may not follow has ended; whoever signs in may.
      this.refresh({ revives: true })
    })
  }

  /** The entry of a read. Nothing is asked yet. */
  entry(description: Description): Entry {
    const known = this.#entries.get(description.key)
    if (known) return known
    const entry: Entry = {
      ...{
        description,
        seen: nothing,
        answer: undefined,
        last: undefined,
        asked: 0,
        stop: undefined,
        away: false,
      },
      ...{ changes: new Set(), listeners: new Set() },
    }
    this.#entries.set(description.key, entry)
    return entry
  }

  /** Tells of changes of an entry, and asks for it where nobody has. Returns how to stop. */
  subscribe(entry: Entry, listener: () => void): () => void {
    this.#entries.set(entry.description.key, entry)
    entry.listeners.add(listener)
    void this.read(entry)
    return () => {
      entry.listeners.delete(listener)
      setTimeout(() => this.#forget(entry), keptMs)
    }
  }

  #forget(entry: Entry): void {
    const { key } = entry.description
    if (entry.listeners.size > 0) return
    entry.stop?.()
    entry.stop = undefined
    if (this.#entries.get(key) === entry) this.#entries.delete(key)
  }

  /** The same for a read that is followed for as long as anybody listens. */
  follow(entry: Entry, listener: () => void): () => void {
    this.#entries.set(entry.description.key, entry)
    entry.listeners.add(listener)
    entry.stop ??= this.#follow(entry)
    return () => {
      entry.listeners.delete(listener)
      setTimeout(() => this.#forget(entry), leavingMs)
    }
  }

  #follow(entry: Entry): () => void {
    const [, name, method] = entry.description.path
    const one = method === 'get'
    if (!one && method !== 'find') throw new Error('What is followed is a find, or a get.')
    const model = this.#client.data[name] as unknown as Readonly<Record<string, Follow>>
    const follower: Follower = {
      next: (seen: Followed) => this.tell(entry, { ok: true, value: one ? seen.data[0] : seen }),
      failed: (failure) => {
        entry.stop = undefined
        this.tell(entry, { ok: false, failure: failure as CallFailure<string> })
      },
      state: (state) => {
        if (entry.away === (state === 'away')) return
        entry.away = state === 'away'
        this.#show(entry)
      },
    }
    const [first = {}, second = {}] = entry.description.given
    if (one) return (model.liveOne as Follow)(first, second, follower)
    return (model.live as Follow)(first, follower)
  }

  /** The answer to a read: the one that is known or awaited, or a new one. */
  read(entry: Entry): Promise<Result<unknown, string>> {
    entry.answer ??= this.#ask(entry)
    return entry.answer
  }

  /** Asks again. What is shown stays until the answer comes. */
  again(entry: Entry): Promise<Result<unknown, string>> {
    entry.answer = this.#ask(entry)
    return entry.answer
  }

  /**
   * Asks again for all that is shown, and forgets the rest. Resolves with the last answer.
   * `revives`: what is followed and has ended with a failure is followed again.
   */
  async refresh({ revives = false }: { readonly revives?: boolean } = {}): Promise<void> {
    for (const entry of this.#entries.values()) {
      const ended = isFollowed(entry) && entry.listeners.size > 0 && !entry.stop
      if (ended && revives) entry.stop = this.#follow(entry)
    }
    const shown = [...this.#entries.values()].filter((entry) => {
      if (isFollowed(entry)) return false
      if (entry.listeners.size > 0) return true
      this.#entries.delete(entry.description.key)
      return false
    })
    await Promise.all(shown.map((entry) => this.again(entry)))
  }

  /**
   * Shows a change that is not made yet, wherever the read is shown, followed or not. Returns how
   * to end that: `made` where it was made, which what is followed tells of a moment later.
   */
  change(description: Description, change: Change): (made: boolean) => void {
    const followed = this.#entries.get(followedKey(description.key))
    const entries = [this.entry(description), ...(followed ? [followed] : [])]
    for (const entry of entries) {
      entry.changes.add(change)
      this.#show(entry)
    }
    return (made) => {
      for (const entry of entries) {
        const end = () => this.#endChange(entry, change)
        if (made && isFollowed(entry)) this.#onceTold(entry, end)
        else end()
      }
    }
  }

  #endChange(entry: Entry, change: Change): void {
    if (entry.changes.delete(change)) this.#show(entry)
  }

  #onceTold(entry: Entry, end: () => void): void {
    const { last } = entry
    const ended = () => {
      if (entry.last === last) return
      entry.listeners.delete(ended)
      clearTimeout(timer)
      end()
    }
    const timer = setTimeout(() => {
      entry.listeners.delete(ended)
      end()
    }, fadingMs)
    entry.listeners.add(ended)
  }

  /** Puts what the server said into an entry, such as a live one. */
  tell(entry: Entry, result: Result<unknown, string>): void {
    entry.last = result
    this.#show(entry)
  }

  async #ask(entry: Entry): Promise<Result<unknown, string>> {
    const asked = ++entry.asked
    const sent = callOf(this.#client, entry.description)
    this.#show(entry, true)
    const result = await sent
    if (asked === entry.asked) this.tell(entry, result)
    return result
  }

  #show(entry: Entry, loading = entry.last === undefined): void {
    const { last, changes } = entry
    let value = last?.ok ? last.value : undefined
    if (last?.ok) for (const change of changes) value = change(value)
    const failure = last && !last.ok ? last.failure : undefined
    entry.seen = { value, failure, loading, away: entry.away }
    for (const listener of entry.listeners) listener()
  }
}

/** The key of a read that is followed: another one than that of the same read asked for once. */
export function followedKey(key: string): string {
  return `live ${key}`
}

function isFollowed({ description }: Entry): boolean {
  return description.key.startsWith('live ')
}

/** Makes the call that was described. */
function callOf(client: ErasedClient, { path, given }: Description): Calling<unknown, string> {
  const [place, name, method] = path
  if (place === 'auth') return (client.auth as unknown as Methods)[name]?.(...given) as never
  const methods = client[place as 'data' | 'actions'][name] as Methods
  return (methods[method] as Methods[string])(...given)
}
