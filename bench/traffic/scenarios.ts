/** Owns the scenarios: what is asked, by whom, and what has to be reached. */

import type { Fixture } from './data.ts'

/** One request. */
export interface Request {
  readonly method: 'GET' | 'POST' | 'PATCH'
  /** Path and query. */
  readonly target: string
  /** Undefined: nobody in particular asks. */
  readonly token: string | undefined
  readonly body?: string
}

/** One thing to measure. */
export interface Scenario {
  readonly name: string
  readonly is: 'read' | 'write'
  /** Requests to be sent over and over; `%n` in a body stands for a number used once. */
  readonly requests: (fixture: Fixture) => readonly Request[]
}

/** Ratios that are aimed at. */
export const goals = { read: 1, write: 0.8, readOfPgbench: 0.5 } as const

const variety = 500

/** Cycles through values, so that requests differ in who asks and in what is asked. */
function make(request: (index: number) => Request): readonly Request[] {
  return Array.from({ length: variety }, (_, index) => request(index))
}

const pick = <T>(values: readonly T[], index: number): T => {
  const value = values[(index * 7919) % values.length]
  if (value === undefined) throw new Error('There is nothing to pick from.')
  return value
}

const get = (target: string, token: string | undefined): Request => ({
  method: 'GET',
  target,
  token,
})

/** In the order in which they are measured: writes last, for they change the tables. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'point read',
    is: 'read',
    requests: ({ products, customers }) =>
      make((n) => get(`/api/products/${pick(products, n)}`, pick(customers, n))),
  },
  {
    name: 'point read, anonymous',
    is: 'read',
    requests: ({ products }) => make((n) => get(`/api/products/${pick(products, n)}`, undefined)),
  },
  {
    name: 'list of 20 with to-one include',
    is: 'read',
    requests: ({ customers }) =>
      make((n) => get('/api/products?limit=20&include=category', pick(customers, n))),
  },
  {
    name: 'list of 20 with to-many include',
    is: 'read',
    requests: ({ staff }) => make((n) => get('/api/orders?limit=20&include=lines', pick(staff, n))),
  },
  {
    name: 'own orders with to-many include',
    is: 'read',
    requests: ({ customers }) =>
      make((n) => get('/api/orders?limit=20&include=lines', pick(customers, n))),
  },
  {
    name: 'filtered, sorted page of 20',
    is: 'read',
    requests: ({ customers }) =>
      make((n) => {
        const filter = `filter[price][lte]=${2_000 + ((n * 97) % 40_000)}&filter[stock][gt]=10`
        return get(`/api/products?${filter}&sort=-price&limit=20`, pick(customers, n))
      }),
  },
  {
    name: 'create',
    is: 'write',
    requests: ({ staff }) =>
      make((n) => ({
        method: 'POST',
        target: '/api/categories',
        token: pick(staff, n),
        body: '{"name":"Bench %n","slug":"bench-%n"}',
      })),
  },
  {
    name: 'update',
    is: 'write',
    requests: ({ staff, products }) =>
      make((n) => ({
        method: 'PATCH',
        target: `/api/products/${pick(products, n)}`,
        token: pick(staff, n),
        body: `{"stock":${n % 100}}`,
      })),
  },
]
