/** Owns fixed files: a map from path to bytes, filled at start; no caller meets the disk. */

import { createHash } from 'node:crypto'
import { Failure } from '../base/failure.ts'
import type { Handler, HttpHeaders, HttpRequest, HttpResponse } from './message.ts'

/** One file. */
export interface Asset {
  readonly body: string | Uint8Array
  /** With its charset, such as `text/css; charset=utf-8`. */
  readonly contentType: string
  /** True where the path holds a hash of the content: browsers keep it for a year. */
  readonly immutable?: boolean
  /** Such as those of `pageHeaders`. */
  readonly headers?: HttpHeaders
}

interface Prepared {
  readonly found: HttpResponse
  readonly notModified: HttpResponse
  readonly etag: string
}

/**
 * A handler of fixed files, by their exact path such as `/console/app.js`. Answers GET with `etag`,
 * `if-none-match` with 304. Failures: `not_found`, `method_not_allowed`.
 */
export function staticHandler(assets: Readonly<Record<string, Asset>>): Handler {
  const prepared = new Map(Object.entries(assets).map(([path, asset]) => [path, prepare(asset)]))
  return (request) => answer(prepared.get(request.path), request)
}

function prepare(asset: Asset): Prepared {
  const etag = `"${createHash('sha256').update(asset.body).digest('base64url').slice(0, 22)}"`
  const headers: HttpHeaders = Object.freeze({
    'content-type': asset.contentType,
    'cache-control': asset.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    ...asset.headers,
    etag,
  })
  return {
    found: Object.freeze({ status: 200, headers, body: asset.body }),
    notModified: Object.freeze({ status: 304, headers, body: null }),
    etag,
  }
}

function answer(file: Prepared | undefined, request: HttpRequest): HttpResponse {
  if (file === undefined) throw new Failure('not_found')
  if (request.method !== 'GET') {
    throw new Failure('method_not_allowed', { headers: { allow: 'GET, HEAD' } })
  }
  const known = request.header('if-none-match')
  if (known === undefined) return file.found
  const tags = known.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(file.etag) || known.trim() === '*' ? file.notModified : file.found
}
