/** Owns the wiring of the GraphQL door: beside REST, at `/api/graphql`. */

import { createHash } from 'node:crypto'
import { Failure } from '../../base/failure.ts'
import type { App } from '../../define/kit.ts'
import type { Call, Reply } from '../../engine/call.ts'
import type { Runtime } from '../../engine/runtime.ts'
import { createGraphqlDoor } from '../../graphql/door.ts'
import type { Handler } from '../../http/message.ts'

/** What the door of an app stands on. */
export interface GraphqlParts {
  readonly runtime: Runtime
  readonly invoke: (call: Call) => Promise<Reply>
  readonly production: boolean
}

/** A handler that answers GraphQL beside its own addresses, for apps that have not left it out. */
export function withGraphql(
  { origins, graphql }: Pick<App<unknown>, 'origins' | 'graphql'>,
  handler: Handler,
  { runtime, invoke, production }: GraphqlParts,
): Handler {
  if (graphql === false) return handler
  const { catalog, clock, log } = runtime
  const door = createGraphqlDoor({
    ...{ catalog, clock, invoke, production, origins, ...graphql },
    report: ({ detail, cause }, traceId) => {
      log({ level: 'error', message: detail, traceId, cause })
    },
  })
  return (request) => {
    const [first, second] = request.segments
    return (first === 'api' && second === 'graphql' ? door : handler)(request)
  }
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
