/** Owns the wiring of the GraphQL door: beside REST, at `/api/graphql`. */

import { createHash } from 'node:crypto'
import { Failure } from '../../base/failure.ts'
import type { App } from '../../define/kit.ts'
import type { Call, Reply } from '../../engine/call.ts'
import type { Live } from '../../engine/live/live.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { createGraphqlDoor } from '../../graphql/door.ts'
import type { Handler, HttpRequest } from '../../http/message.ts'
import type { LinkHandler } from '../../http/socket/upgrades.ts'

/** What the doors of an app stand on. */
export interface GraphqlParts {
  readonly runtime: Runtime
  readonly invoke: (call: Call) => Promise<Reply>
  readonly live: Live
  readonly production: boolean
}

/** The doors beside which GraphQL is served. */
export interface BesideGraphql {
  readonly handler: Handler
  readonly sockets: LinkHandler
}

/** Doors that speak GraphQL beside what they did, for apps that have not left it out. */
export function withGraphql(
  { origins, graphql }: Pick<App<unknown>, 'origins' | 'graphql'>,
  { handler, sockets }: BesideGraphql,
  { runtime, invoke, live, production }: GraphqlParts,
): BesideGraphql {
  const doors = graphql === false ? undefined : doorsOf(graphql)
  return {
    handler: (request) => (isGraphql(request) && doors ? doors.handler : handler)(request),
    sockets(request) {
      if (!isGraphql(request)) return sockets(request)
      if (doors) return doors.sockets(request)
      throw new Failure('not_found', { detail: 'This app serves no GraphQL.' })
    },
  }

  function doorsOf(declared: Exclude<typeof graphql, false>): BesideGraphql {
    const { catalog, clock, log } = runtime
    return createGraphqlDoor({
      ...{ catalog, clock, invoke, production, origins, ...declared },
      live: {
        follow: {
          read: (call, options) => live.follow(call, options),
          event: (call, options) => live.events.follow(call, options),
        },
        check: (call) => live.check(call),
      },
      report: ({ detail, cause }, traceId) => {
        log({ level: 'error', message: detail, traceId, cause })
      },
    })
  }
}

function isGraphql({ segments: [first, second] }: HttpRequest): boolean {
  return first === 'api' && second === 'graphql'
}

/**
 * Checks the documents that an app declares: each stands under the hash of its own text. Fails with
 * `declaration_invalid`.
 */
export function checkDocuments({ graphql }: Pick<App<unknown>, 'graphql'>): void {
  if (graphql === false) return
  for (const [name, text] of Object.entries(graphql.documents)) {
    const hash = `sha256:${createHash('sha256').update(text).digest('hex')}`
    if (name === hash) continue
    const detail = `graphql.documents: what stands under "${name}" has the name "${hash}".`
    throw new Failure('declaration_invalid', { detail })
  }
}
