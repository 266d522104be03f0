/** Owns what an IP address may be called: its bytes, and whether it lies in the public internet. */

import { isIP } from 'node:net'

/** Why an address is not called. */
export type AddressClass =
  | 'public'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'metadata'
  | 'reserved'

interface Range {
  readonly bytes: readonly number[]
  readonly bits: number
  readonly is: Exclude<AddressClass, 'public'>
}

function range(text: string, is: Range['is']): Range {
  const [address = '', bits = ''] = text.split('/')
  return Object.freeze({ bytes: bytesOf(address) ?? [], bits: Number(bits), is })
}

// IANA special-purpose registries. What is more exact stands first.
const fourRanges: readonly Range[] = [
  range('169.254.169.254/32', 'metadata'),
  range('169.254.170.0/24', 'metadata'),
  range('100.100.100.200/32', 'metadata'),
  range('168.63.129.16/32', 'metadata'),
  range('192.0.0.192/32', 'metadata'),
  range('127.0.0.0/8', 'loopback'),
  range('10.0.0.0/8', 'private'),
  range('172.16.0.0/12', 'private'),
  range('192.168.0.0/16', 'private'),
  range('100.64.0.0/10', 'private'),
  range('169.254.0.0/16', 'link-local'),
  range('0.0.0.0/8', 'reserved'),
  range('192.0.0.0/24', 'reserved'),
  range('192.0.2.0/24', 'reserved'),
  range('192.31.196.0/24', 'reserved'),
  range('192.52.193.0/24', 'reserved'),
  range('192.88.99.0/24', 'reserved'),
  range('192.175.48.0/24', 'reserved'),
  range('198.18.0.0/15', 'reserved'),
  range('198.51.100.0/24', 'reserved'),
  range('203.0.113.0/24', 'reserved'),
  range('224.0.0.0/4', 'reserved'),
  range('240.0.0.0/4', 'reserved'),
]

const sixRanges: readonly Range[] = [
  range('fd00:ec2::254/128', 'metadata'),
  range('fd20:ce::254/128', 'metadata'),
  range('::1/128', 'loopback'),
  range('fe80::/10', 'link-local'),
  range('fec0::/10', 'private'),
  range('fc00::/7', 'private'),
]

// Only this part of IPv6 is handed out to the public; these pieces of it are not.
const globalSix = range('2000::/3', 'reserved')
const reservedSix: readonly Range[] = [
  range('2001::/23', 'reserved'),
  range('2001:db8::/32', 'reserved'),
  range('2620:4f:8000::/48', 'reserved'),
  range('3fff::/20', 'reserved'),
]

/** Where an IPv6 address carries an IPv4 address that the packet may end up at. */
const carriers: readonly { readonly range: Range; readonly at: number; readonly flip: number }[] = [
  // IPv4-mapped, translated (SIIT) and the deprecated compatible form.
  { range: range('::ffff:0:0/96', 'reserved'), at: 12, flip: 0 },
  { range: range('::ffff:0:0:0/96', 'reserved'), at: 12, flip: 0 },
  { range: range('::/96', 'reserved'), at: 12, flip: 0 },
  // NAT64, the well-known prefix, and the local-use one in its longest form.
  { range: range('64:ff9b::/96', 'reserved'), at: 12, flip: 0 },
  { range: range('64:ff9b:1::/48', 'reserved'), at: 12, flip: 0 },
  // 6to4, and Teredo, which hides the client's address by inverting it.
  { range: range('2002::/16', 'reserved'), at: 2, flip: 0 },
  { range: range('2001::/32', 'reserved'), at: 12, flip: 0xff },
]

/**
 * The class of an address in any spelling that sockets and resolvers print. What is no address is
 * `reserved`: nothing is called that was not understood. IPv6 that carries an IPv4 address takes
 * that one's class where it is not public, and is `reserved` otherwise: the way there is not ours
 * to judge. The exception is the mapped form, which is the IPv4 address itself.
 */
export function classOf(address: string): AddressClass {
  const bytes = bytesOf(address)
  if (!bytes) return 'reserved'
  return bytes.length === 4 ? classOfFour(bytes) : classOfSix(bytes)
}

function classOfFour(bytes: readonly number[]): AddressClass {
  return fourRanges.find((one) => lies(bytes, one))?.is ?? 'public'
}

function classOfSix(bytes: readonly number[]): AddressClass {
  const special = sixRanges.find((one) => lies(bytes, one))
  if (special) return special.is
  const carrier = carriers.find((one) => lies(bytes, one.range))
  if (carrier) {
    const inside = bytes.slice(carrier.at, carrier.at + 4).map((byte) => byte ^ carrier.flip)
    const carried = classOfFour(inside)
    return carried === 'public' && carrier !== carriers[0] ? 'reserved' : carried
  }
  if (!lies(bytes, globalSix)) return 'reserved'
  return reservedSix.some((one) => lies(bytes, one)) ? 'reserved' : 'public'
}

function lies(bytes: readonly number[], { bytes: start, bits }: Range): boolean {
  for (let at = 0; at * 8 < bits; at++) {
    const left = Math.min(8, bits - at * 8)
    const mask = (0xff << (8 - left)) & 0xff
    if (((bytes[at] ?? 0) & mask) !== ((start[at] ?? 0) & mask)) return false
  }
  return true
}

/** Networks that an operator allows, by their text: `10.1.0.0/16`, `::1`, `192.168.1.5`. */
export interface Networks {
  has(address: string): boolean
}

/** Reads a list of networks. Returns the first entry that is none as `wrong`. */
export function networksOf(entries: readonly string[]): Networks | { readonly wrong: string } {
  const known: Range[] = []
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/')
    const bytes = bytesOf(address)
    const most = (bytes?.length ?? 0) * 8
    const wanted = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
    if (!bytes || wanted < 0 || wanted > most) return { wrong: entry }
    known.push({ bytes, bits: wanted, is: 'private' })
  }
  return {
    has(address) {
      const bytes = bytesOf(address)
      return bytes !== undefined && known.some((one) => sameFamily(bytes, one) && lies(bytes, one))
    },
  }
}

function sameFamily(bytes: readonly number[], one: Range): boolean {
  return bytes.length === one.bytes.length
}

/** The bytes of an address: 4 or 16; undefined where the text is none. A zone is left out. */
export function bytesOf(text: string): readonly number[] | undefined {
  const bare = text.replace(/%.*$/s, '')
  const family = isIP(bare)
  if (family === 4) return bare.split('.').map(Number)
  return family === 6 ? bytesOfSix(bare) : undefined
}

function bytesOfSix(text: string): readonly number[] {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text)
  const [a = 0, b = 0, c = 0, d = 0] = dotted ? dotted.slice(1).map(Number) : []
  const tail = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  const plain = dotted ? text.slice(0, dotted.index) + tail : text
  const [head = '', rest] = plain.split('::')
  const before = groupsOf(head)
  const after = groupsOf(rest ?? '')
  const gap = rest === undefined ? 0 : 8 - before.length - after.length
  const groups = [...before, ...new Array<number>(gap).fill(0), ...after]
  return groups.flatMap((group) => [group >> 8, group & 0xff])
}

function groupsOf(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}
