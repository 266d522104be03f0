/** Owns the answers of a built front end: its files, and its one page for every other address. */

import { Failure } from '../../base/failure.ts'
import { qualityOf } from '../call/accept.ts'
import type { HttpRequest, HttpResponse } from '../message.ts'
import { type Coding, codingFor, encode } from './coding.ts'
import { readWebFiles, stampOf, type WebFile, type WebFiles } from './files.ts'
import { type PolicyAdditions, policyOf } from './policy.ts'
import { partOf } from './range.ts'

/** What a front end is served from. */
export interface WebDoorOptions {
  /** Absolute. */
  readonly folder: string
  /** The folder in it whose files have hashes in their names. */
  readonly hashed: string
  readonly policy: PolicyAdditions
  /** True: the folder is looked at anew for each page, as in development. */
  readonly follows: boolean
}

/** A front end. */
export interface WebDoor {
  /** Whether the folder is there: undefined answers are not because it was never built. */
  readonly built: boolean
  /** The names in the folder itself. */
  readonly names: ReadonlySet<string>
  /**
   * Answers for the parts of an address below the front end. Undefined: there is no such file, and
   * who asks wants no page.
   */
  answer(request: HttpRequest, segments: readonly string[]): Promise<HttpResponse | undefined>
}

const page = 'index.html'

/** Makes the door of a front end; reads it whole. */
export function createWebDoor(options: WebDoorOptions): WebDoor {
  const { folder, follows } = options
  let stamp = follows ? stampOf(folder) : ''
  let files = readWebFiles(folder)
  const look = (): WebFiles => {
    const seen = follows ? stampOf(folder) : stamp
    if (seen !== stamp) {
      stamp = seen
      files = readWebFiles(folder)
      made.clear()
    }
    return files ?? new Map()
  }
  const made: Made = new Map()
  return {
    built: files !== undefined,
    names: new Set([...(files?.keys() ?? [])].map((path) => path.split('/')[0] ?? '')),
    async answer(request, segments) {
      if (request.method !== 'GET') return undefined
      const known = look()
      const path = segments.join('/')
      const file = path === '' ? undefined : known.get(path)
      if (file) return sendFile(request, { file, path, made, options })
      const fallback = known.get(page)
      if (!fallback || !wantsPage(request, segments)) return undefined
      return sendFile(request, { file: fallback, path: page, made, options })
    },
  }
}

/** Of what a browser opens; a file with an ending that is not there is missing, and no page. */
function wantsPage(request: HttpRequest, segments: readonly string[]): boolean {
  if (segments.at(-1)?.includes('.')) return false
  const accept = request.header('accept') ?? ''
  return qualityOf(accept, 'text/html') > qualityOf(accept, 'application/json')
}

/** Codings that were made here, by the hash of their file. */
type Made = Map<string, Promise<Uint8Array | undefined>>

interface Sending {
  readonly file: WebFile
  readonly path: string
  readonly made: Made
  readonly options: WebDoorOptions
}

async function sendFile(request: HttpRequest, sending: Sending): Promise<HttpResponse> {
  const { file, path, options } = sending
  const range = request.header('range')
  // Of a part nobody could tell by which coding it was counted: parts are of the file as it is.
  const coding = file.isText && range === undefined ? taken(request) : undefined
  const coded = coding && (await codedBy(coding, sending))
  const etag = `"${file.hash}${coded ? `-${coding}` : ''}"`
  const isHashed = path.startsWith(`${options.hashed}/`)
  const headers = {
    'content-type': file.contentType,
    'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    ...(file.isText ? { vary: 'accept-encoding' } : {}),
    ...(coded && coding ? { 'content-encoding': coding } : {}),
    ...(path.endsWith('.html')
      ? { 'content-security-policy': policyOf(textOf(file), options.policy) }
      : {}),
    ...{ etag, 'accept-ranges': 'bytes' },
  }
  if (isKnown(request.header('if-none-match'), etag)) return { status: 304, headers, body: null }
  if (coded) return { status: 200, headers, body: coded }
  return inPart(request, { headers, bytes: file.bytes, etag })
}

interface Whole {
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
  readonly etag: string
}

function inPart(request: HttpRequest, { headers, bytes, etag }: Whole): HttpResponse {
  const condition = request.header('if-range')
  const asked = condition === undefined || condition === etag ? request.header('range') : undefined
  const part = partOf(asked, bytes.length)
  if (part === 'whole') return { status: 200, headers, body: bytes }
  if (part === 'outside') {
    throw new Failure('range_not_satisfiable', {
      headers: { 'content-range': `bytes */${bytes.length}` },
    })
  }
  const { start, end } = part
  const range = `bytes ${start}-${end - 1}/${bytes.length}`
  return {
    status: 206,
    headers: { ...headers, 'content-range': range },
    body: bytes.subarray(start, end),
  }
}

function taken(request: HttpRequest): Coding | undefined {
  return codingFor(request.header('accept-encoding'))
}

function codedBy(coding: Coding, { file, made }: Sending): Promise<Uint8Array | undefined> {
  const built = file.coded.get(coding)
  if (built) return Promise.resolve(built)
  const key = `${file.hash}-${coding}`
  const known = made.get(key) ?? encode(file.bytes, coding)
  made.set(key, known)
  return known
}

function textOf({ bytes }: WebFile): string {
  return new TextDecoder().decode(bytes)
}

function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}
