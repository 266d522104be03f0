/** Owns the list of somebody's orders, live: what happens to one is seen as it happens. */

import { Link } from '../parts/link.tsx'
import { Empty, Failure, Waiting } from '../parts/notes.tsx'
import { useLive, useMe } from '../shop/client.ts'
import { day, pounds, statusWords } from '../shop/words.ts'
import { SignIn } from './sign-in.tsx'

/** The orders of whoever is signed in. */
export function Orders() {
  const { value: me } = useMe()
  if (!me) return <Waiting rows={5} />
  return me.user ? <List user={me.user.id} /> : <SignIn then="/orders" />
}

function List({ user }: { readonly user: string }) {
  const { value, failure, away } = useLive(({ data }) =>
    data.order.find({
      // Staff may see everybody's; here they see their own.
      filter: { customer: { userId: user } },
      sort: ['-placedAt'],
      include: { lines: { fields: ['quantity', 'total'], limit: 50 } },
      limit: 50,
    }),
  )
  if (failure) return <Failure>{failure.detail}</Failure>
  if (!value) return <Waiting rows={5} />
  if (value.data.length === 0) {
    return (
      <Empty>
        <h1>You have not ordered yet</h1>
        <Link to="/" className="button">
          Look around
        </Link>
      </Empty>
    )
  }
  return (
    <section className="narrow">
      <h1>Your orders</h1>
      {away ? <p className="away">The connection is lost, it is made again.</p> : null}
      <ul className="orders">
        {value.data.map(({ id, number, status, placedAt, lines }) => (
          <li key={id}>
            <Link to={`/orders/${number}`}>{number}</Link>
            <span className="faint">
              <time dateTime={placedAt}>{day(placedAt)}</time> · {piecesOf(lines)}
            </span>
            <Status status={status} />
            <span className="price">
              {pounds(lines.reduce((sum, { total }) => sum + total.amount, 0))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function piecesOf(lines: readonly { readonly quantity: number }[]): string {
  const count = lines.reduce((sum, { quantity }) => sum + quantity, 0)
  return count === 1 ? '1 piece' : `${count} pieces`
}

/** The state of an order, in words and in a colour. */
export function Status({ status }: { readonly status: string }) {
  return (
    <span className="status" data-status={status}>
      {statusWords[status] ?? status}
    </span>
  )
}
