/** Owns certificates of tests: a key and what vouches for it, made anew for each run. */

import { generateKeyPairSync, sign } from 'node:crypto'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'

/** A server's key and certificate, as PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const { length } = body
  const size = length < 128 ? [length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}

const bytes = (...all: readonly number[]): Buffer => Buffer.from(all)
const list = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts)
const word = (text: string, tag: number): Buffer => der(tag, Buffer.from(text))
const object = (hex: string): Buffer => der(6, Buffer.from(hex, 'hex'))
const yes = der(1, bytes(255))

/** A certificate for names, which vouches for itself and is trusted by this process. */
export function trustedCertificate(names: readonly string[]): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const byEcdsa = list(object('2a8648ce3d040302'))
  const name = list(der(0x31, list(object('550403'), word('Plinth tests', 0x0c))))
  const dates = list(word('200101000000Z', 0x17), word('21000101000000Z', 0x18))
  const others = list(...names.map((one) => word(one, 0x82)))
  const extensions = list(
    list(object('551d13'), yes, der(4, list(yes))),
    list(object('551d11'), der(4, others)),
  )
  const told = list(
    ...[der(0xa0, der(2, bytes(2))), der(2, bytes(1)), byEcdsa, name, dates, name],
    ...[publicKey.export({ type: 'spki', format: 'der' }), der(0xa3, extensions)],
  )
  const signature = sign('sha256', told, privateKey)
  const whole = list(told, byEcdsa, der(3, bytes(0), signature)).toString('base64')
  const cert = `-----BEGIN CERTIFICATE-----\n${whole}\n-----END CERTIFICATE-----\n`
  setDefaultCACertificates([...getCACertificates('default'), cert])
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert }
}
