/** Owns short messages: why something was not done, that it is under way, that nothing is there. */

import type { ReactNode } from 'react'

/** Why something was not done. Read out as soon as it is there. */
export function Failure({ children }: { readonly children: string | undefined }) {
  return (
    <div role="alert">{children === undefined ? null : <p className="failure">{children}</p>}</div>
  )
}

/** What has been done. */
export function Notice({ children }: { readonly children: string | undefined }) {
  return (
    <div role="status">{children === undefined ? null : <p className="notice">{children}</p>}</div>
  )
}

/** Room for what is on its way, as large as it will be. */
export function Waiting({ rows = 3 }: { readonly rows?: number }) {
  return (
    <div aria-busy="true">
      <span className="unseen">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        <div className="bone" key={row} />
      ))}
    </div>
  )
}

/** A page on which nothing is. */
export function Empty({ children }: { readonly children: ReactNode }) {
  return <div className="empty">{children}</div>
}
