/** Owns the catalogue: what is sold, searched and filtered, with its stock as it is now. */

import { useDeferredValue, useRef } from 'react'
import { useBasket } from '../basket/basket.tsx'
import { Link } from '../parts/link.tsx'
import { Empty, Failure } from '../parts/notes.tsx'
import { Picture } from '../parts/picture.tsx'
import { Stock } from '../parts/stock.tsx'
import { useLive, useQuery } from '../shop/client.ts'
import { describe, useRoute } from '../shop/route.ts'
import { pounds } from '../shop/words.ts'
import { Filters, filterOf, sortOf } from './filters.tsx'

const page = 24

/** The catalogue. What is chosen stands in the address. */
export function Catalogue() {
  const { query } = useRoute()
  const { value: shelves } = useQuery(({ data }) =>
    data.category.find({ fields: ['name', 'slug'], sort: ['name'] }),
  )
  const change = (name: string, value: string) => {
    const next = new URLSearchParams(query)
    if (value === '') next.delete(name)
    else next.set(name, value)
    if (name !== 'pages') next.delete('pages')
    describe(next)
  }
  return (
    <div className="catalogue">
      <h1 className="unseen">The catalogue</h1>
      <Filters query={query} shelves={shelves?.data ?? []} change={change} />
      <Shelf query={query} change={change} />
    </div>
  )
}

interface ShelfProperties {
  readonly query: URLSearchParams
  readonly change: (name: string, value: string) => void
}

function Shelf({ query, change }: ShelfProperties) {
  const asked = useDeferredValue(query)
  const pages = Number(asked.get('pages') ?? 1)
  const { value, failure, away } = useLive(({ data }) =>
    data.product.find({
      filter: filterOf(asked),
      sort: sortOf(asked),
      fields: ['sku', 'name', 'price', 'stock'],
      limit: Math.min(pages * page, 200),
    }),
  )
  // What was found before stays until the next answer is there: nothing jumps.
  const before = useRef(value)
  if (value) before.current = value
  const found = value ?? before.current
  if (failure) return <Failure>{failure.detail}</Failure>
  return (
    <section aria-label="Products" aria-busy={value === undefined} className="shelf">
      <p className="found" role="status">
        {found ? foundWords(found.data.length, found.more) : 'Looking…'}
        {away ? <span className="away"> · the connection is lost, it is made again</span> : null}
      </p>
      {found?.data.length === 0 ? (
        <Empty>
          <p>Nothing fits. Try another word, or fewer filters.</p>
        </Empty>
      ) : null}
      <ul className="cards">
        {found
          ? found.data.map((product) => <Card key={product.id} product={product} />)
          : Array.from({ length: 9 }, (_, place) => <li className="card bone" key={place} />)}
      </ul>
      {found?.more && pages * page < 200 ? (
        <button type="button" className="quiet" onClick={() => change('pages', `${pages + 1}`)}>
          Show more
        </button>
      ) : null}
    </section>
  )
}

function foundWords(count: number, more: boolean): string {
  if (more) return `The first ${count} products`
  return count === 1 ? '1 product' : `${count} products`
}

interface CardProperties {
  readonly product: {
    readonly id: string
    readonly sku: string
    readonly name: string
    readonly price: { readonly amount: number }
    readonly stock: number
  }
}

function Card({ product: { id, sku, name, price, stock } }: CardProperties) {
  const { items, put } = useBasket()
  const chosen = items.find(({ product }) => product === id)?.quantity ?? 0
  return (
    <li className="card">
      <Link to={`/products/${sku}`}>
        <Picture name={name} size={96} />
        <span className="name">{name}</span>
      </Link>
      <div className="facts">
        <span className="price">{pounds(price.amount)}</span>
        <Stock stock={stock} />
      </div>
      <button
        type="button"
        disabled={stock <= chosen}
        onClick={() => void put({ product: id, quantity: chosen + 1 })}
      >
        {chosen > 0 ? `Add another (${chosen})` : 'Add'}
        <span className="unseen"> {name}</span>
      </button>
    </li>
  )
}
