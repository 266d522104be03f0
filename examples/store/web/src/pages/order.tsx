/** Owns the page of one order, live: its way from the till to the door. */

import { Link } from '../parts/link.tsx'
import { Failure, Waiting } from '../parts/notes.tsx'
import { useAction, useLive, useMe } from '../shop/client.ts'
import { day, pounds } from '../shop/words.ts'
import { Status } from './orders.tsx'
import { SignIn } from './sign-in.tsx'

/** An order, by its number. */
export function Order({ number }: { readonly number: string }) {
  const { value: me } = useMe()
  if (!me) return <Waiting rows={5} />
  return me.user ? <Shown number={number} /> : <SignIn then={`/orders/${number}`} />
}

const steps = ['open', 'paid', 'shipped']

function Shown({ number }: { readonly number: string }) {
  const { value, failure, away, loading } = useLive(({ data }) =>
    data.order.get(
      { number },
      {
        include: {
          lines: {
            include: { product: { fields: ['name', 'sku'] } },
            sort: ['position'],
            limit: 50,
          },
        },
      },
    ),
  )
  const cancel = useAction(({ data }) => data.order.actions.cancel)
  if (failure) return <Failure>{failure.detail}</Failure>
  if (!value) return loading ? <Waiting rows={5} /> : <h1>There is no such order</h1>
  const { id, status, placedAt, lines } = value
  return (
    <section className="narrow">
      <h1>Order {number}</h1>
      <p className="faint">
        <time dateTime={placedAt}>{day(placedAt)}</time>
        {away ? ' · the connection is lost, it is made again' : ''}
      </p>
      <div role="status">
        <Status status={status} />
      </div>
      <Way status={status} />
      <Payment order={id} open={status === 'open'} />
      <Lines lines={lines} />
      <Failure>{cancel.failure?.detail}</Failure>
      {status === 'open' || status === 'paid' ? (
        <button
          type="button"
          className="quiet"
          disabled={cancel.pending}
          onClick={() => void cancel.run({ order: id })}
        >
          Cancel the order
        </button>
      ) : null}
    </section>
  )
}

function Way({ status }: { readonly status: string }) {
  const reached = steps.indexOf(status)
  if (reached === -1) return null
  return (
    <ol className="way" aria-label="How far it is">
      {['Ordered', 'Paid', 'On its way'].map((words, place) => (
        <li
          key={words}
          data-done={place <= reached}
          {...(place === reached ? { 'aria-current': 'step' as const } : {})}
        >
          {words}
        </li>
      ))}
    </ol>
  )
}

/** Where the bank asks, or has said no. */
function Payment({ order, open }: { readonly order: string; readonly open: boolean }) {
  const { value } = useLive(({ data }) =>
    data.payment.find({
      filter: { orderId: order },
      fields: ['status', 'nextAction', 'declined'],
      limit: 1,
    }),
  )
  const [payment] = value?.data ?? []
  if (payment?.status === 'declined') {
    return <Failure>{`The payment was declined (${payment.declined}). Nothing was taken.`}</Failure>
  }
  if (open && payment?.nextAction) {
    return (
      <p className="notice">
        Your bank asks whether it is you. <a href={payment.nextAction}>Answer your bank</a>
      </p>
    )
  }
  return null
}

interface LinesProperties {
  readonly lines: readonly {
    readonly id: string
    readonly quantity: number
    readonly total: { readonly amount: number }
    readonly product: { readonly name: string; readonly sku: string } | null
  }[]
}

function Lines({ lines }: LinesProperties) {
  return (
    <>
      <ul className="rows">
        {lines.map((line) => (
          <li key={line.id}>
            <span>
              {line.quantity} ×{' '}
              {line.product ? (
                <Link to={`/products/${line.product.sku}`}>{line.product.name}</Link>
              ) : (
                'No longer sold'
              )}
            </span>
            <span className="price">{pounds(line.total.amount)}</span>
          </li>
        ))}
      </ul>
      <dl className="sum">
        <div className="total">
          <dt>Total</dt>
          <dd>{pounds(lines.reduce((sum, { total }) => sum + total.amount, 0))}</dd>
        </div>
      </dl>
    </>
  )
}
