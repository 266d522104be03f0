/** Owns the list of an app's addresses as people read it. */

import type { Catalog } from '../catalog/catalog.ts'
import { incomingPath, routes, serviceRoutes } from '../rest/route/routes.ts'

/** An address and what it does. */
export interface AddressLine {
  readonly method: string
  readonly path: string
  /** The operation of the catalog; empty for addresses of the server itself. */
  readonly operation: string
}

/** Every address of an app, in the order of its declaration. */
export function addressLines(catalog: Catalog): readonly AddressLine[] {
  const api = routes(catalog).map(({ method, path, operation }) => ({ method, path, operation }))
  const webhooks = [...catalog.logic.webhooks.values()].map((webhook) => ({
    ...{ method: 'POST', path: incomingPath(webhook), operation: '' },
  }))
  return [
    ...api,
    ...webhooks,
    ...serviceRoutes.map(({ method, path }) => ({ method, path, operation: '' })),
  ]
}
