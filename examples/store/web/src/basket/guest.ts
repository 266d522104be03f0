/** Owns the basket of somebody who has not signed in: kept by the browser, in all its tabs. */

/** So many of one product. */
export interface Wanted {
  readonly product: string
  readonly quantity: number
}

const place = 'store.basket'
const listeners = new Set<() => void>()
let text: string | null = null
let known: readonly Wanted[] = []

function tell(): void {
  for (const listener of listeners) listener()
}

// Another tab has changed it.
addEventListener('storage', ({ key }) => {
  if (key === place) tell()
})

/** What is in it. The same value while nothing has changed. */
export function guestBasket(): readonly Wanted[] {
  const kept = localStorage.getItem(place)
  if (kept === text) return known
  text = kept
  known = kept === null ? [] : (JSON.parse(kept) as readonly Wanted[])
  return known
}

/** Sets how many of a product are wanted; 0 takes it out. */
export function putInGuestBasket({ product, quantity }: Wanted): void {
  const others = guestBasket().filter((one) => one.product !== product)
  const next = quantity === 0 ? others : [...others, { product, quantity }]
  localStorage.setItem(place, JSON.stringify(next))
  tell()
}

/** Takes everything out: it is now in the basket of an account. */
export function emptyGuestBasket(): void {
  localStorage.removeItem(place)
  tell()
}

/** Told of each change. Returns how to stop. */
export function watchGuestBasket(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
