/** Owns the page of staff: what is paid and waits to be sent. */

import { Empty, Failure, Waiting } from '../parts/notes.tsx'
import { useAction, useLive } from '../shop/client.ts'
import { day } from '../shop/words.ts'

const asked = { filter: { status: 'paid' }, sort: ['placedAt'], limit: 50 } as const

/** What is to be shipped. Whoever is not staff finds their own orders, and may not ship them. */
export function ToShip() {
  const { value, failure } = useLive(({ data }) => data.order.find(asked))
  const ship = useAction(({ data }) => data.order.update, {
    // It leaves the list at once, and comes back where it was not done.
    optimistic: (show, id) =>
      show(
        ({ data }) => data.order.find(asked),
        (seen) => ({ ...seen, data: seen.data.filter((order) => order.id !== id) }),
      ),
  })
  if (failure) return <Failure>{failure.detail}</Failure>
  if (!value) return <Waiting rows={5} />
  return (
    <section className="narrow">
      <h1>To be shipped</h1>
      <Failure>{ship.failure?.detail}</Failure>
      {value.data.length === 0 ? (
        <Empty>
          <p>Nothing waits.</p>
        </Empty>
      ) : (
        <ul className="orders">
          {value.data.map(({ id, number, placedAt, country }) => (
            <li key={id}>
              <strong>{number}</strong>
              <span className="faint">
                {day(placedAt)} · {country ?? 'No country'}
              </span>
              <button type="button" onClick={() => void ship.run(id, { status: 'shipped' })}>
                Ship<span className="unseen"> {number}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
