/** Owns where a session is kept: by the browser in a cookie, or as a token in a storage. */

/** Keeps a token. Each may be asynchronous, such as the secure storage of a phone. */
export interface TokenStorage {
  get(): string | null | undefined | Promise<string | null | undefined>
  /** Null: forget it. */
  set(token: string | null): unknown
}

/**
 * `cookie`: the browser keeps the session where no script can read it; for pages of the app's own
 * origin. A storage: the session is a bearer token.
 */
export type SessionMode = 'cookie' | TokenStorage

/** The session of a client. */
export interface Sessions {
  readonly mode: 'cookie' | 'bearer'
  token(): Promise<string | null | undefined>
  /** Keeps the token that an answer brought, and tells those who watch. Null: it has ended. */
  keep(token: string | null | undefined): Promise<void>
  /** Forgets a token that no session has any more; one that came in its place is kept. */
  forget(token: string | undefined): Promise<void>
  /** Told whenever a session began, went on under a new token or ended. Returns how to stop. */
  watch(listener: () => void): () => void
}

/** Keeps a token for as long as the process or the page lives. */
export function memoryStorage(token: string | null = null): TokenStorage {
  let kept = token
  return {
    get: () => kept,
    set: (next) => {
      kept = next
    },
  }
}

/** What keeps texts under names: `localStorage`, `sessionStorage`. */
export interface TextStorage {
  getItem(name: string): string | null
  setItem(name: string, text: string): void
  removeItem(name: string): void
}

/**
 * Keeps a token in a storage of the browser, so that it outlives a reload. Any script of the page
 * can read it there: prefer `cookie` where the page is of the app's own origin.
 */
export function webStorage(storage: TextStorage, name = 'plinth.token'): TokenStorage {
  return {
    get: () => storage.getItem(name),
    set: (token) => (token === null ? storage.removeItem(name) : storage.setItem(name, token)),
  }
}

/** What tells other tabs: of a browser's page alone, whose cookie they share. */
interface Page {
  readonly document?: unknown
  readonly BroadcastChannel?: new (
    name: string,
  ) => { postMessage(text: string): void; onmessage: (() => void) | null }
}

/** Tells other tabs of the same origin, and is told by them. */
function otherTabs(told: () => void): () => void {
  const { document, BroadcastChannel: Channel } = globalThis as Page
  if (!document || !Channel) return () => undefined
  const channel = new Channel('plinth.session')
  channel.onmessage = told
  return () => channel.postMessage('changed')
}

/** The session of a client in a mode. */
export function sessionsIn(mode: SessionMode): Sessions {
  const listeners = new Set<() => void>()
  const tellHere = () => {
    for (const listener of listeners) listener()
  }
  const tellOthers = mode === 'cookie' ? otherTabs(tellHere) : () => undefined
  const tell = () => {
    tellHere()
    tellOthers()
  }
  const storage = mode === 'cookie' ? undefined : mode
  return {
    mode: storage ? 'bearer' : 'cookie',
    token: async () => storage?.get(),
    async keep(token) {
      if (token !== undefined) await storage?.set(token)
      tell()
    },
    async forget(token) {
      if (token === undefined || (await storage?.get()) !== token) return
      await storage?.set(null)
      tell()
    },
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
