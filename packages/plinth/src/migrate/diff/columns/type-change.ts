/** Owns the judgement of type changes: what is free, what rewrites, what loses, what cannot be. */

/**
 * `free`: only the catalog changes. `rewrite`: every row is written anew, nothing is lost.
 * `lossy`: values are converted, and some may be rounded or refused. `none`: there is no
 * conversion; the column is made anew.
 */
export type TypeChange = 'free' | 'rewrite' | 'lossy' | 'none'

/** Judges the change of a column from one type to another, both as `format_type` prints them. */
export function typeChange(from: string, to: string): TypeChange {
  if (from === to) return 'free'
  if (from.endsWith('[]') && to.endsWith('[]')) {
    const items = typeChange(from.slice(0, -2), to.slice(0, -2))
    return items === 'free' ? 'rewrite' : items
  }
  if (from.endsWith('[]') || to.endsWith('[]')) return 'none'
  return textChange(from, to) ?? numberChange(from, to) ?? momentChange(from, to) ?? 'none'
}

const printsExactly = new Set(['smallint', 'integer', 'bigint', 'boolean', 'uuid', 'date'])

function textChange(from: string, to: string): TypeChange | undefined {
  const fromText = isText(from)
  if (isText(to)) {
    if (fromText) return to === 'text' ? 'free' : varyingChange(from, to)
    return printsExactly.has(from) || from.startsWith('numeric') ? 'rewrite' : 'lossy'
  }
  return fromText ? 'lossy' : undefined
}

function isText(type: string): boolean {
  return type === 'text' || type.startsWith('character')
}

function varyingChange(from: string, to: string): TypeChange {
  const [before, after] = [from, to].map((type) => {
    return Number(/^character varying\((\d+)\)$/.exec(type)?.[1] ?? Number.NaN)
  })
  return before !== undefined && after !== undefined && after >= before ? 'free' : 'lossy'
}

interface Digits {
  readonly whole: number
  readonly decimals: number
  readonly exact: boolean
}

const integerDigits: Readonly<Record<string, number>> = { smallint: 5, integer: 10, bigint: 19 }

function digitsOf(type: string): Digits | undefined {
  const whole = integerDigits[type]
  if (whole !== undefined) return { whole, decimals: 0, exact: true }
  if (type === 'numeric') return { whole: 131_072, decimals: 16_383, exact: true }
  const match = /^numeric\((\d+),(-?\d+)\)$/.exec(type)
  if (match) {
    const decimals = Number(match[2])
    return { whole: Number(match[1]) - decimals, decimals, exact: true }
  }
  if (type !== 'real' && type !== 'double precision') return undefined
  return { whole: 0, decimals: 0, exact: false }
}

function numberChange(from: string, to: string): TypeChange | undefined {
  const [before, after] = [digitsOf(from), digitsOf(to)]
  if (!before || !after) return undefined
  const integers = from in integerDigits || to in integerDigits
  const fits = after.whole >= before.whole && after.decimals >= before.decimals
  if (!before.exact || !after.exact) return to === 'double precision' ? 'rewrite' : 'lossy'
  if (!fits || (to in integerDigits && !(from in integerDigits))) return 'lossy'
  return !integers && after.decimals === before.decimals ? 'free' : 'rewrite'
}

function momentChange(from: string, to: string): TypeChange | undefined {
  const instant = 'timestamp with time zone'
  if (from === 'date' && to === instant) return 'rewrite'
  return from === instant && to === 'date' ? 'lossy' : undefined
}
