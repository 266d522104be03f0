/** Owns what can be stored as a result: values that JSON gives back just as they were. */

/** JSON text, or what keeps the value from being stored. */
export type Stored = { readonly text: string | undefined } | { readonly problem: string }

/**
 * The JSON text of a value; undefined has none. Only what comes back the same is taken: a Date or
 * a Map that turned into something else between two runs would be a mistake hard to find.
 */
export function storable(value: unknown, bytesMax: number): Stored {
  if (value === undefined) return { text: undefined }
  const problem = problemOf(value, '', [])
  if (problem !== undefined) return { problem }
  const text = JSON.stringify(value)
  const bytes = Buffer.byteLength(text)
  if (bytes <= bytesMax) return { text }
  return { problem: `it has ${bytes} bytes and at most ${bytesMax} are stored` }
}

function problemOf(value: unknown, path: string, above: readonly object[]): string | undefined {
  const place = path === '' ? 'it' : path
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : `${place} is ${value}, which JSON does not have`
  }
  // As an item of a list; a member of an object that is undefined is left out.
  if (value === undefined) return `${place} is undefined, which JSON does not have`
  if (typeof value !== 'object') return `${place} is a ${typeof value}`
  if (above.includes(value)) return `${place} contains itself`
  if (above.length >= 32) return `${place} is nested too deeply`
  const inside = [...above, value]
  if (Array.isArray(value)) {
    return firstProblem(value.entries(), (item, index) =>
      problemOf(item, `${path}/${index}`, inside),
    )
  }
  if (!isPlain(value)) return `${place} is a ${value.constructor?.name ?? 'special object'}`
  return firstProblem(
    Object.entries(value).map(([key, item]) => [key, item] as const),
    (item, key) => (item === undefined ? undefined : problemOf(item, `${path}/${key}`, inside)),
  )
}

function firstProblem<K>(
  entries: Iterable<readonly [K, unknown]>,
  check: (item: unknown, key: K) => string | undefined,
): string | undefined {
  for (const [key, item] of entries) {
    const problem = check(item, key)
    if (problem !== undefined) return problem
  }
  return undefined
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as unknown
  return prototype === Object.prototype || prototype === null
}

/** The value of stored text. */
export function restored(text: string | undefined): unknown {
  return text === undefined ? undefined : (JSON.parse(text) as unknown)
}
