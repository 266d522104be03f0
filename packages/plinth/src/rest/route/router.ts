/** Owns the way from an address to its route. */

import { Failure } from '../../base/failure.ts'
import type { HttpRequest } from '../../http/message.ts'
import { methodNotAllowed } from '../../http/problem.ts'
import type { Method, Route } from './routes.ts'

/** A route, and what its variables hold. */
export interface Match {
  readonly route: Route
  /** The record's id, for `{id}`. */
  readonly id: string
  /** The last part of the path as it was sent, for natural keys. */
  readonly keyText: string
}

/** The routes at one address, by method. */
interface Place {
  readonly routes: Map<string, Route>
  allow: string
}

/** Finds routes. */
export interface Router {
  /**
   * The route of a request.
   *
   * @throws Failure `not_found`; `method_not_allowed` with the methods that the address takes.
   */
  find(request: HttpRequest): Match
  /** The methods at a request's address as `Allow` lists them, or a `not_found`. */
  allowed(request: HttpRequest): string
}

/** The failure of an address at which nothing is: the same for what is hidden from everybody. */
export function noAddress(): Failure {
  const detail = 'There is nothing at this address: GET /api lists what there is.'
  return new Failure('not_found', { detail })
}

/** Builds the router of some routes. */
export function createRouter(routes: readonly Route[]): Router {
  const places = new Map<string, Place>()
  for (const route of routes) {
    const place = places.get(placeOf(route)) ?? { routes: new Map(), allow: '' }
    places.set(placeOf(route), place)
    if (place.routes.has(route.method)) {
      const detail = `Two operations claim ${route.method} ${route.path}: rename one of them.`
      throw new Failure('declaration_invalid', { detail })
    }
    place.routes.set(route.method, route)
    place.allow = allowOf([...place.routes.keys()] as Method[])
  }
  const find = (request: HttpRequest): Place => {
    const place = request.segments[0] === 'api' ? placeAt(places, request) : undefined
    if (place === undefined) throw noAddress()
    return place
  }
  return {
    allowed: (request) => find(request).allow,
    find(request) {
      const place = find(request)
      const route = place.routes.get(request.method)
      if (route === undefined) throw methodNotAllowed(place.allow)
      const id = request.segments[2] ?? ''
      return { route, id, keyText: request.path.slice(request.path.lastIndexOf('/') + 1) }
    },
  }
}

/** The key of a route's place: its path, with the variables by their class. */
function placeOf(route: Route): string {
  const [, , collection = '', last] = route.path.split('/')
  if (last === undefined) return collection
  if (last === '{id}') return `${collection}/{id}`
  return last.includes('=') ? `${collection}/{key}` : `${collection}/${last}`
}

function placeAt(places: ReadonlyMap<string, Place>, request: HttpRequest): Place | undefined {
  const [, collection = '', last] = request.segments
  if (request.segments.length === 2) return places.get(collection)
  if (last === undefined || request.segments.length > 3) return undefined
  // An id or a key never looks like the name of an action: ids are UUIDs, keys hold an `=`.
  const fixed = places.get(`${collection}/${last}`)
  if (fixed !== undefined && last !== '{id}' && last !== '{key}') return fixed
  const key = request.path.indexOf('=', request.path.lastIndexOf('/')) !== -1
  return places.get(key ? `${collection}/{key}` : `${collection}/{id}`)
}

const methodOrder: readonly Method[] = ['GET', 'QUERY', 'POST', 'PUT', 'PATCH', 'DELETE']

function allowOf(methods: readonly Method[]): string {
  const taken = methodOrder.filter((method) => methods.includes(method))
  const listed = taken.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  return [...listed, 'OPTIONS'].join(', ')
}
