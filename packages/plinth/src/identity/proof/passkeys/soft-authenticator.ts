/** Owns an authenticator made of code: it signs what a test tells it to, right or wrong. */

import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** What an authenticator does otherwise than it should. */
export interface Wrongly {
  readonly origin?: string
  readonly crossOrigin?: boolean
  readonly topOrigin?: string
  readonly rpId?: string
  readonly type?: string
  /** In place of the one that it was asked to sign. */
  readonly challenge?: string
  /** True: without the check of who holds it. */
  readonly unverified?: boolean
  /** True: without a touch. */
  readonly absent?: boolean
  /** In place of the next one. */
  readonly counter?: number
  readonly handle?: string | undefined
  readonly backupEligible?: boolean
  /** COSE, such as -47 for ES256K. */
  readonly algorithm?: number
  readonly format?: string
  readonly credentialId?: string
}

/** Options as JSON: what of them counts. */
export interface Options {
  readonly challenge: string
  readonly rpId?: string
  readonly rp?: { readonly id: string; readonly name: string }
  readonly user?: { readonly id: string; readonly name: string }
  readonly allowCredentials?: readonly { readonly id: string }[]
  readonly excludeCredentials?: readonly { readonly id: string }[]
  readonly authenticatorSelection?: { readonly residentKey: string }
  readonly userVerification?: string
}

/** An answer as `toJSON()` gives it. */
export interface Answered {
  readonly id: string
  readonly rawId: string
  readonly type: string
  readonly response: Readonly<Record<string, unknown>>
}

/** One passkey that is kept by a test. ES256. */
export class SoftPasskey {
  readonly id = randomBytes(16).toString('base64url')
  readonly #origin: string
  readonly #key: KeyObject
  readonly #publicKey: Buffer
  #handle: string | undefined
  /** Goes up by one with each use; undefined: none is kept, as most of today do. */
  counter: number | undefined

  constructor(origin: string, counter?: number) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
    this.#origin = origin
    this.#key = privateKey
    const [left, right] = [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]
    this.#publicKey = Buffer.concat([
      Buffer.from([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20]),
      ...[left, Buffer.from([0x22, 0x58, 0x20]), right],
    ])
    this.counter = counter
  }

  /** As `navigator.credentials.create` answers. */
  create({ challenge, rp, user }: Options, wrongly: Wrongly = {}): Answered {
    this.#handle = user?.id
    const id = Buffer.from(wrongly.credentialId ?? this.id, 'base64url')
    const publicKey = Buffer.from(this.#publicKey)
    // The one byte of the algorithm; -47 takes two: `38 2e`.
    const { algorithm } = wrongly
    const key =
      algorithm === undefined
        ? publicKey
        : Buffer.concat([
            publicKey.subarray(0, 4),
            Buffer.from([0x38, -1 - algorithm]),
            publicKey.subarray(5),
          ])
    const attested = Buffer.concat([Buffer.alloc(16), uint16(id.length), id, key])
    const data = this.#data(rp?.id ?? '', wrongly, attested)
    const clientDataJSON = this.#client('webauthn.create', challenge, wrongly)
    const attestationObject = Buffer.concat([
      Buffer.from([0xa3]),
      ...[text('fmt'), text(wrongly.format ?? 'none')],
      ...[text('attStmt'), Buffer.from([0xa0])],
      ...[text('authData'), bytes(data)],
    ])
    const response = {
      clientDataJSON: clientDataJSON.toString('base64url'),
      attestationObject: attestationObject.toString('base64url'),
      transports: ['internal', 'hybrid'],
    }
    return answered(wrongly.credentialId ?? this.id, response)
  }

  /** As `navigator.credentials.get` answers. */
  get({ challenge, rpId }: Options, wrongly: Wrongly = {}): Answered {
    if (this.counter !== undefined) this.counter += 1
    const data = this.#data(rpId ?? '', wrongly)
    const clientData = this.#client('webauthn.get', challenge, wrongly)
    const hashed = createHash('sha256').update(clientData).digest()
    const signature = sign('sha256', Buffer.concat([data, hashed]), this.#key)
    const userHandle = 'handle' in wrongly ? wrongly.handle : this.#handle
    const response = {
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: data.toString('base64url'),
      signature: signature.toString('base64url'),
      ...(userHandle === undefined ? {} : { userHandle }),
    }
    return answered(wrongly.credentialId ?? this.id, response)
  }

  #client(type: string, challenge: string, wrongly: Wrongly): Buffer {
    const data = {
      type: wrongly.type ?? type,
      challenge: wrongly.challenge ?? challenge,
      origin: wrongly.origin ?? this.#origin,
      crossOrigin: wrongly.crossOrigin ?? false,
      ...(wrongly.topOrigin === undefined ? {} : { topOrigin: wrongly.topOrigin }),
    }
    return Buffer.from(JSON.stringify(data))
  }

  #data(rpId: string, wrongly: Wrongly, attested = Buffer.alloc(0)): Buffer {
    const touched = wrongly.absent === true ? 0 : 1
    const verified = wrongly.unverified === true ? 0 : 4
    const copied = wrongly.backupEligible === true ? 8 : 0
    const flags = touched | verified | copied | (attested.length > 0 ? 64 : 0)
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(wrongly.counter ?? this.counter ?? 0)
    const hashed = createHash('sha256')
      .update(wrongly.rpId ?? rpId)
      .digest()
    return Buffer.concat([hashed, Buffer.from([flags]), counter, attested])
  }
}

/** The same answer with one bit of a part turned. */
export function tampered(answer: Answered, part: string): Answered {
  const whole = Buffer.from(String(answer.response[part]), 'base64url')
  const last = whole.length - 1
  whole.writeUInt8(whole.readUInt8(last) ^ 1, last)
  return { ...answer, response: { ...answer.response, [part]: whole.toString('base64url') } }
}

function answered(id: string, response: Answered['response']): Answered {
  return { id, rawId: id, type: 'public-key', response }
}

function uint16(value: number): Buffer {
  const two = Buffer.alloc(2)
  two.writeUInt16BE(value)
  return two
}

// CBOR (RFC 8949): texts of less than 24 bytes, bytes of less than 65,536.
function text(value: string): Buffer {
  assert.ok(value.length < 24, 'a short text')
  return Buffer.concat([Buffer.from([0x60 + value.length]), Buffer.from(value)])
}

function bytes(value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x59]), uint16(value.length), value])
}
