/** Owns who follows, over time: their session, account or key can change or end at any moment. */

import type { Caller } from '../../access/caller.ts'
import { viaOf } from '../../access/caller.ts'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { ChangedTable } from '../../database/feed/change.ts'
import type { Call } from '../call.ts'
import type { Identify } from '../runtime.ts'

/** Who is told that a caller is another one now, or nobody. */
export interface Watched {
  moved(caller: Caller): void
  ended(failure: Failure): void
}

/** A credential that somebody follows with. */
interface Known {
  readonly token: string
  readonly came: { readonly from: 'bearer' | 'cookie'; readonly remoteAddress: string }
  readonly watched: Set<Watched>
  /** The rows that it stands on. */
  rows: readonly string[]
  /** True where it stands on rows that their own deletion does not name. */
  derived: boolean
  checking: boolean
  again: boolean
}

/** Tables of these schemas say who somebody is, and what they may. */
const schemas: ReadonlySet<string> = new Set(['identity', 'oauth'])

/** The credentials that are followed with, looked up again when their rows change. */
export class Callers {
  readonly #identify: Identify
  readonly #known = new Map<string, Known>()
  readonly #byRow = new Map<string, Set<Known>>()
  /** Grows with every change that could concern somebody. */
  #changes = 0

  constructor(identify: Identify) {
    this.#identify = identify
  }

  /** How many changes there were: whoever was looked up before one has to be looked up again. */
  get changes(): number {
    return this.#changes
  }

  /**
   * Watches over the credential of a call. `seen`: what `changes` was before the caller was looked
   * up. Returns what ends it.
   */
  watch(call: Call, caller: Caller, { seen, watched }: Watching): () => void {
    if ('caller' in call.as || call.as.credential === undefined) return () => undefined
    if (caller.is === 'anonymous') return () => undefined
    const { token, from } = call.as.credential
    const { remoteAddress } = call
    const key = `${from} ${remoteAddress} ${token}`
    const known = this.#known.get(key) ?? this.#add(key, { token, came: { from, remoteAddress } })
    known.watched.add(watched)
    this.#stand(known, caller)
    if (seen !== this.#changes) void this.#check(known)
    return () => {
      known.watched.delete(watched)
      if (known.watched.size > 0) return
      this.#known.delete(key)
      this.#standOn(known, [])
    }
  }

  #add(key: string, { token, came }: Pick<Known, 'token' | 'came'>): Known {
    const state = { rows: [], derived: false, checking: false, again: false }
    const known: Known = { token, came, watched: new Set(), ...state }
    this.#known.set(key, known)
    return known
  }

  #stand(known: Known, caller: Caller): void {
    if (caller.is !== 'user' && caller.is !== 'service') return
    const via = viaOf(caller)
    const { sessionId, impersonator, organisation } = caller.is === 'user' ? caller : nobody
    const rows = [caller.id, sessionId, impersonator, via?.id].filter((id) => id !== undefined)
    known.derived = via !== undefined || impersonator !== undefined || organisation !== undefined
    this.#standOn(known, rows)
  }

  #standOn(known: Known, rows: readonly string[]): void {
    if (known.rows.join() === rows.join()) return
    for (const row of known.rows) {
      const others = this.#byRow.get(row)
      others?.delete(known)
      if (others?.size === 0) this.#byRow.delete(row)
    }
    known.rows = rows
    for (const row of rows) {
      const others = this.#byRow.get(row)
      if (others) others.add(known)
      else this.#byRow.set(row, new Set([known]))
    }
  }

  /** Looks at a change of a table; whoever it may concern is looked up again. */
  changed(name: string, { rows }: ChangedTable): void {
    if (!schemas.has(name.slice(0, name.indexOf('.')))) return
    this.#changes += 1
    if (rows === undefined) this.checkAll()
    for (const { key, values } of rows ?? []) {
      const found = this.#at(key)
      for (const value of values ?? []) this.#at(value, found)
      // A membership that is gone names nobody any more.
      const unnamed = values === undefined && found.size === 0
      if (unnamed) for (const known of this.#known.values()) if (known.derived) found.add(known)
      for (const known of found) void this.#check(known)
    }
  }

  #at(row: string | null | undefined, found = new Set<Known>()): Set<Known> {
    for (const known of this.#byRow.get(row ?? '') ?? []) found.add(known)
    return found
  }

  /** Looks all up again: by one statement, however many they are. */
  checkAll(): void {
    this.#changes += 1
    for (const known of this.#known.values()) void this.#check(known)
  }

  async #check(known: Known): Promise<void> {
    known.again = known.checking
    if (known.checking) return
    known.checking = true
    try {
      const caller = await this.#identify(known.token, known.came)
      this.#stand(known, caller)
      if (known.watched.size === 0) this.#standOn(known, [])
      for (const watched of [...known.watched]) watched.moved(caller)
    } catch (cause) {
      if (cause instanceof Failure && ending.has(cause.code)) {
        for (const watched of [...known.watched]) watched.ended(cause)
      } else setTimeout(() => void this.#check(known), limits.feedRetryMs).unref()
    } finally {
      known.checking = false
      if (known.again) void this.#check(known)
    }
  }
}

// Who has to have a second factor by now is as good as signed out.
const ending: ReadonlySet<string> = new Set(['invalid_credentials', 'second_factor_required'])

const nobody = Object.freeze({
  sessionId: undefined,
  impersonator: undefined,
  organisation: undefined,
})

/** How a credential is watched. */
export interface Watching {
  readonly seen: number
  readonly watched: Watched
}
