/** Owns where the visitor is: an address of the browser, below the place of the shop. */

import { useSyncExternalStore } from 'react'

const base = '/shop'
const listeners = new Set<() => void>()

/** An address, taken apart. */
export interface Route {
  /** Such as `['products', 'P-101']`. */
  readonly parts: readonly string[]
  readonly query: URLSearchParams
}

function tell(): void {
  for (const listener of listeners) listener()
}

addEventListener('popstate', tell)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Where the visitor is. */
export function useRoute(): Route {
  const address = useSyncExternalStore(subscribe, () => location.pathname + location.search)
  const [path = '', search = ''] = address.split('?')
  const parts = path.slice(base.length).split('/').filter(Boolean).map(decodeURIComponent)
  return { parts, query: new URLSearchParams(search) }
}

/** The address of a page of the shop: `/orders` at `/shop/orders`. */
export function addressOf(place: string): string {
  return place === '/' ? base : base + place
}

/** Goes to another page; what was focused is left for its heading. */
export function go(place: string): void {
  history.pushState(null, '', addressOf(place))
  tell()
  scrollTo(0, 0)
  document.getElementById('main')?.focus({ preventScroll: true })
}

/** Says in the address what is shown, so that a reload and a link show it too. */
export function describe(query: URLSearchParams): void {
  const text = query.toString()
  history.replaceState(null, '', location.pathname + (text === '' ? '' : `?${text}`))
  tell()
}
