/** Owns the files of a built front end: read as a whole, so that no address meets the disk. */

import { createHash } from 'node:crypto'
import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Coding } from './coding.ts'

/** A file of a front end. */
export interface WebFile {
  readonly bytes: Uint8Array
  readonly contentType: string
  /** True: it may be worth compressing. */
  readonly isText: boolean
  /** Of its content; each coding adds its own word. */
  readonly hash: string
  /** The same content, compressed by the build: `app.js.br` beside `app.js`. */
  readonly coded: ReadonlyMap<Coding, Uint8Array>
}

/** The files by their paths, such as `assets/app.js`. */
export type WebFiles = ReadonlyMap<string, WebFile>

interface Found {
  readonly path: string
  readonly place: string
  readonly bytes: number
  readonly changedMs: number
}

const textTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.xml': 'application/xml',
  '.wasm': 'application/wasm',
}

const otherTypes: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.mp3': 'audio/mpeg',
  '.mp4': 'video/mp4',
  '.webm': 'video/webm',
  '.pdf': 'application/pdf',
}

const codings: Readonly<Record<string, Coding>> = { '.br': 'br', '.gz': 'gzip' }

/**
 * Reads a built front end. Names that start with a dot, and links, are left out: what they lead to
 * was never meant to be served. Undefined where there is no such folder; fails with
 * `configuration_invalid` where it holds more than `webFilesMax` files or `webBytesMax` bytes.
 */
export function readWebFiles(folder: string): WebFiles | undefined {
  const found = listWebFiles(folder)
  if (found === undefined) return undefined
  const byPath = new Map(found.map((one) => [one.path, one]))
  const files = new Map<string, WebFile>()
  for (const one of found) {
    const extension = extname(one.path)
    // A compressed file belongs to the one that it was made of, and has no address of its own.
    if (extension in codings && byPath.has(one.path.slice(0, -extension.length))) continue
    files.set(one.path, readOne(one, byPath))
  }
  return files
}

/** What of a folder can be seen without reading it: another text where something was built anew. */
export function stampOf(folder: string): string {
  const found = listWebFiles(folder) ?? []
  return found.map(({ path, bytes, changedMs }) => `${path}:${bytes}:${changedMs}`).join('\n')
}

function readOne({ path, place, changedMs }: Found, all: ReadonlyMap<string, Found>): WebFile {
  const bytes = readFileSync(place)
  const extension = extname(path).toLowerCase()
  const coded = new Map<Coding, Uint8Array>()
  for (const [ending, coding] of Object.entries(codings)) {
    const other = all.get(path + ending)
    // One that is older than its file was made of an earlier build.
    if (other && other.changedMs >= changedMs) coded.set(coding, readFileSync(other.place))
  }
  const textType = textTypes[extension]
  return {
    ...{ bytes, coded, isText: textType !== undefined },
    contentType: textType ?? otherTypes[extension] ?? 'application/octet-stream',
    hash: createHash('sha256').update(bytes).digest('base64url').slice(0, 22),
  }
}

function listWebFiles(folder: string): readonly Found[] | undefined {
  const found: Found[] = []
  let bytes = 0
  const walk = (place: string, path: string): boolean => {
    const entries = entriesOf(place)
    for (const entry of entries ?? []) {
      if (entry.name.startsWith('.')) continue
      const [inner, name] = [join(place, entry.name), path + entry.name]
      if (entry.isDirectory()) walk(inner, `${name}/`)
      if (!entry.isFile()) continue
      const { size, mtimeMs } = statSync(inner)
      bytes += size
      found.push({ path: name, place: inner, bytes: size, changedMs: mtimeMs })
      if (found.length > limits.webFilesMax || bytes > limits.webBytesMax) throw tooMuch(folder)
    }
    return entries !== undefined
  }
  return walk(folder, '') ? found : undefined
}

function entriesOf(place: string): readonly Dirent[] | undefined {
  try {
    return readdirSync(place, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function tooMuch(folder: string): Failure {
  const { webFilesMax, webBytesMax } = limits
  return new Failure('configuration_invalid', {
    detail:
      `${folder} holds more than ${webFilesMax} files or ${webBytesMax} bytes: ` +
      'name the folder that the build writes, and serve large media from elsewhere.',
  })
}
