/** Owns how much is left, live: a number that falls while others buy is seen to fall. */

import { useEffect, useRef } from 'react'
import { stockWords } from '../shop/words.ts'

/** How much is left. */
export function Stock({ stock }: { readonly stock: number }) {
  const [words, level] = stockWords(stock)
  const shown = useRef(stock)
  const place = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    if (shown.current === stock) return
    shown.current = stock
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    const flash = { backgroundColor: ['var(--flash)', 'transparent'] }
    if (!still) place.current?.animate(flash, { duration: 1_200, easing: 'ease-out' })
  }, [stock])
  return (
    <span className="stock" data-level={level} ref={place}>
      {words}
    </span>
  )
}
