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
}

/** A client without its types. */
export interface ErasedClient {
  readonly data: Readonly<Record<string, Methods>>
  readonly actions: Readonly<Record<string, Methods>>
  readonly auth: AuthClient
}

type Follow = (...given: readonly unknown[]) => () => void

type Methods = Readonly<Record<string, (...given: readonly unknown[]) => Calling<unknown, string>>>

const nothing: Seen = Object.freeze({ value: undefined, failure: undefined, loading: true })

/** How long what nobody shows any more is kept, for whoever comes back to it. */
const keptMs = 60_000

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
      this.refresh()
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
      failed: (failure) => this.tell(entry, { ok: false, failure: failure as CallFailure<string> }),
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

  /** Asks again for all that is shown, and forgets the rest. Resolves with the last answer. */
  async refresh(): Promise<void> {
    const shown = [...this.#entries.values()].filter((entry) => {
      if (entry.stop) return false
      if (entry.listeners.size > 0) return true
      this.#entries.delete(entry.description.key)
      return false
    })
    await Promise.all(shown.map((entry) => this.again(entry)))
  }

  /** Shows a change that is not made yet. Returns how to take it back. */
  change(description: Description, change: Change): () => void {
    const entry = this.entry(description)
    entry.changes.add(change)
    this.#show(entry)
    return () => {
      entry.changes.delete(change)
      this.#show(entry)
    }
  }

  /** Puts what the server said into an entry, such as a live one. */
  tell(entry: Entry, result: Result<unknown, string>): void {
    entry.last = result
    this.#show(entry)
  }

  async #ask(entry: Entry): Promise<Result<unknown, string>> {
    const asked = ++entry.asked
    const [place, name, method] = entry.description.path
    const methods = this.#client[place as 'data' | 'actions'][name] as Methods
    const call = methods[method] as Methods[string]
    const sent = call(...entry.description.given)
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
    entry.seen = { value, failure, loading }
    for (const listener of entry.listeners) listener()
  }
}
