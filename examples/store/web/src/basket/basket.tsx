/** Owns the basket, whoever's it is: of an account at the server, of a guest in the browser. */

import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
} from 'react'
import { client, useLive, useMe } from '../shop/client.ts'
import {
  emptyGuestBasket,
  guestBasket,
  putInGuestBasket,
  type Wanted,
  watchGuestBasket,
} from './guest.ts'

/** What the shop knows of a basket. */
export interface Basket {
  readonly items: readonly Wanted[]
  /** How many pieces. */
  readonly count: number
  /** Why the latest change was not made, in a sentence. */
  readonly failure: string | undefined
  /** Sets how many of a product are wanted; 0 takes it out. */
  put(wanted: Wanted): Promise<boolean>
}

const Place = createContext<Basket | undefined>(undefined)

/** The basket. */
export function useBasket(): Basket {
  const basket = useContext(Place)
  if (!basket) throw new Error('Put a BasketProvider around the components.')
  return basket
}

const most = 50

/** Hands the basket down. What a guest has chosen goes into their account's when they sign in. */
export function BasketProvider({ children }: { readonly children: ReactNode }) {
  const me = useMe().value
  const signedIn = me?.user !== null && me?.user !== undefined
  return signedIn ? (
    <OwnBasket key={me?.user?.id}>{children}</OwnBasket>
  ) : (
    <GuestBasket>{children}</GuestBasket>
  )
}

function GuestBasket({ children }: { readonly children: ReactNode }) {
  const items = useSyncExternalStore(watchGuestBasket, guestBasket)
  const basket = useMemo(() => {
    const put = async (wanted: Wanted) => {
      putInGuestBasket(wanted)
      return true
    }
    return { items, count: countOf(items), failure: undefined, put }
  }, [items])
  return <Place.Provider value={basket}>{children}</Place.Provider>
}

function OwnBasket({ children }: { readonly children: ReactNode }) {
  const [failure, setFailure] = useState<string | undefined>(undefined)
  const { value } = useLive(({ data }) =>
    data.item.find({ fields: ['quantity', 'productId'], sort: ['createdAt'], limit: most }),
  )
  useEffect(() => {
    const chosen = guestBasket()
    if (chosen.length === 0) return
    emptyGuestBasket()
    void fill(chosen).then(setFailure)
  }, [])
  const basket = useMemo(() => {
    const items = (value?.data ?? []).map(({ productId, quantity }) => {
      return { product: productId, quantity }
    })
    const put = async (wanted: Wanted) => {
      const failed = await fill([wanted])
      setFailure(failed)
      return failed === undefined
    }
    return { items, count: countOf(items), failure, put }
  }, [value, failure])
  return <Place.Provider value={basket}>{children}</Place.Provider>
}

/** Puts things into the basket of the account. Returns why not, in a sentence. */
async function fill(items: readonly Wanted[]): Promise<string | undefined> {
  const filled = await client.data.cart.actions.fill({ items: [...items] })
  return filled.ok ? undefined : filled.failure.detail
}

function countOf(items: readonly Wanted[]): number {
  return items.reduce((sum, { quantity }) => sum + quantity, 0)
}
