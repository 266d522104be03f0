import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf, classOf, networksOf } from './address.ts'
import { type OutboundPolicy, urlProblem } from './target.ts'

const closed: OutboundPolicy = {
  secureOnly: false,
  ports: undefined,
  classes: new Set(),
  allowed: { has: () => false },
}

const forbidden = [
  '127.0.0.1',
  '127.255.255.254',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.1.1',
  '169.254.169.254',
  '169.254.170.2',
  '100.100.100.200',
  '168.63.129.16',
  '0.0.0.0',
  '192.0.0.192',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
]
const open = [
  '8.8.8.8',
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '93.184.216.34',
]

test('addresses of the public internet are public', () => {
  for (const address of [...open, '2606:4700::1111', '2a00:1450:4001::200e', '::ffff:8.8.8.8']) {
    assert.equal(classOf(address), 'public', address)
  }
})

test('G01: addresses that are not of the public internet are known by their bytes', () => {
  const six = [
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fc00::1',
    'fd12:3456::1',
    'fd00:ec2::254',
    'fec0::1',
    'ff02::1',
    '2001:db8::1',
    '2001:2::1',
    '3fff::1',
    '4000::1',
    '64:ff9b:1::1',
    '100::1',
    '2002:0808:0808::1',
    '64:ff9b::8.8.8.8',
    '2001:0:53aa:64c:0:fbb6:f7f7:f7f7',
  ]
  for (const address of [...forbidden, ...six]) assert.notEqual(classOf(address), 'public', address)
  for (const text of ['', 'localhost', '1.2.3', '1.2.3.4.5', '::1::', '01.2.3.4', '1.2.3.4 ']) {
    assert.equal(classOf(text), 'reserved', text)
  }
  assert.equal(classOf('::ffff:169.254.169.254'), 'metadata')
  assert.equal(classOf('2002:7f00:1::'), 'loopback')
})

/** Spellings of an IPv4 address that some parser somewhere takes. */
function spellingsOf(address: string, pick: number): string {
  const [a = 0, b = 0, c = 0, d = 0] = bytesOf(address) ?? []
  const whole = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
  const octal = (byte: number): string => `0${byte.toString(8)}`
  const hexadecimal = (byte: number): string => `0x${byte.toString(16)}`
  const high = ((a << 8) | b).toString(16)
  const low = ((c << 8) | d).toString(16)
  const inverse = (one: number, two: number): string => {
    return (((one << 8) | two) ^ 0xffff).toString(16)
  }
  const inverted = `${inverse(a, b)}:${inverse(c, d)}`
  const all = [
    address,
    String(whole),
    hexadecimal(whole),
    `0${whole.toString(8)}`,
    [a, b, c, d].map(octal).join('.'),
    [a, b, c, d].map(hexadecimal).join('.'),
    `${octal(a)}.${b}.${hexadecimal(c)}.${d}`,
    `${a}.${b}.${(c << 8) | d}`,
    `${a}.${((b << 16) | (c << 8) | d) >>> 0}`,
    `${address}.`,
    encodeURIComponent(address).replaceAll('.', '%2E'),
    address.replace('.', '。'),
    [...address]
      .map((one) => (/\d/.test(one) ? String.fromCodePoint(0xff10 + Number(one)) : one))
      .join(''),
    `[::ffff:${address}]`,
    `[::ffff:${high}:${low}]`,
    `[0:0:0:0:0:FFFF:${high.toUpperCase()}:${low}]`,
    `[::ffff:0:${high}:${low}]`,
    `[::${address}]`,
    `[64:ff9b::${address}]`,
    `[64:ff9b::${high}:${low}]`,
    `[64:ff9b:1::${high}:${low}]`,
    `[2002:${high}:${low}::]`,
    `[2002:${high}:${low}:1:2:3:4:5]`,
    `[2001:0:1:2:3:4:${inverted}]`,
  ]
  return all[pick % all.length] ?? address
}

const privateFours = fc.oneof(
  fc.constantFrom(...forbidden),
  fc
    .tuple(fc.constantFrom('127', '10', '0', '224', '250'), fc.nat(255), fc.nat(255), fc.nat(255))
    .map((parts) => parts.join('.')),
  fc
    .tuple(fc.constantFrom('192.168', '169.254', '172.20', '100.90'), fc.nat(255), fc.nat(255))
    .map((parts) => parts.join('.')),
)

test('G01: no spelling of a forbidden address passes, of 6,000', () => {
  fc.assert(
    fc.property(privateFours, fc.nat(23), (address, pick) => {
      const url = `http://${spellingsOf(address, pick)}/hook`
      // A URL that nobody can parse is refused as well; what counts is that none passes.
      assert.notEqual(urlProblem(url, closed), undefined, url)
    }),
    { numRuns: 6_000 },
  )
})

test('a public address is known in the spellings that mean itself', () => {
  for (const address of open) {
    for (const pick of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14, 15]) {
      const url = `http://${spellingsOf(address, pick)}/hook`
      assert.equal(urlProblem(url, closed), undefined, url)
    }
  }
})

test('G04: other schemes, ports and credentials are refused', () => {
  const strict = { ...closed, secureOnly: true, ports: new Set([443, 8443]) }
  for (const url of [
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'javascript:alert(1)',
    'https://example.com:22/',
    'https://example.com:6379/',
    'https://user:pass@example.com/',
    'https://user@example.com/',
    'https:///',
    'not an address',
    `https://${'a'.repeat(300)}.example/`,
  ]) {
    assert.notEqual(urlProblem(url, strict), undefined, url)
  }
  assert.equal(urlProblem('https://example.com/hook?a=1', strict), undefined)
  assert.equal(urlProblem('https://example.com:8443/', strict), undefined)
  assert.notEqual(urlProblem('ftp://example.com/', closed), undefined)
})

test('networks are read by their bytes, and what is none is named', () => {
  const networks = networksOf(['10.1.0.0/16', '::1', '192.168.1.5'])
  assert.ok('has' in networks)
  for (const inside of ['10.1.2.3', '::1', '192.168.1.5']) assert.ok(networks.has(inside), inside)
  for (const outside of ['10.2.0.1', '::2', '192.168.1.6', 'x', '::ffff:10.1.2.3']) {
    assert.ok(!networks.has(outside), outside)
  }
  for (const wrong of ['10.1.0.0/33', 'shop.example', '10.1/16', '::1/129', '1.2.3.4/x', '']) {
    assert.deepEqual(networksOf(['::1', wrong]), { wrong })
  }
})
