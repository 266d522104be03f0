/** Owns what a provider tells of itself to programs that have never heard of it. */

import type { Failure } from '../../base/failure.ts'
import type { HttpResponse } from '../../http/message.ts'

/** Where the API tells who gives tokens for it (RFC 9728). */
export const resourceMetadataPath = '/.well-known/oauth-protected-resource'

/** What the API tells of itself as a resource (RFC 9728). */
export function resourceMetadata(issuer: string, scopes: readonly string[], name: string): object {
  return {
    resource: issuer,
    authorization_servers: [issuer],
    scopes_supported: scopes,
    bearer_methods_supported: ['header'],
    resource_name: name,
  }
}

/** The library's own description, with what it does not know, and without what we do not offer. */
export function serverMetadata(answer: HttpResponse, scopes: readonly string[]): HttpResponse {
  if (answer.status !== 200 || answer.body === null) return answer
  const text = typeof answer.body === 'string' ? answer.body : new TextDecoder().decode(answer.body)
  const told = JSON.parse(text) as Readonly<Record<string, unknown>>
  const own = (told.scopes_supported ?? []) as readonly string[]
  const scopes_supported = [...new Set([...own, ...scopes])]
  const body = { ...told, scopes_supported, response_modes_supported: ['query'] }
  return { ...answer, body: JSON.stringify(body) }
}

/**
 * A failure with the challenge of an API whose tokens are given here (RFC 9728, section 5.1): what
 * is wrong with the token, and where to ask for one. Whatever is no question of tokens stays.
 */
export function challenged(failure: Failure, issuer: string): Failure {
  const known = failure.headers?.['www-authenticate']
  const place = `resource_metadata="${issuer}${resourceMetadataPath}"`
  if (failure.status === 401 && known === undefined) {
    const wrong = failure.code === 'invalid_credentials' ? 'error="invalid_token", ' : ''
    return withChallenge(failure, `Bearer ${wrong}${place}`)
  }
  if (failure.code !== 'insufficient_scope' || known === undefined) return failure
  return withChallenge(failure, `${known}, ${place}`)
}

function withChallenge(failure: Failure, challenge: string): Failure {
  return failure.with({ headers: { ...failure.headers, 'www-authenticate': challenge } })
}
