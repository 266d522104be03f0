/** Owns the wiring of the API's doors: REST, GraphQL and what is followed, beside each other. */

import { ping } from '../../database/guard.ts'
import type { App } from '../../define/kit.ts'
import type { Call, Reply } from '../../engine/call.ts'
import type { Live } from '../../engine/live/live.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Handler } from '../../http/message.ts'
import type { LinkHandler } from '../../http/socket/upgrades.ts'
import { createRestDoor } from '../../rest/door.ts'
import { withGraphql } from './graphql.ts'
import { type LiveSetup, liveOf } from './live.ts'

/** What the doors are set up with. */
export interface ApiSetup extends Omit<LiveSetup, 'origins'> {
  readonly publicUrl?: string | undefined
  readonly production: boolean
}

/** What the doors stand on. */
export interface ApiParts {
  readonly runtime: Runtime
  readonly invoke: (call: Call) => Promise<Reply>
  readonly setup: ApiSetup
}

/** The doors of an app. */
export interface ApiDoors {
  readonly live: Live
  /** The REST door alone. */
  readonly rest: Handler
  /** REST, with GraphQL beside it. */
  readonly handler: Handler
  readonly sockets: LinkHandler
}

/** Opens the doors of an app's API. */
export function apiDoors(app: App<unknown>, { runtime, invoke, setup }: ApiParts): ApiDoors {
  const { catalog, database, clock } = runtime
  const { origins } = app
  const { production, publicUrl } = setup
  const { streams, live, sockets } = liveOf(runtime, { ...setup, origins })
  const rest = createRestDoor({
    ...{ catalog, invoke, clock, origins, publicUrl, web: app.web?.at },
    ...{ follow: streams.read, followEvent: streams.event },
    health: { live: () => undefined, ready: () => ping(database) },
  })
  const beside = { handler: rest, sockets }
  return { live, rest, ...withGraphql(app, beside, { runtime, invoke, live, production }) }
}
