/** Owns ranges: which part of a file a request asks for (RFC 9110, 14). */

/** The bytes from `start` to before `end`. */
export interface Part {
  readonly start: number
  readonly end: number
}

const form = /^bytes=(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))$/

/**
 * The part that a `Range` header asks for. `whole`: all of it, because the header is none that we
 * serve, such as one of several parts; `outside`: nothing of the file lies there.
 */
export function partOf(range: string | undefined, size: number): Part | 'whole' | 'outside' {
  const match = range === undefined ? null : form.exec(range.trim())
  if (!match) return 'whole'
  const [, first, last, suffix] = match
  if (suffix !== undefined) {
    const length = Math.min(Number(suffix), size)
    return length === 0 ? 'outside' : { start: size - length, end: size }
  }
  const start = Number(first)
  const end = last === undefined ? size : Math.min(Number(last) + 1, size)
  if (last !== undefined && Number(last) < start) return 'whole'
  return start >= size ? 'outside' : { start, end }
}
