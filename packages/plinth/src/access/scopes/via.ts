/** Owns the form of a narrower credential: what a caller came with who did not sign in themself. */

/**
 * What a caller can come with in place of a session: a key of their own, a token lent to an agent,
 * a token that another program was given by them (OAuth), or the assertion of a service.
 */
export const viaSorts = ['key', 'agent', 'oauth', 'service'] as const

/** What a caller can come with in place of a session. */
export type ViaSort = (typeof viaSorts)[number]

/** The narrower credential of a call. */
export interface Via {
  readonly sort: ViaSort
  /** Of the credential's record: what the audit names. */
  readonly id: string
  /**
   * What it may do. Undefined: inside of something that the scopes have let through, such as an
   * action; there its owner's rules decide alone.
   */
  readonly scopes: ReadonlySet<string> | undefined
  /**
   * The organisation that it was bound to when it was made: it works in that one or in none, and
   * its owner's other ones are not there for it. Undefined: it works in none, and none of its
   * owner's is there for it.
   */
  readonly organisation?: string | undefined
}

/** What rules can tell apart of it. */
export interface ViaFacts {
  readonly via: ViaSort | undefined
  readonly scopes: ReadonlySet<string> | undefined
}

/** Of a caller with a session, or without anything. */
export const noVia: ViaFacts = Object.freeze({
  ...{ via: undefined, scopes: undefined },
})

/** The facts of a credential. */
export function viaFacts(via: Via | undefined): ViaFacts {
  if (via === undefined) return noVia
  return { via: via.sort, scopes: via.scopes }
}

/**
 * What a plan made for a credential is kept under: equal only where the same is readable and
 * writable. Names of scopes are words with a dot, so none looks like two.
 */
export function viaKey({ via, scopes }: ViaFacts): string {
  if (via === undefined) return ''
  const words = scopes === undefined ? '*' : [...scopes].sort().join(',')
  return `:v ${via} ${words}`
}

/** The same credential inside of what its scopes have let through. */
export function letThrough(via: Via): Via {
  return via.scopes === undefined ? via : Object.freeze({ ...via, scopes: undefined })
}

/** `key:<id>`: the credential in one word, for records. */
export function viaWord({ sort, id }: Pick<Via, 'sort' | 'id'>): string {
  return `${sort}:${id}`
}
