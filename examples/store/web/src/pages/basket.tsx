/** Owns the page of the basket: what is in it, what it costs, and codes that make it cheaper. */

import { type FormEvent, useState } from 'react'
import { useBasket } from '../basket/basket.tsx'
import { type Price, useChosen, usePrice } from '../basket/prices.ts'
import { Link } from '../parts/link.tsx'
import { Empty, Failure } from '../parts/notes.tsx'
import { Picture } from '../parts/picture.tsx'
import { Quantity } from '../parts/quantity.tsx'
import { useMe } from '../shop/client.ts'
import { pounds } from '../shop/words.ts'

/** The basket. */
export function BasketPage() {
  const { items, failure } = useBasket()
  const signedIn = Boolean(useMe().value?.user)
  const priced = usePrice()
  if (items.length === 0) {
    return (
      <Empty>
        <h1>Your basket is empty</h1>
        <Link to="/" className="button">
          Look around
        </Link>
      </Empty>
    )
  }
  return (
    <section className="two">
      <div>
        <h1>Your basket</h1>
        <Failure>{failure}</Failure>
        <Lines />
      </div>
      <aside aria-label="What it costs">
        <h2>What it costs</h2>
        {signedIn ? <Sum {...priced} /> : <GuestSum />}
        <Link to="/checkout" className="button wide">
          Check out
        </Link>
      </aside>
    </section>
  )
}

function Lines() {
  const chosen = useChosen()
  const { put } = useBasket()
  return (
    <ul className="lines">
      {chosen.map(({ product, quantity, known }) => (
        <li key={product}>
          <Picture name={known?.name ?? ''} size={48} />
          <div className="about">
            {known ? (
              <Link to={`/products/${known.sku}`}>{known.name}</Link>
            ) : (
              <span className="faint">No longer sold</span>
            )}
            <span className="faint">{known ? `${pounds(known.price.amount)} each` : ''}</span>
            {known && known.stock < quantity ? (
              <span className="bad">Only {known.stock} left</span>
            ) : null}
          </div>
          <Quantity
            name={known?.name ?? 'this'}
            value={quantity}
            most={Math.min(known?.stock ?? 0, 999)}
            onChange={(next) => void put({ product, quantity: next })}
          />
          <button
            type="button"
            className="quiet"
            onClick={() => void put({ product, quantity: 0 })}
          >
            Remove<span className="unseen"> {known?.name}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

function GuestSum() {
  const sum = useChosen().reduce((all, { quantity, known }) => {
    return all + quantity * (known?.price.amount ?? 0)
  }, 0)
  return (
    <>
      <dl className="sum">
        <dt>Before promotions</dt>
        <dd>{pounds(sum)}</dd>
      </dl>
      <p className="faint">Sign in to use codes, and to see what promotions take off.</p>
    </>
  )
}

interface SumProperties {
  readonly price: Price | undefined
  readonly failure: string | undefined
  readonly use: (codes: readonly string[]) => Promise<string | undefined>
}

function Sum({ price, failure, use }: SumProperties) {
  const [refused, setRefused] = useState<string | undefined>(undefined)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const code = String(new FormData(event.currentTarget).get('code')).trim()
    setRefused(await use(code === '' ? [] : [code]))
  }
  return (
    <>
      <Total price={price} />
      <form className="code" onSubmit={(event) => void submit(event)}>
        <label>
          Code
          <input name="code" autoComplete="off" placeholder="WELCOME10" />
        </label>
        <button type="submit" className="quiet">
          Use
        </button>
      </form>
      <Failure>{refused ?? failure}</Failure>
    </>
  )
}

/** The sum, and what was taken off. Its room is there before its numbers are. */
export function Total({ price }: { readonly price: Price | undefined }) {
  return (
    <dl className="sum" aria-busy={price === undefined}>
      <dt>Goods</dt>
      <dd>{price ? pounds(price.full.amount) : '…'}</dd>
      {price?.reductions.map(({ name, amount }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>−{pounds(amount.amount)}</dd>
        </div>
      ))}
      <div className="total">
        <dt>Total</dt>
        <dd>{price ? pounds(price.net.amount) : '…'}</dd>
      </div>
    </dl>
  )
}
