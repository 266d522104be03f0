/** Owns sets by key, most of which hold one member: those cost no set. */

/** Members by key. */
export class Groups<Member extends object> {
  readonly #byKey = new Map<string, Member | Set<Member>>()

  /** How many keys have members. */
  get size(): number {
    return this.#byKey.size
  }

  add(key: string, member: Member): void {
    const known = this.#byKey.get(key)
    if (known instanceof Set) known.add(member)
    else if (known === undefined) this.#byKey.set(key, member)
    else if (known !== member) this.#byKey.set(key, new Set([known, member]))
  }

  delete(key: string, member: Member): void {
    const known = this.#byKey.get(key)
    if (known === member) this.#byKey.delete(key)
    else if (known instanceof Set && known.delete(member) && known.size === 0) {
      this.#byKey.delete(key)
    }
  }

  /** How many members a key has. */
  count(key: string): number {
    const known = this.#byKey.get(key)
    return known instanceof Set ? known.size : known === undefined ? 0 : 1
  }

  /** Calls with each member of a key. */
  each(key: string, work: (member: Member) => void): void {
    const known = this.#byKey.get(key)
    if (known instanceof Set) for (const member of known) work(member)
    else if (known !== undefined) work(known)
  }

  /** Calls with each member of every key; with one that has several keys more than once. */
  every(work: (member: Member) => void): void {
    for (const key of this.#byKey.keys()) this.each(key, work)
  }
}
