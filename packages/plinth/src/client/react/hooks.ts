/** Owns the hooks of React: reads, actions and changes that are shown before they are made. */

import {
  createContext,
  createElement,
  type FunctionComponentElement,
  type ProviderProps,
  type ReactNode,
  use,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import { CallError, type CallFailure } from '../call/failure.ts'
import type { Calling, Result } from '../call/result.ts'
import type { Client } from '../client.ts'
import type { ActionsOf, ModelsOf } from '../typed/client.ts'
import { describeRead } from './description.ts'
import { type ErasedClient, QueryStore, type Seen } from './store.ts'

/** What a component knows of what it reads. */
export interface Query<T, C extends string = never> {
  /** The latest value; undefined before the first, and where it failed. */
  readonly value: T | undefined
  readonly failure: CallFailure<C> | undefined
  /** True while an answer is awaited, also beside an earlier value. */
  readonly loading: boolean
  /** Asks again. */
  readonly refetch: () => Promise<Result<T, C>>
}

/** A read: `find`, `get` or `count` of a model, or an action that is safe. */
export type ReadOf<K, T, C extends string> = (client: K) => Calling<T, C>

/** Shows what a read will answer, before it does. */
export type Show<K> = <T, C extends string>(read: ReadOf<K, T, C>, change: (value: T) => T) => void

/** How an action is used. */
export interface ActionUse<K, G extends readonly unknown[]> {
  /**
   * Shows what will have changed, until the answer is there: taken back where it fails.
   *
   * @example
   * optimistic: (show, { product }) =>
   *   show(({ data }) => data.product.get(product), (one) => ({ ...one, stock: one.stock - 1 }))
   */
  readonly optimistic?: (show: Show<K>, ...given: G) => void
}

/** An action, as a component uses it. */
export interface ActionState<G extends readonly unknown[], T, C extends string> {
  /** Calls it. All that is shown is read again where it was done. */
  readonly run: (...given: G) => Promise<Result<T, C>>
  /** True while an answer is awaited. */
  readonly pending: boolean
  /** What the latest call answered. */
  readonly value: T | undefined
  readonly failure: CallFailure<C> | undefined
}

/** The hooks of one app's client. */
export interface Hooks<K> {
  /** Hands the client to the components below. */
  readonly ClientProvider: (given: {
    readonly client: K
    readonly children?: ReactNode
  }) => FunctionComponentElement<ProviderProps<QueryStore | undefined>>
  /** The client itself. */
  useClient(): K
  /**
   * Reads while the component is shown. Components that read the same share one call.
   *
   * @example
   * const { value, failure } = useQuery(({ data }) => data.product.find({ limit: 20 }))
   */
  useQuery<T, C extends string>(read: ReadOf<K, T, C>): Query<T, C>
  /**
   * The same under `<Suspense>`: the value is there. A failure is thrown as a `CallError`, for an
   * error boundary.
   */
  useSuspenseQuery<T, C extends string>(read: ReadOf<K, T, C>): T
  /** Reads again all that is shown, and forgets what failed: for a button of an error boundary. */
  useRefresh(): () => Promise<void>
  /**
   * An action or a write.
   *
   * @example
   * const buy = useAction(({ actions }) => actions.orders.buy)
   * <button disabled={buy.pending} onClick={() => buy.run({ product })}>Buy</button>
   */
  useAction<G extends readonly unknown[], T, C extends string>(
    pick: (client: K) => (...given: G) => Calling<T, C>,
    use?: ActionUse<K, G>,
  ): ActionState<G, T, C>
}

/** Makes the hooks of an app's client. Once for each app, outside of components. */
export function createHooks<T>(): Hooks<Client<ModelsOf<T>, ActionsOf<T>>> {
  type K = Client<ModelsOf<T>, ActionsOf<T>>
  const Clients = createContext<K | undefined>(undefined)
  const Stores = createContext<QueryStore | undefined>(undefined)

  function ClientProvider({ client, children }: { client: K; children?: ReactNode }) {
    const store = useMemo(() => new QueryStore(client as unknown as ErasedClient), [client])
    useEffect(() => store.start(), [store])
    return createElement(
      Stores.Provider,
      { value: store },
      createElement(Clients.Provider, { value: client }, children),
    )
  }

  const useClient = (): K => provided(useContext(Clients))
  const useStore = (): QueryStore => provided(useContext(Stores))

  function useEntry(read: (client: K) => unknown) {
    const store = useStore()
    const description = describeRead(read as (client: never) => unknown)
    // The entry is that of the key: what a component writes down anew each time is the same read.
    const known = useRef(description)
    if (known.current.key !== description.key) known.current = description
    const entry = store.entry(known.current)
    const subscribe = useCallback(
      (listener: () => void) => store.subscribe(entry, listener),
      [store, entry],
    )
    const seen = useSyncExternalStore(
      subscribe,
      () => entry.seen,
      () => entry.seen,
    )
    return { store, entry, seen }
  }

  function useQuery<V, C extends string>(read: ReadOf<K, V, C>): Query<V, C> {
    const { store, entry, seen } = useEntry(read)
    const refetch = useCallback(() => store.again(entry), [store, entry])
    return { ...(seen as Seen<V>), refetch } as Query<V, C>
  }

  function useSuspenseQuery<V, C extends string>(read: ReadOf<K, V, C>): V {
    const { store, entry, seen } = useEntry(read)
    if (seen.value === undefined && seen.failure === undefined) use(store.read(entry))
    if (entry.seen.failure) throw new CallError(entry.seen.failure)
    return entry.seen.value as V
  }

  function useAction<G extends readonly unknown[], V, C extends string>(
    pick: (client: K) => (...given: G) => Calling<V, C>,
    how: ActionUse<K, G> = {},
  ): ActionState<G, V, C> {
    const client = useClient()
    const store = useStore()
    const [answered, setAnswered] = useState<Result<V, C> | undefined>(undefined)
    const [underWay, setUnderWay] = useState(0)
    const latest = useRef({ pick, how })
    useEffect(() => {
      latest.current = { pick, how }
    })
    const run = useCallback(
      async (...given: G) => {
        setUnderWay((count) => count + 1)
        const shown: (() => void)[] = []
        latest.current.how.optimistic?.(
          (read, change) => {
            const description = describeRead(read as (client: never) => unknown)
            shown.push(store.change(description, change as (value: unknown) => unknown))
          },
          ...given,
        )
        const result = await latest.current.pick(client)(...given)
        // What was shown stays until the app's own word on it is there.
        if (result.ok) await store.refresh()
        for (const takeBack of shown) takeBack()
        setAnswered(result)
        setUnderWay((count) => count - 1)
        return result
      },
      [client, store],
    )
    return {
      ...{ run, pending: underWay > 0 },
      value: answered?.ok ? answered.value : undefined,
      failure: answered && !answered.ok ? answered.failure : undefined,
    }
  }

  const useRefresh = () => {
    const store = useStore()
    return useCallback(() => store.refresh(), [store])
  }
  const reads = { useQuery, useSuspenseQuery, useRefresh }
  return { ClientProvider, useClient, useAction, ...reads } as Hooks<K>
}

function provided<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('Put a ClientProvider around the components.')
  return value
}
