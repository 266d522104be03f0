/** Owns the load of a run: clients that order, transfer, read and append. */

import type { Chance } from '../harness/chance.ts'
import { type Answered, Client } from '../harness/client.ts'
import { pause } from '../harness/processes.ts'
import type { Recorder } from '../harness/recorder.ts'
import { Cells } from './cells.ts'

/** What there is to act on, by id. */
export interface Things {
  readonly products: readonly string[]
  readonly coupons: readonly string[]
  readonly accounts: readonly string[]
  readonly registers: readonly string[]
}

/** What a client does, and how often. */
export const kinds = Object.freeze({
  ...{ order: 5, transfer: 4, walk: 6, balances: 1, twice: 1 },
  ...{ look: 3, cell: 5 },
})

/** The name of something that a client does. */
export type LoadKind = keyof typeof kinds

/** How a load runs. */
export interface LoadOptions {
  readonly bases: readonly string[]
  readonly recorder: Recorder
  readonly chance: Chance
  readonly clients: number
  /** What clients do. Default: everything. */
  readonly only?: readonly LoadKind[]
  /** Which action appends to lists: with the isolation that it should have, or with a lower one. */
  readonly walk?: 'walk' | 'walk-loosely'
  /** Every order uses one of so many coupons. Default: one in five orders, any of them. */
  readonly coupons?: number
  /** Clients that go away at the first broken answer, as people do. Default false. */
  readonly impatient?: boolean
  /** Milliseconds between two operations of a client, at most. Default 20. */
  readonly pauseMs?: number
}

/** A running load. */
export class Load {
  readonly #options: LoadOptions
  readonly #things: Things
  readonly #clients: Promise<void>[] = []
  #stopped = false
  #walks = 0
  readonly #cells = new Cells()

  private constructor(options: LoadOptions, things: Things) {
    this.#options = options
    this.#things = things
  }

  /** Starts it. */
  static async start(options: LoadOptions): Promise<Load> {
    const load = new Load(options, await thingsOf(options.bases[0] ?? ''))
    for (let number = 1; number <= options.clients; number++) {
      load.#clients.push(load.#run(number))
    }
    return load
  }

  /** Lets every client finish what it has begun. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#clients)
  }

  async #run(number: number): Promise<void> {
    const { bases, recorder, pauseMs = 20 } = this.#options
    const chance = this.#options.chance.branch(`client ${number}`)
    const { impatient = false } = this.#options
    const stopped = (): boolean => impatient || this.#stopped
    const client = new Client({ number, bases, recorder, token: undefined, stopped })
    const { only = Object.keys(kinds) as readonly LoadKind[] } = this.#options
    const weights = Object.fromEntries(only.map((kind) => [kind, kinds[kind]]))
    while (!this.#stopped) {
      await this.#do(chance.weighted(weights) as LoadKind, client, chance)
      await pause(chance.integer(0, pauseMs))
    }
    client.close()
  }

  #do(kind: LoadKind, client: Client, chance: Chance): Promise<Answered> {
    const reference = client.nextId()
    if (kind === 'order') return this.#order(client, chance, reference)
    if (kind === 'transfer') return this.#transfer(client, chance, reference)
    if (kind === 'walk') return this.#walk(client, chance, reference)
    if (kind === 'balances') {
      return client.ask({ op: kind, path: '/api/shop/balances', method: 'GET' })
    }
    if (kind === 'look') return this.#look(client, chance)
    if (kind === 'cell') return this.#cells.act(client, chance)
    return this.#twice(client, chance, reference)
  }

  #order(client: Client, chance: Chance, reference: string): Promise<Answered> {
    const { products } = this.#things
    const { coupons } = this.#options
    const offered = this.#things.coupons.slice(0, coupons)
    const body = {
      ...{ reference, product: chance.pick(products), quantity: chance.integer(1, 3) },
      fails: chance.happens(10),
      ...(chance.happens(coupons ? 100 : 20) ? { coupon: chance.pick(offered) } : {}),
    }
    return client.ask({ op: 'order', path: '/api/shop/order', body })
  }

  /** Two orders in one transaction: both or none. */
  async #twice(client: Client, chance: Chance, reference: string): Promise<Answered> {
    const product = chance.pick(this.#things.products)
    const second = `${reference}-2`
    const body = { first: { reference, product }, second }
    return client.ask({ op: 'twice', path: '/api/shop/order-twice', body })
  }

  #transfer(client: Client, chance: Chance, reference: string): Promise<Answered> {
    const { accounts } = this.#things
    const from = chance.pick(accounts)
    const to = chance.pick(accounts.filter((account) => account !== from))
    const body = { reference, from, to, amount: chance.integer(1, 40) }
    return client.ask({ op: 'transfer', path: '/api/shop/transfer', body })
  }

  /** A few keys at a time, each for a while: fresh lists keep coming. */
  #walk(client: Client, chance: Chance, reference: string): Promise<Answered> {
    this.#walks += 1
    const steps = Array.from({ length: chance.integer(1, 4) }, (_, at) => {
      const key = this.#register(chance)
      return chance.happens(50) ? { key, append: this.#walks * 8 + at } : { key }
    })
    const path = `/api/shop/${this.#options.walk ?? 'walk'}`
    return client.ask({ op: 'walk', path, body: { reference, steps } })
  }

  #register(chance: Chance): string {
    const { registers } = this.#things
    const first = Math.floor(this.#walks / 60) * 2
    return registers[(first + chance.integer(0, 3)) % registers.length] ?? ''
  }

  /** A plain read of what actions append to: a client's view must not go back. */
  #look(client: Client, chance: Chance): Promise<Answered> {
    const key = this.#register(chance)
    return client.ask({
      op: 'look',
      path: `/api/registers/${key}`,
      method: 'GET',
      request: { key },
    })
  }
}

async function thingsOf(base: string): Promise<Things> {
  const ids = async (path: string): Promise<readonly string[]> => {
    const response = await fetch(`${base}/api/${path}?limit=200`)
    const page = (await response.json()) as { readonly data: readonly { readonly id: string }[] }
    return page.data.map(({ id }) => id)
  }
  return {
    products: await ids('products'),
    coupons: await ids('coupons'),
    accounts: await ids('accounts'),
    registers: await ids('registers'),
  }
}
