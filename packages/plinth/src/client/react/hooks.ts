/** Owns the hooks of React: reads, actions and changes that are shown before they are made. */

import {
  type Context,
  createContext,
  createElement,
  use,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import { CallError } from '../call/failure.ts'
import type { Calling, Result } from '../call/result.ts'
import type { Client } from '../client.ts'
import type { ActionsOf, ModelsOf } from '../typed/client.ts'
import { type Description, describeRead } from './description.ts'
import { type FeedingClient, feedHooks } from './feed-hooks.ts'
import { Feeds } from './feeds.ts'
import type { ActionUse, Hooks, ProviderProperties } from './hook-types.ts'
import { type ErasedClient, followedKey, QueryStore } from './store.ts'

/** What a provider hands down. */
interface Provided {
  readonly client: ErasedClient & FeedingClient
  readonly store: QueryStore
  readonly feeds: Feeds
}

type Place = Context<Provided | undefined>
type Call = (...given: readonly unknown[]) => Calling<unknown, string>
type Read = (client: never) => unknown

/** Makes the hooks of an app's client. Once for each app, outside of components. */
export function createHooks<T>(): Hooks<Client<ModelsOf<T>, ActionsOf<T>>> {
  const place: Place = createContext<Provided | undefined>(undefined)
  const useProvided = () => provided(useContext(place))
  const reading = readHooks(useProvided)
  return {
    ClientProvider: providerIn(place),
    useClient: () => useProvided().client,
    useAction: actionHook(useProvided),
    useRefresh() {
      const { store } = useProvided()
      return useCallback(() => store.refresh({ revives: true }), [store])
    },
    ...reading,
    ...feedHooks(useProvided),
    useMe: () => reading.useQuery(whoAmI),
  } as unknown as Hooks<Client<ModelsOf<T>, ActionsOf<T>>>
}

const whoAmI: Read = ({ auth }: Pick<ErasedClient, 'auth'>) => auth.me()

function provided(value: Provided | undefined): Provided {
  if (value === undefined) throw new Error('Put a ClientProvider around the components.')
  return value
}

function providerIn(place: Place) {
  return function ClientProvider({ client, children }: ProviderProperties<Provided['client']>) {
    const value = useMemo(
      () => ({ client, store: new QueryStore(client), feeds: new Feeds() }),
      [client],
    )
    useEffect(() => value.store.start(), [value])
    useEffect(() => value.feeds.start(value.client.auth), [value])
    return createElement(place.Provider, { value }, children)
  }
}

function readHooks(useProvided: () => Provided) {
  function useEntry(read: Read, follows = false) {
    const { store } = useProvided()
    const { key, ...described } = describeRead(read)
    // What a component writes down anew each time is the same read where its key is.
    const known = useRef<Description>({ key: '', ...described })
    const whole = follows ? followedKey(key) : key
    if (known.current.key !== whole) known.current = { ...described, key: whole }
    const entry = store.entry(known.current)
    const subscribe = useCallback(
      (listener: () => void) =>
        follows ? store.follow(entry, listener) : store.subscribe(entry, listener),
      [store, entry, follows],
    )
    const seen = useSyncExternalStore(
      subscribe,
      () => entry.seen,
      () => entry.seen,
    )
    return { store, entry, seen }
  }
  return {
    useQuery(read: Read) {
      const { store, entry, seen } = useEntry(read)
      const refetch = useCallback(() => store.again(entry), [store, entry])
      return { ...seen, refetch }
    },
    useLive: (read: Read) => useEntry(read, true).seen,
    useSuspenseQuery(read: Read) {
      const { store, entry, seen } = useEntry(read)
      if (seen.value === undefined && seen.failure === undefined) use(store.read(entry))
      if (entry.seen.failure) throw new CallError(entry.seen.failure)
      return entry.seen.value
    },
  }
}

function actionHook(useProvided: () => Provided) {
  return function useAction(
    pick: (client: ErasedClient) => Call,
    how: ActionUse<ErasedClient, readonly unknown[]> = {},
  ) {
    const { client, store } = useProvided()
    const [answered, setAnswered] = useState<Result<unknown, string> | undefined>(undefined)
    const [underWay, setUnderWay] = useState(0)
    const latest = useRef({ pick, how })
    useEffect(() => {
      latest.current = { pick, how }
    })
    const run = useCallback(
      async (...given: readonly unknown[]) => {
        setUnderWay((count) => count + 1)
        const shown: ((made: boolean) => void)[] = []
        latest.current.how.optimistic?.(
          (read, change) => {
            const description = describeRead(read as Read)
            shown.push(store.change(description, change as (value: unknown) => unknown))
          },
          ...given,
        )
        const result = await latest.current.pick(client)(...given)
        // What was shown stays until the app's own word on it is there.
        if (result.ok) await store.refresh()
        for (const end of shown) end(result.ok)
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
}
