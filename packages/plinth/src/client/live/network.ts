/** Owns what a browser says of its network; elsewhere it says nothing. */

interface Networked {
  readonly navigator?: { readonly onLine?: boolean }
  addEventListener?(name: string, listener: () => void): void
  removeEventListener?(name: string, listener: () => void): void
}

/** Behind these a connection is broken that seems open, or can be made where it could not. */
const networkEvents = ['online', 'offline']

/** Told when the network comes or goes. Returns how to stop. */
export function watchNetwork(moved: () => void): () => void {
  const page = globalThis as Networked
  for (const name of networkEvents) page.addEventListener?.(name, moved)
  return () => {
    for (const name of networkEvents) page.removeEventListener?.(name, moved)
  }
}

/** True where the browser says that it has none. */
export function isOffline(): boolean {
  return (globalThis as Networked).navigator?.onLine === false
}
