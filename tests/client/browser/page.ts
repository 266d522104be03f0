/** Owns the script of the page that the client is tried on in a browser: clients, components. */

import { createClient, webStorage } from 'plinth/client'
import { createHooks } from 'plinth/client/react'
import { Component, createElement as h, type ReactNode, Suspense, useState } from 'react'
import { createRoot } from 'react-dom/client'
import type { praised, Shop, shelf } from '../shop.ts'

type Place = Parameters<typeof createRoot>[0]

// What of a browser is used here: the tests' types know no page.
const page = globalThis as unknown as {
  readonly document: { getElementById(id: string): Place }
  readonly localStorage: Parameters<typeof webStorage>[0]
  client: unknown
  bearer: unknown
}

const client = createClient<Shop>({ url: '', session: 'cookie' })
page.client = client
page.bearer = createClient<Shop>({ url: '', session: webStorage(page.localStorage) })

const hooks = createHooks<Shop>()
const { ClientProvider, useAction, useClient, useLive, useQuery, useRefresh } = hooks

const price = { amount: 100, currency: 'GBP' } as const

function Catalogue() {
  const { value, failure, loading } = useQuery(({ data }) =>
    data.product.find({ fields: ['name', 'stock'], sort: ['sku'] }),
  )
  const [count, setCount] = useState(0)
  const buy = useAction(({ actions }) => actions.orders.buy, {
    optimistic: (show, { product }) =>
      show(
        ({ data }) => data.product.find({ fields: ['name', 'stock'], sort: ['sku'] }),
        (seen) => ({
          ...seen,
          data: seen.data.map((one) => {
            return one.id === product ? { ...one, stock: one.stock - 1 } : one
          }),
        }),
      ),
  })
  const next = { sku: `N${count}`, name: 'New', price }
  const add = useAction(({ data }) => data.product.create)
  if (failure) return h('p', { id: 'failure' }, failure.code)
  if (loading) return h('p', { id: 'loading' }, 'Loading')
  return h(
    'section',
    null,
    h(
      'ul',
      { id: 'products' },
      value?.data.map((one) => h('li', { key: one.id }, label(one))),
    ),
    ...(value?.data ?? []).map(({ id, name }) =>
      h(
        'button',
        { key: id, type: 'button', onClick: () => void buy.run({ product: id }) },
        `Buy ${name}`,
      ),
    ),
    h('button', { type: 'button', onClick: () => void add.run(next) }, 'Add'),
    h('button', { type: 'button', onClick: () => setCount(count + 1) }, 'Again'),
    h('output', { id: 'bought' }, buy.failure?.code ?? (buy.pending ? 'pending' : 'idle')),
    h('output', { id: 'added' }, add.failure?.code ?? 'none'),
  )
}

const label = ({ name, stock }: { readonly name: string; readonly stock: number }) =>
  `${name}: ${stock}`

function Vault() {
  const seen = hooks.useSuspenseQuery(({ data }) => data.vault.count())
  return h('p', { id: 'vault' }, `${seen.count} words`)
}

function Stock() {
  const { value } = useLive(({ data }) =>
    data.product.find({ filter: { stock: { gt: 0 } }, fields: ['name', 'stock'], sort: ['sku'] }),
  )
  return h('p', { id: 'stock' }, value?.data.map(label).join(', '))
}

function Me() {
  const { auth } = useClient()
  const [name, setName] = useState('?')
  const look = async () => setName((await auth.me().orThrow()).user?.email ?? 'nobody')
  return h('button', { id: 'me', type: 'button', onClick: () => void look() }, name)
}

function Words() {
  const { events } = hooks.useEvents<typeof praised>('orders.praised')
  return h('p', { id: 'words' }, events.map(({ data }) => `${data.word} ${data.stars}`).join(', '))
}

function Shelf() {
  const top = { name: 'top' }
  const { messages, publish, refused } = hooks.useChannel<typeof shelf>('orders.shelf', top)
  return h(
    'section',
    { id: 'shelf' },
    h('p', { id: 'said' }, messages.map(({ data }) => data.text).join(', ')),
    h('output', { id: 'refused' }, refused?.code ?? 'none'),
    h('button', { type: 'button', onClick: () => publish({ text: 'hello' }) }, 'Say hello'),
  )
}

function People() {
  const seen = hooks.usePresence<typeof shelf>('orders.shelf', { name: 'top' })
  const moods = seen.present.map(({ state }) => state.mood)
  return h(
    'section',
    null,
    h('p', { id: 'people' }, moods.sort().join(', ')),
    h('button', { type: 'button', onClick: () => seen.show({ mood: 'bad' }) }, 'Grumble'),
  )
}

/** Shows what a component below has thrown, and tries again. */
class Boundary extends Component<
  { readonly children: ReactNode; readonly again: () => Promise<void> },
  { readonly code: string | undefined }
> {
  override state = { code: undefined as string | undefined }

  static getDerivedStateFromError(error: unknown) {
    return { code: (error as { code?: string }).code ?? String(error) }
  }

  override render() {
    const { code } = this.state
    if (code === undefined) return this.props.children
    const again = () => void this.props.again().then(() => this.setState({ code: undefined }))
    return h('button', { id: 'broken', type: 'button', onClick: again }, code)
  }
}

function Whole() {
  const again = useRefresh()
  const waiting = h('p', { id: 'waiting' }, 'Waiting')
  return h(
    'main',
    null,
    h(Catalogue),
    h(Me),
    h(Stock),
    h(Words),
    h(Shelf),
    h(People),
    h(Boundary, { again, children: h(Suspense, { fallback: waiting }, h(Vault)) }),
  )
}

createRoot(page.document.getElementById('root')).render(h(ClientProvider, { client }, h(Whole)))
