/** Owns the page of one product: what it is, how many are left, and what others think of it. */

import { useBasket } from '../basket/basket.tsx'
import { Link } from '../parts/link.tsx'
import { Failure, Waiting } from '../parts/notes.tsx'
import { Picture } from '../parts/picture.tsx'
import { Stock } from '../parts/stock.tsx'
import { useLive, useQuery } from '../shop/client.ts'
import { pounds } from '../shop/words.ts'

/** A product, by its number. */
export function Product({ sku }: { readonly sku: string }) {
  const { value, failure } = useLive(({ data }) =>
    data.product.get({ sku }, { include: { category: { fields: ['name', 'slug'] } } }),
  )
  const { items, put, failure: refused } = useBasket()
  if (failure) return <Failure>{failure.detail}</Failure>
  if (!value) return <Waiting rows={6} />
  const { id, name, description, price, stock, category } = value
  const chosen = items.find(({ product }) => product === id)?.quantity ?? 0
  return (
    <article className="product">
      <Picture name={name} size={220} />
      <div>
        <h1>{name}</h1>
        {category ? <p className="faint">From the shelf {category.name}</p> : null}
        <p>{description}</p>
        <p className="facts">
          <span className="price">{pounds(price.amount)}</span>
          <Stock stock={stock} />
        </p>
        <div className="buttons">
          <button
            type="button"
            disabled={stock <= chosen}
            onClick={() => void put({ product: id, quantity: chosen + 1 })}
          >
            {chosen > 0 ? `Add another (${chosen})` : 'Add to the basket'}
          </button>
          {chosen > 0 ? <Link to="/basket">To the basket</Link> : null}
        </div>
        <Failure>{refused}</Failure>
        <Reviews product={id} />
      </div>
    </article>
  )
}

function Reviews({ product }: { readonly product: string }) {
  const { value } = useQuery(({ data }) =>
    data.review.find({
      filter: { productId: product },
      fields: ['rating', 'body'],
      sort: ['-createdAt'],
      limit: 10,
    }),
  )
  if (!value || value.data.length === 0) return null
  return (
    <section aria-labelledby="reviews">
      <h2 id="reviews">What others think</h2>
      <ul className="rows">
        {value.data.map(({ id, rating, body }) => (
          <li key={id}>
            <span>{body}</span>
            <span className="stars" role="img" aria-label={`${rating} of 5`}>
              {'★'.repeat(rating)}
              <span>{'★'.repeat(5 - rating)}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
