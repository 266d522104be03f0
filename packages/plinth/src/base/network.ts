/** Owns the network of an address: what limits count where nobody has signed in. */

/**
 * The network of an IP address: IPv4 by itself, IPv6 by its /64, so that rotating inside it
 * changes nothing. IPv4 inside IPv6 (`::ffff:192.0.2.1` in any spelling, and NAT64) counts as the
 * IPv4 address. Anything else is its own network.
 */
export function networkOf(address: string): string {
  const groups = groupsOf(address)
  return groups ? (insideOf(groups) ?? prefixOf(groups, 4)) : address
}

/**
 * The /48 of an IPv6 address; undefined for any other one. It is what one customer of a provider
 * is given, with 65,536 networks in it.
 */
export function siteOf(address: string): string | undefined {
  const groups = groupsOf(address)
  return groups && insideOf(groups) === undefined ? prefixOf(groups, 3) : undefined
}

function prefixOf(groups: readonly number[], length: number): string {
  const hex = groups.slice(0, length).map((group) => group.toString(16))
  return `${hex.join(':')}::/${length * 16}`
}

/** The IPv4 address inside of an IPv6 one; undefined where there is none. */
function insideOf(groups: readonly number[]): string | undefined {
  const [first = 0, second = 0, , , , sixth = 0, high = 0, low = 0] = groups
  const mapped = groups.slice(0, 5).every((group) => group === 0) && sixth === 0xffff
  const translated =
    first === 0x64 && second === 0xff9b && groups.slice(2, 6).every((group) => group === 0)
  if (!mapped && !translated) return undefined
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** The eight numbers of an IPv6 address; undefined where it is none. */
function groupsOf(address: string): readonly number[] | undefined {
  const [head = '', tail, more] = (address.split('%')[0] ?? '').split('::')
  if (!address.includes(':') || more !== undefined) return undefined
  const before = numbersOf(head)
  const after = numbersOf(tail ?? '')
  if (!before || !after) return undefined
  const zeros = 8 - before.length - after.length
  if (tail === undefined ? zeros !== 0 : zeros < 1) return undefined
  return [...before, ...Array.from({ length: zeros }, () => 0), ...after]
}

function numbersOf(text: string): readonly number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  const dotted = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(parts.at(-1) ?? '')
  if (dotted) {
    const [a = 0, b = 0, c = 0, d = 0] = dotted.slice(1).map(Number)
    parts.splice(-1, 1, ((a << 8) | b).toString(16), ((c << 8) | d).toString(16))
  }
  if (!parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return undefined
  return parts.map((part) => Number.parseInt(part, 16))
}

/** Addresses of one network: `192.0.2.0/24`, `2001:db8::/32`, or one address by itself. */
export interface Range {
  readonly bytes: readonly number[]
  readonly bits: number
}

/** The range that a text writes; undefined where it is none. Bits past its length are left out. */
export function rangeOf(text: string): Range | undefined {
  const [address = '', length, more] = text.split('/')
  const bytes = more === undefined && !address.includes('%') ? bytesOf(address) : undefined
  if (!bytes) return undefined
  const most = bytes.length * 8
  if (length === undefined) return { bytes, bits: most }
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length) || Number(length) > most) return undefined
  return { bytes, bits: Number(length) }
}

/** True for an address inside of a range. IPv4 written as IPv6 is IPv4. */
export function isInRange(address: string, { bytes, bits }: Range): boolean {
  const own = bytesOf(address)
  if (own?.length !== bytes.length) return false
  return bytes.every((byte, at) => {
    const width = Math.min(8, Math.max(0, bits - at * 8))
    const shift = 8 - width
    return byte >> shift === (own[at] ?? 0) >> shift
  })
}

const near: readonly (readonly [Nearness, readonly string[]])[] = [
  ['machine', ['127.0.0.0/8', '::1']],
  ['local', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16']],
  ['local', ['fc00::/7', 'fe80::/10']],
]

/** How near an address is that is the same nowhere else in the world. */
export type Nearness = 'machine' | 'local'

/** Whether an address is of this machine, or of a local network; undefined: of neither. */
export function nearnessOf(address: string): Nearness | undefined {
  const [plain = ''] = address.split('%')
  return near.find(([, ranges]) =>
    ranges.some((text) => {
      const range = rangeOf(text)
      return range !== undefined && isInRange(plain, range)
    }),
  )?.[0]
}

function bytesOf(address: string): readonly number[] | undefined {
  const groups = groupsOf(address)
  if (groups) {
    const all = groups.flatMap((group) => [group >> 8, group & 255])
    const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
    return mapped ? all.slice(12) : all
  }
  if (!/^(?:(?:0|[1-9]\d{0,2})(?:\.(?!$)|$)){4}$/.test(address)) return undefined
  const numbers = address.split('.').map(Number)
  return numbers.every((number) => number <= 255) ? numbers : undefined
}
