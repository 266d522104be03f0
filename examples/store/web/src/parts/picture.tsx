/** Owns the picture of a product: drawn, so that it is there at once and in both colour schemes. */

import { drawingOf, tintOf } from './art.ts'

/** A picture. Its name stands beside it, so that it says nothing itself. */
export function Picture({ name, size }: { readonly name: string; readonly size: number }) {
  return (
    <span className={`picture tint-${tintOf(name, 6)}`} aria-hidden="true">
      <svg viewBox="0 0 48 48" width={size} height={size} role="presentation">
        <path d={drawingOf(name)} />
      </svg>
    </span>
  )
}
