/** Owns what a basket costs: by the server's word, anew whenever something in it changes. */

import { useEffect, useState } from 'react'
import { client, useMe, useQuery } from '../shop/client.ts'
import { useBasket } from './basket.tsx'

/** What the server says that a basket costs. */
export type Price = Awaited<
  ReturnType<ReturnType<typeof client.data.cart.actions.quote>['orThrow']>
>

/** What is known of a price. */
export interface Priced {
  readonly price: Price | undefined
  readonly failure: string | undefined
  /** Uses codes in place of those before. Returns why not, in a sentence. */
  use(codes: readonly string[]): Promise<string | undefined>
}

/** The price of the basket of an account; of a guest's none is known. */
export function usePrice(): Priced {
  const { items } = useBasket()
  const signedIn = Boolean(useMe().value?.user)
  const [price, setPrice] = useState<Price | undefined>(undefined)
  const [failure, setFailure] = useState<string | undefined>(undefined)
  const chosen = JSON.stringify(items)
  useEffect(() => {
    if (!signedIn || chosen === '[]') return
    const gone = new AbortController()
    void client.data.cart.actions.quote({}, { signal: gone.signal }).then((quoted) => {
      if (gone.signal.aborted) return
      setFailure(quoted.ok ? undefined : quoted.failure.detail)
      if (quoted.ok) setPrice(quoted.value)
    })
    return () => gone.abort()
  }, [signedIn, chosen])
  const use = async (codes: readonly string[]) => {
    const [first] = items
    if (!first) return undefined
    const fill = (kept: readonly string[]) =>
      client.data.cart.actions.fill({ items: [first], codes: [...kept] })
    const filled = await fill(codes)
    if (!filled.ok) return filled.failure.detail
    const { refused } = filled.value
    const [bad] = refused
    // What does not hold would stop the checkout: it does not stay in the basket.
    const holding = codes.filter((code) => !refused.some((one) => one.code === code))
    const kept = bad ? await fill(holding) : filled
    if (kept.ok) setPrice(kept.value)
    return bad && refusalOf(bad)
  }
  return { price: items.length === 0 ? undefined : price, failure, use }
}

/** The products of the basket, as they are now. */
export function useChosen() {
  const { items } = useBasket()
  const ids = items.map(({ product }) => product)
  const { value } = useQuery(({ data }) =>
    data.product.find({
      filter: { id: { in: ids.length > 0 ? ids : [nobody] } },
      fields: ['name', 'sku', 'price', 'stock'],
      limit: 50,
    }),
  )
  const known = new Map(value?.data.map((product) => [product.id, product]))
  return items.map((item) => ({ ...item, known: known.get(item.product) }))
}

/** Of no product. */
const nobody = '00000000-0000-7000-8000-000000000000'

const refusals: Readonly<Record<string, string>> = {
  unknown: 'is no code of ours',
  no_effect: 'takes nothing off what is in the basket',
  over: 'does not hold now',
  used_up: 'is used up',
}

function refusalOf({ code, reason }: { readonly code: string; readonly reason: string }): string {
  return `${code} ${refusals[reason] ?? 'cannot be used here'}.`
}
