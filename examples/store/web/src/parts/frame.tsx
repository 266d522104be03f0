/** Owns what stands around every page: the way to all others, and what went wrong. */

import { Component, type ReactNode, useEffect, useState } from 'react'
import { useBasket } from '../basket/basket.tsx'
import { useMe } from '../shop/client.ts'
import { Link } from './link.tsx'

/** The header, the page, and the footer. */
export function Frame({ children }: { readonly children: ReactNode }) {
  return (
    <>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="top">
        <div className="inner">
          <Link to="/" className="brand">
            <span aria-hidden="true">❋</span> Store
          </Link>
          <Ways />
        </div>
      </header>
      <Offline />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <footer>
        <p>
          An example of Plinth. Nothing is sold here, and no card is charged.{' '}
          <a href="/">The start page</a> · <a href="/docs">The API</a>
        </p>
      </footer>
    </>
  )
}

function Ways() {
  const { count } = useBasket()
  const me = useMe().value
  const user = me?.user
  return (
    <nav aria-label="Shop">
      {user ? <Link to="/orders">Orders</Link> : null}
      {user?.roles.includes('staff') ? <Link to="/to-ship">To ship</Link> : null}
      {user ? <Link to="/account">Account</Link> : null}
      {me && !user ? <Link to="/sign-in">Sign in</Link> : null}
      <Link to="/basket" className="basket-link">
        Basket
        <span className="badge" data-empty={count === 0}>
          {count}
          <span className="unseen"> {count === 1 ? 'piece' : 'pieces'}</span>
        </span>
      </Link>
    </nav>
  )
}

/** Says that the network is gone. What is shown stays. */
function Offline() {
  const [offline, setOffline] = useState(!navigator.onLine)
  useEffect(() => {
    const look = () => setOffline(!navigator.onLine)
    addEventListener('online', look)
    addEventListener('offline', look)
    return () => {
      removeEventListener('online', look)
      removeEventListener('offline', look)
    }
  }, [])
  return (
    <div role="status" className={offline ? 'banner' : 'unseen'}>
      {offline ? 'You are offline. What you see may be old; it goes on by itself.' : ''}
    </div>
  )
}

/** Shows what a page has thrown in its place. */
export class Boundary extends Component<{ readonly children: ReactNode }> {
  override state: { readonly error: Error | undefined } = { error: undefined }

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override render() {
    const { error } = this.state
    if (!error) return this.props.children
    return (
      <section className="narrow">
        <h1>Something went wrong</h1>
        <p className="failure">{error.message}</p>
        <button type="button" onClick={() => this.setState({ error: undefined })}>
          Try again
        </button>
      </section>
    )
  }
}
