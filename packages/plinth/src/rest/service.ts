/** Owns the addresses beside the API: index, document, pages, health. All are for everybody. */

import { Failure } from '../base/failure.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Handler, HttpRequest, HttpResponse } from '../http/message.ts'
import { methodNotAllowed } from '../http/problem.ts'
import { staticHandler } from '../http/static.ts'
import { asyncApiDocument } from './asyncapi/document.ts'
import { docsAssets, docsPage, indexPage } from './docs/pages.ts'
import { problemPage } from './docs/problem-page.ts'
import { openApiDocument } from './openapi/document.ts'
import { prefersHtml } from './request/media-type.ts'
import { noAddress } from './route/router.ts'
import type { Route } from './route/routes.ts'

/** Answers whether the app is well. Each fails with `unavailable` where it is not. */
export interface HealthChecks {
  /** The process works; a failure means that it should be restarted. */
  live(): void | Promise<void>
  /** Calls can be answered; a failure means that they should go elsewhere. */
  ready(): void | Promise<void>
}

/** What the service addresses are made of. */
export interface ServiceOptions {
  readonly catalog: Catalog
  readonly routes: readonly Route[]
  readonly title: string
  readonly version: string
  readonly cookieName: string
  readonly publicUrl: string | undefined
  /** Where the app's front end stands, for people who look for it. */
  readonly web: string | undefined
  readonly health: HealthChecks
}

/** Makes the handler of everything that is not under `/api`. Failures: `not_found`, … */
export function createService(options: ServiceOptions): Handler {
  const documents = documentHandler(options)
  const { title, routes, web } = options
  const named = { title, ...(web === undefined ? {} : { web }), ...index }
  const listed = [
    ...new Set(routes.filter(({ method }) => method === 'GET').map(({ path }) => path)),
  ]
  // Read on first use: a process that only serves the API does not wait for files.
  let assets: Handler | undefined
  let events: Handler | undefined
  const respond: Handler = (request) => {
    const [first, second] = request.segments
    switch (request.segments.length === 2 ? `${first}/*` : request.path) {
      case '/':
        return prefersHtml(request) ? indexPage(title, web) : json(named)
      case '/api':
        return json({ ...named, addresses: listed })
      case '/openapi.json':
        return documents(request)
      case 'api/*':
        events ??= eventsDocument(options)
        return events(request)
      case '/docs':
        return docsPage(title)
      case 'docs/*':
        assets ??= staticHandler(docsAssets())
        return assets(request)
      case 'problems/*':
        return problemPage(second ?? '', routes)
      case 'health/*':
        return healthResponse(second ?? '', options.health)
      default:
        throw noAddress()
    }
  }
  return (request) => {
    const answer = respond(request)
    if (request.method === 'GET') return answer
    if (!(answer instanceof Promise)) throw methodNotAllowed('GET, HEAD')
    return answer.then(() => {
      throw methodNotAllowed('GET, HEAD')
    })
  }
}

/** The document in both versions of its form: `/openapi.json` and `/openapi.json?v=3.2`. */
function documentHandler(options: ServiceOptions): Handler {
  const prepared = new Map<string, Handler>()
  return (request) => {
    const form = formOf(request)
    let handler = prepared.get(form)
    if (handler === undefined) {
      const body = JSON.stringify(openApiDocument({ ...options, form }))
      const asset = { body, contentType: 'application/json' }
      handler = staticHandler({ '/openapi.json': asset })
      prepared.set(form, handler)
    }
    return handler(request)
  }
}

/** What comes by itself, described for programs: `/api/asyncapi.json`. */
function eventsDocument(options: ServiceOptions): Handler {
  const body = JSON.stringify(asyncApiDocument(options))
  return staticHandler({ '/api/asyncapi.json': { body, contentType: 'application/json' } })
}

function formOf(request: HttpRequest): '3.1' | '3.2' {
  if (request.search === '' || request.search === 'v=3.1') return '3.1'
  if (request.search === 'v=3.2') return '3.2'
  throw new Failure('malformed_query', { detail: 'Ask for v=3.1 or v=3.2, or for nothing.' })
}

const index = Object.freeze({
  document: '/openapi.json',
  events: '/api/asyncapi.json',
  documentation: '/docs',
  health: ['/health/live', '/health/ready'],
})

async function healthResponse(name: string, checks: HealthChecks): Promise<HttpResponse> {
  if (name === 'live') await checks.live()
  else if (name === 'ready') await checks.ready()
  else throw new Failure('not_found')
  return json({ status: 'ok' })
}

function json(value: unknown): HttpResponse {
  const headers = { 'content-type': 'application/json', vary: 'accept' }
  return { status: 200, headers, body: JSON.stringify(value) }
}
