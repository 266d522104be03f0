/** Owns the names of prepared statements: the same text always has the same name. */

import { createHash } from 'node:crypto'

/** A name for a statement's text, stable across processes; 32 bytes of the 63 allowed. */
export function planName(text: string): string {
  return `p_${createHash('sha256').update(text).digest('hex').slice(0, 30)}`
}
