/** Owns the list of addresses of the API: one projection of the catalog, for door and document. */

import type { ActionOperation, Catalog, Model, ModelOperation } from '../../catalog/catalog.ts'
import { isNever, isServed } from '../../catalog/exposure/exposure.ts'

/** What a route reads from its request, and how its reply is printed. */
export type RouteForm =
  | 'list'
  | 'query'
  | 'get'
  | 'getByKey'
  | 'create'
  | 'update'
  | 'delete'
  | 'upsert'
  | 'batch'
  | 'action'
  | 'queryAction'
  | 'operation'
  | 'cancelOperation'
  | 'safeAction'

/** A method that routes take. */
export type Method = 'GET' | 'QUERY' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One method at one address. */
export interface Route {
  readonly method: Method
  /** With its variables in braces: `/api/products/{id}`, `/api/products/sku={sku}`. */
  readonly path: string
  readonly form: RouteForm
  /** The catalog's name of what it does: `product.list`; `batch` for batches. */
  readonly operation: string
  /** Absent for actions and batches. */
  readonly model?: Model
  /** For actions. */
  readonly action?: ActionOperation
}

/** Addresses that the door answers itself, beside the API. */
export const serviceRoutes: readonly { readonly method: 'GET'; readonly path: string }[] =
  Object.freeze(
    [
      '/',
      '/api',
      '/openapi.json',
      '/api/asyncapi.json',
      '/docs',
      '/docs/{file}',
      '/problems/{code}',
      '/health/live',
      '/health/ready',
    ].map((path) => Object.freeze({ method: 'GET' as const, path })),
  )

/** The address of an incoming webhook: `/webhooks/shop/paid`. */
export function incomingPath({
  kit,
  name,
}: {
  readonly kit: string
  readonly name: string
}): string {
  return `/webhooks/${kit}/${name}`
}

/**
 * The addresses of an app's API, in the order of the catalog. An operation that the rules deny to
 * everybody has none: what nobody may do is not there.
 */
export function routes(catalog: Catalog): readonly Route[] {
  const list: Route[] = []
  let writable = false
  let later = [...catalog.logic.workflows.values()].some(({ status }) => status)
  for (const operation of catalog.operations.values()) {
    if (operation.type === 'action') {
      list.push(...actionRoutes(operation))
      later ||= operation.declared !== undefined && !operation.safe
    } else if (isServed(operation)) {
      list.push(...modelRoutes(operation))
      writable ||= operation.type !== 'list' && operation.type !== 'get'
    }
  }
  if (writable) {
    list.push({ method: 'POST', path: '/api/batch', form: 'batch', operation: 'batch' })
  }
  if (later) {
    const path = '/api/operations/{id}'
    list.push({ method: 'GET', path, form: 'operation', operation: 'operation' })
    list.push({ method: 'DELETE', path, form: 'cancelOperation', operation: 'cancelOperation' })
  }
  return Object.freeze(list)
}

/** The address of records by their natural key: `/api/products/sku={sku}`. */
export function keyPath(model: Model): string {
  return `/api/${model.plural}/${model.key.map((name) => `${name}={${name}}`).join(',')}`
}

function modelRoutes({ type, name, model }: ModelOperation): readonly Route[] {
  const all = `/api/${model.plural}`
  const one = `${all}/{id}`
  const shared = { operation: name, model }
  switch (type) {
    case 'list':
      return [
        { method: 'GET', path: all, form: 'list', ...shared },
        { method: 'QUERY', path: all, form: 'query', ...shared },
        { method: 'POST', path: `${all}/query`, form: 'query', ...shared },
      ]
    case 'get': {
      const byId: Route = { method: 'GET', path: one, form: 'get', ...shared }
      if (model.key.length === 0) return [byId]
      return [byId, { method: 'GET', path: keyPath(model), form: 'getByKey', ...shared }]
    }
    case 'create':
      return [{ method: 'POST', path: all, form: 'create', ...shared }]
    case 'update':
      return [{ method: 'PATCH', path: one, form: 'update', ...shared }]
    case 'delete':
      return [{ method: 'DELETE', path: one, form: 'delete', ...shared }]
    case 'upsert':
      return [{ method: 'PUT', path: keyPath(model), form: 'upsert', ...shared }]
  }
}

function actionRoutes(action: ActionOperation): readonly Route[] {
  const { kit, base = kit, name: operation, safe } = action
  const path = `/api/${base}/${action.path}`
  if (action.declared && isNever(action.declared.allow)) return []
  if (!safe) return [{ method: 'POST', path, form: 'action', operation, action }]
  const byGet: Route = { method: 'GET', path, form: 'safeAction', operation, action }
  if (!action.declared) return [byGet]
  // As with lists: QUERY, and POST for what does not know it.
  const byBody = { path, form: 'queryAction', operation, action } as const
  return [byGet, { method: 'QUERY', ...byBody }, { method: 'POST', ...byBody }]
}
