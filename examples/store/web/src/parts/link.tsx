/** Owns links between pages of the shop: real addresses, followed without loading the page anew. */

import type { MouseEvent, ReactNode } from 'react'
import { addressOf, go, useRoute } from '../shop/route.ts'

interface LinkProperties {
  readonly to: string
  readonly className?: string
  readonly children: ReactNode
}

/** A link to a page of the shop. */
export function Link({ to, className, children }: LinkProperties) {
  const { parts } = useRoute()
  const here = `/${parts.join('/')}` === to
  const follow = (event: MouseEvent) => {
    // What opens elsewhere is the browser's business.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    go(to)
  }
  return (
    <a
      href={addressOf(to)}
      className={className}
      onClick={follow}
      {...(here ? { 'aria-current': 'page' as const } : {})}
    >
      {children}
    </a>
  )
}
