/** Owns the checkout: who buys, how it is paid, and the order that comes of it. */

import { type FormEvent, useState } from 'react'
import { useBasket } from '../basket/basket.tsx'
import { usePrice } from '../basket/prices.ts'
import { Link } from '../parts/link.tsx'
import { Empty, Failure, Waiting } from '../parts/notes.tsx'
import { useAction, useMe } from '../shop/client.ts'
import { go } from '../shop/route.ts'
import { pounds } from '../shop/words.ts'
import { Total } from './basket.tsx'
import { SignIn } from './sign-in.tsx'

/** The cards of the sandbox: what a real card form would hand over. */
const cards: readonly (readonly [token: string, words: string])[] = [
  ['card_ok', 'A card that is good'],
  ['card_authenticate', 'A card whose bank asks its owner'],
  ['card_declined', 'A card that is declined'],
  ['card_insufficient_funds', 'A card with too little on it'],
]

/** The checkout. Whoever has not signed in does so here, and goes on. */
export function Checkout() {
  const { value: me } = useMe()
  const { items } = useBasket()
  if (!me) return <Waiting rows={5} />
  if (!me.user) return <SignIn then="/checkout" />
  if (items.length === 0) {
    return (
      <Empty>
        <h1>There is nothing to pay</h1>
        <Link to="/orders" className="button">
          Your orders
        </Link>
      </Empty>
    )
  }
  return <Pay />
}

function Pay() {
  const { price, failure } = usePrice()
  const place = useAction(({ data }) => data.order.actions.checkout)
  const [method, setMethod] = useState('card_ok')
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const country = String(new FormData(event.currentTarget).get('country')).trim()
    const total = price ? { total: price.net } : {}
    const placed = await place.run({ method, ...total, ...(country ? { country } : {}) })
    if (placed.ok) go(placed.value ? `/orders/${placed.value.number}` : '/orders')
  }
  return (
    <form className="two" onSubmit={(event) => void submit(event)}>
      <div>
        <h1>Check out</h1>
        <label>
          Country
          <input name="country" autoComplete="country-name" defaultValue="United Kingdom" />
        </label>
        <fieldset className="cards-to-pay">
          <legend>Pay with</legend>
          <p className="faint">The payment provider is a sandbox: these cards are all it knows.</p>
          {cards.map(([token, words]) => (
            <label className="choice" key={token}>
              <input
                type="radio"
                name="method"
                checked={method === token}
                onChange={() => setMethod(token)}
              />
              {words}
            </label>
          ))}
        </fieldset>
      </div>
      <aside aria-label="What it costs">
        <h2>What it costs</h2>
        <Total price={price} />
        <Failure>{place.failure?.detail ?? failure}</Failure>
        <button type="submit" className="wide" disabled={place.pending || !price}>
          {place.pending ? 'One moment…' : `Pay ${price ? pounds(price.net.amount) : ''}`}
        </button>
      </aside>
    </form>
  )
}
