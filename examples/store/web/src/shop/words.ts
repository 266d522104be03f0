/** Owns how amounts, days and states are written. */

const sterling = new Intl.NumberFormat('en-GB', { style: 'currency', currency: 'GBP' })
const days = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' })

/** An amount in pence. */
export function pounds(pence: number): string {
  return sterling.format(pence / 100)
}

/** A day, from an instant. */
export function day(instant: string): string {
  return days.format(new Date(instant))
}

/** How much of something is left, and how much that is. */
export function stockWords(
  stock: number,
): readonly [words: string, level: 'none' | 'few' | 'many'] {
  if (stock === 0) return ['Sold out', 'none']
  return stock < 10 ? [`Only ${stock} left`, 'few'] : [`${stock} in stock`, 'many']
}

/** The states of an order as customers read them. */
export const statusWords: Readonly<Record<string, string>> = {
  open: 'Waiting for payment',
  paid: 'Paid',
  shipped: 'On its way',
  cancelled: 'Cancelled',
  refunded: 'Refunded',
}
