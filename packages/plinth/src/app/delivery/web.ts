/** Owns the wiring of an app's front end: where its folder is, and which addresses are its own. */

import { resolve } from 'node:path'
import { Failure } from '../../base/failure.ts'
import type { App } from '../../define/kit.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Handler, HttpRequest, HttpResponse } from '../../http/message.ts'
import { createWebDoor, type WebDoor } from '../../http/web/door.ts'
import { policyProblem } from '../../http/web/policy.ts'

/** What a front end is served with. */
export interface WebSetup {
  /** The folder of the app's file; undefined: this process serves no front end. */
  readonly home?: string | undefined
  readonly production: boolean
}

// Whatever the server itself answers, and what it may answer one day.
const taken: readonly string[] = [
  'api',
  'docs',
  'openapi.json',
  'problems',
  'health',
  'account',
  'webhooks',
  'mailbox',
  'oauth',
  '.well-known',
  'console',
  'mcp',
  'metrics',
]

/**
 * A handler that serves the app's front end beside everything else. Fails with
 * `configuration_invalid` where its folder is missing in production, or hides an address of ours.
 */
export function withWeb(
  { web }: Pick<App<unknown>, 'web'>,
  handler: Handler,
  { home, production, log }: WebSetup & { readonly log: Runtime['log'] },
): Handler {
  if (web === undefined || home === undefined) return handler
  const folder = resolve(home, web.folder)
  const door = createWebDoor({ ...web, folder, follows: !production })
  demandBuilt(door, { folder, production, log, hides: web.at === '/' ? taken : [] })
  if (web.at === '/') {
    return (request) => {
      const { segments } = request
      if (taken.includes(segments[0] ?? '')) return handler(request)
      return door.answer(request, segments).then((answer) => answer ?? handler(request))
    }
  }
  const first = web.at.slice(1)
  // What is not for the front end is passed on as it is: it waits for nothing here.
  return (request) => {
    const { segments } = request
    if (segments[0] !== first) return handler(request)
    return answerBelow(door, request)
  }
}

async function answerBelow(door: WebDoor, request: HttpRequest): Promise<HttpResponse> {
  if (request.method !== 'GET') throw otherMethod()
  const answer = await door.answer(request, request.segments.slice(1))
  if (answer) return answer
  throw new Failure('not_found')
}

function otherMethod(): Failure {
  return new Failure('method_not_allowed', { headers: { allow: 'GET, HEAD' } })
}

interface Demanding {
  readonly folder: string
  readonly production: boolean
  readonly log: Runtime['log']
  readonly hides: readonly string[]
}

function demandBuilt(door: WebDoor, { folder, production, log, hides }: Demanding): void {
  const hidden = hides.find((name) => door.names.has(name))
  if (hidden !== undefined) {
    const detail = `web: ${folder} holds "${hidden}", which the server answers itself: rename it.`
    throw new Failure('configuration_invalid', { detail })
  }
  if (door.built) return
  const detail = `web: there is no folder ${folder}: build the front end first.`
  if (production) throw new Failure('configuration_invalid', { detail })
  log({ level: 'warning', message: detail })
}

/** Checks what an app declares about its front end. Fails with `declaration_invalid`. */
export function checkWeb({ web, pages }: Pick<App<unknown>, 'web' | 'pages'>): void {
  if (web === undefined) return
  const { at, hashed, policy } = web
  const first = at.slice(1)
  if (!/^\/(?:[a-z0-9]+(?:-[a-z0-9]+)*)?$/.test(at)) {
    throw mistake(`web.at is "${at}": write an address of one part, such as /shop.`)
  }
  if (taken.includes(first)) {
    throw mistake(`web.at is "${at}", which the server answers itself: choose another.`)
  }
  if (at === '/' && pages !== false && pages.start) {
    throw mistake('web and pages.start both want the address /: give web another by at.')
  }
  if (!/^[A-Za-z0-9_-]+$/.test(hashed)) {
    throw mistake(`web.hashed is "${hashed}": name one folder, such as assets.`)
  }
  const problem = policyProblem(policy)
  if (problem !== undefined) throw mistake(`web.policy: ${problem}`)
}

function mistake(detail: string): Failure {
  return new Failure('declaration_invalid', { detail })
}
