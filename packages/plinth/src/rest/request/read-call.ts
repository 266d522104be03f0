/** Owns the making of a Call out of a request: one reader per form of route. */

import { present } from '../../base/assert.ts'
import { Failure } from '../../base/failure.ts'
import type { Call, Credential } from '../../engine/call.ts'
import { readIdempotencyKey } from '../../http/call/idempotency-key.ts'
import type { HttpRequest } from '../../http/message.ts'
import { type ReadQuery, readQuery } from '../query/read-query.ts'
import { readKey, withKey } from '../route/natural-key.ts'
import type { Match } from '../route/router.ts'
import type { RouteForm } from '../route/routes.ts'
import { readActionQuery } from './action-input.ts'
import { readJson, readOptionalJson, refuseBody, refuseQuery } from './body.ts'
import { prefersLater, readIfMatch, readIfNoneMatch } from './conditions.ts'

/** What a request says about its operation. */
type Said = Pick<
  Call,
  'id' | 'key' | 'input' | 'unread' | 'query' | 'queryText' | 'onlyCreate' | 'later'
>

type Reader = (request: HttpRequest, match: Match) => Said | Promise<Said>

/**
 * Makes the call of a request.
 *
 * @throws Failure for whatever cannot be read; nothing has been done by then.
 */
export function readCall(
  request: HttpRequest,
  match: Match,
  credential: Credential,
): Call | Promise<Call> {
  const said = readers[match.route.form](request, match)
  if (!(said instanceof Promise)) return callOf(request, { match, credential, said })
  return said.then((read) => callOf(request, { match, credential, said: read }))
}

interface Reading {
  readonly match: Match
  readonly credential: Credential
  readonly said: Said
}

function callOf(request: HttpRequest, { match, credential, said }: Reading): Call {
  const { form, operation } = match.route
  const call = {
    operation,
    as: credential,
    remoteAddress: request.remoteAddress,
    agent: request.header('user-agent'),
    traceId: request.trace.traceId,
    ...said,
  }
  return isRead(form) ? call : { ...call, ...conditionsOf(request, form) }
}

/** True where a form changes nothing. */
export function isRead(form: RouteForm): boolean {
  return (
    form === 'list' ||
    form === 'get' ||
    form === 'query' ||
    form === 'getByKey' ||
    form === 'safeAction' ||
    form === 'queryAction' ||
    form === 'operation'
  )
}

/** True where what a form reads can be followed: records of models. */
export function isFollowed(form: RouteForm): boolean {
  return form === 'list' || form === 'get' || form === 'query' || form === 'getByKey'
}

const readers: Readonly<Record<RouteForm, Reader>> = Object.freeze({
  list(request) {
    refuseBody(request)
    return queried(readQuery(request.search, 'list'))
  },
  async query(request) {
    refuseQuery(request)
    return { query: await readJson(request) }
  },
  get(request, { id }) {
    refuseBody(request)
    return { id, ...queried(readQuery(request.search, 'record')) }
  },
  getByKey(request, { route, keyText }) {
    refuseBody(request)
    const key = readKey(present(route.model, 'model'), keyText)
    return { key, ...queried(readQuery(request.search, 'record')) }
  },
  async create(request) {
    refuseQuery(request)
    return { input: await readJson(request) }
  },
  async update(request, { id }) {
    refuseQuery(request)
    return { id, input: await readJson(request) }
  },
  delete(request, { id }) {
    refuseQuery(request)
    refuseBody(request)
    return { id }
  },
  async upsert(request, { route, keyText }) {
    refuseQuery(request)
    const model = present(route.model, 'model')
    const key = readKey(model, keyText)
    return { input: withKey(model, key, await readJson(request)) }
  },
  async batch(request) {
    refuseQuery(request)
    return { input: await readJson(request) }
  },
  async action(request, { route }) {
    refuseQuery(request)
    const later = route.action?.declared && prefersLater(request.header('prefer'))
    const input = (await readOptionalJson(request)) ?? {}
    return later ? { input, later } : { input }
  },
  operation(request, { id }) {
    refuseQuery(request)
    refuseBody(request)
    return { id }
  },
  cancelOperation(request, { id }) {
    refuseQuery(request)
    refuseBody(request)
    return { id }
  },
  async queryAction(request) {
    refuseQuery(request)
    return { input: (await readOptionalJson(request)) ?? {} }
  },
  safeAction(request, { route }) {
    refuseBody(request)
    return readable(() => readActionQuery(present(route.action, 'action'), request.search))
  },
})

/** What cannot be read is the engine's to tell, once it knows that the caller may call at all. */
function readable(read: () => object): Said {
  try {
    return { input: read() }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { unread: error }
  }
}

function queried(query: ReadQuery | undefined): Said {
  return query === undefined ? {} : { query, queryText: true }
}

type Conditions = Pick<Call, 'version' | 'onlyCreate' | 'idempotencyKey'>

function conditionsOf(request: HttpRequest, form: RouteForm): Conditions {
  const version = readIfMatch(request.header('if-match'))
  const idempotencyKey = readIdempotencyKey(request.header('idempotency-key'))
  const noneMatch = readIfNoneMatch(request.header('if-none-match'))
  if (noneMatch !== undefined && !(noneMatch === 'any' && form === 'upsert')) {
    throw new Failure('malformed_header', {
      detail: 'If-None-Match counts for reading, and as * for PUT; leave it out here.',
    })
  }
  if (version !== undefined && !takesVersion(form)) {
    throw new Failure('malformed_header', {
      detail: 'If-Match counts where one record is changed; leave it out here.',
    })
  }
  return {
    ...(version === undefined ? {} : { version }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(noneMatch === undefined ? {} : { onlyCreate: true }),
  }
}

function takesVersion(form: RouteForm): boolean {
  return form === 'update' || form === 'delete' || form === 'upsert'
}
