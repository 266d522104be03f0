/** Owns the OpenAPI document: the routes of an app, described for programs and people. */

import type { Catalog } from '../../catalog/catalog.ts'
import type { Json } from '../../kinds/kinds.ts'
import { isFollowed } from '../request/read-call.ts'
import type { Route } from '../route/routes.ts'
import { operationStatusSchema } from './actions.ts'
import { describeEvents } from './events.ts'
import { problemSchema, ResponseComponents } from './failures.ts'
import { batchResultsSchema, batchSchema, describeRoute, tagOf } from './operations.ts'
import { sharedHeaders, sharedParameters } from './parameters.ts'
import { modelSchemas, type Schema, schemaName } from './schemas.ts'
import { sharedStreamSchemas, streamContent, streamSchemas } from './streams.ts'
import { describeIncoming, describeOutgoing } from './webhooks.ts'

/** What a document is made of. */
export interface DocumentOptions {
  readonly catalog: Catalog
  readonly routes: readonly Route[]
  readonly title: string
  readonly version: string
  readonly cookieName: string
  /** The address that the app is reached by, without a slash at its end; undefined: not known. */
  readonly publicUrl?: string | undefined
  /** `3.1` leaves out QUERY, which it cannot say; `3.2` has it. */
  readonly form: '3.1' | '3.2'
}

const versions = Object.freeze({ '3.1': '3.1.1', '3.2': '3.2.0' })

/** The OpenAPI document of an app. */
export function openApiDocument(options: DocumentOptions): Schema {
  const { catalog, routes, title, version, form } = options
  const responses = new ResponseComponents()
  const paths: { [path: string]: { [method: string]: Json } } = {}
  for (const route of routes) {
    if (route.method === 'QUERY' && form === '3.1') continue
    const item = paths[route.path] ?? {}
    paths[route.path] = item
    const described = withStream(route, describeRoute(route, { catalog, responses }), form)
    item[route.method.toLowerCase()] =
      route.method === 'QUERY'
        ? { ...described, operationId: `${described.operationId}.body` }
        : described
  }
  Object.assign(paths, describeEvents({ catalog, responses, form }))
  const used = usedIn(paths)
  const outgoing = describeOutgoing(catalog)
  return {
    openapi: versions[form],
    info: { title, version, description: introduction },
    servers: serversOf(options),
    tags: tagsOf(routes, catalog),
    security: [{}, { bearer: [] }, { cookie: [] }],
    paths: { ...paths, ...describeIncoming(catalog) },
    ...(Object.keys(outgoing).length === 0 ? {} : { webhooks: outgoing }),
    components: {
      schemas: {
        ...schemasOf(catalog, routes),
        ...(form === '3.2' ? streamSchemasOf(catalog, routes) : {}),
        Problem: problemSchema,
        Batch: batchSchema,
        BatchResults: batchResultsSchema,
        ...used('schemas', { OperationStatus: operationStatusSchema }),
      },
      parameters: used('parameters', sharedParameters),
      headers: { ...sharedHeaders },
      responses: responses.all(),
      securitySchemes: securitySchemes(options.cookieName),
    },
  }
}

/** Keeps of some components those that the paths refer to: an app without actions has no later. */
function usedIn(paths: Json) {
  const text = JSON.stringify(paths)
  return (kind: string, components: Schema): Schema =>
    Object.fromEntries(
      Object.entries(components).filter(([name]) =>
        text.includes(`"#/components/${kind}/${name}"`),
      ),
    )
}

/** The public address first; `/` holds wherever the document was read. */
function serversOf({ publicUrl, title }: DocumentOptions): readonly Json[] {
  const here = { url: '/', description: 'This server' }
  return publicUrl === undefined ? [here] : [{ url: publicUrl, description: title }, here]
}

const introduction =
  'Failures are problem documents (RFC 9457) whose `code` is stable. Lists are pages with ' +
  'cursors. Records carry an `ETag`; changes take `If-Match`. Unsafe calls take an ' +
  '`Idempotency-Key`. What a caller may not read is absent, and counts nowhere.'

/** Reads can be followed, which only 3.2 can say: 3.1 has no form for the events of a stream. */
function withStream(route: Route, described: Schema, form: DocumentOptions['form']): Schema {
  if (form === '3.1' || !route.model || !isFollowed(route.form)) return described
  const responses = described.responses as { readonly [status: string]: Schema }
  const found = responses['200'] ?? {}
  const content = { ...(found.content as Schema), ...streamContent(schemaName(route.model.name)) }
  return { ...described, responses: { ...responses, '200': { ...found, content } } }
}

function streamSchemasOf(catalog: Catalog, routes: readonly Route[]): Schema {
  const followed = routes.flatMap(({ model, form }) => (model && isFollowed(form) ? [model] : []))
  const schemas = [...new Set(followed)].map(({ name }) => streamSchemas(schemaName(name)))
  const ends = catalog.followers.size === 0 ? {} : { LiveEnd: sharedStreamSchemas.LiveEnd }
  return Object.assign({}, ...schemas, schemas.length === 0 ? ends : sharedStreamSchemas)
}

/** The schemas of all models that are served, by their name in a document. */
export function schemasOf(catalog: Catalog, routes: readonly Route[]): { [name: string]: Schema } {
  const models = new Set(routes.flatMap((route) => route.model ?? []))
  return Object.assign({}, ...[...models].map((model) => modelSchemas(model, catalog)))
}

function tagsOf(routes: readonly Route[], { followers }: Catalog): readonly Json[] {
  const events = [...followers.keys()].map((name) => name.slice(0, name.indexOf('.')))
  const kits = new Set([...routes.map(tagOf), ...events])
  // What the app is about comes first, what every app has comes last.
  const last = ['identity', 'batch', 'operations']
  const ordered = [...kits].sort((a, b) => last.indexOf(a) - last.indexOf(b))
  return ordered.map((name) => ({
    name,
    description: tagTexts[name] ?? `The kit ${name}.`,
  }))
}

const tagTexts: Readonly<Record<string, string>> = Object.freeze({
  batch: 'Several operations in one.',
  operations: 'Calls that are answered later.',
})

function securitySchemes(cookieName: string): Schema {
  return {
    bearer: {
      type: 'http',
      scheme: 'bearer',
      description: 'The token that signing in returned. It wins over a cookie.',
    },
    cookie: {
      type: 'apiKey',
      in: 'cookie',
      name: cookieName,
      description: 'For our own pages: sign in with `cookie` set to true.',
    },
  }
}
