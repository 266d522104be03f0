/** Owns passkeys by a library that is loaded when first needed, for one relying party. */

import type {
  AddedResponse,
  CheckedUse,
  KnownPasskey,
  UsedResponse,
  WebAuthn,
} from '../../identity/passkeys/web-authn.ts'

/** Who asks for passkeys: they are made for this host, and work on no other. */
export interface RelyingParty {
  /** The host's name. */
  readonly id: string
  /** The one origin from which answers are taken. */
  readonly origin: string
}

/** Where an app is reached. */
export interface Reached {
  readonly production: boolean
  readonly publicUrl: string | undefined
  readonly localUrl: string
}

/**
 * The relying party of an app, by its configuration alone: what a request says about its host is
 * never asked. Undefined where browsers would make no passkey: without PLINTH_URL in production,
 * at an address that is no name, over http elsewhere than on `localhost`.
 */
export function relyingParty({
  production,
  publicUrl,
  localUrl,
}: Reached): RelyingParty | undefined {
  if (production && publicUrl === undefined) return undefined
  const url = new URL(publicUrl ?? localUrl)
  // Browsers make passkeys for names alone; in development this machine has one.
  if (!production && isLoopback(url.hostname)) url.hostname = 'localhost'
  const { hostname, protocol, origin } = url
  if (isAddress(hostname)) return undefined
  if (protocol !== 'https:' && hostname !== 'localhost') return undefined
  return { id: hostname, origin }
}

function isLoopback(hostname: string): boolean {
  return /^(?:127(?:\.\d+){3}|\[::1\])$/.test(hostname)
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d+(?:\.\d+){3}$/.test(hostname)
}

// EdDSA, ES256, RS256: what all authenticators have between them.
const algorithms = [-8, -7, -257]
const timeoutMs = 300_000
const userVerification = 'required'

/** Passkeys of an app of this name. */
export function webAuthnOf(title: string, { id: rpID, origin }: RelyingParty): WebAuthn {
  const expected = { expectedOrigin: origin, expectedRPID: rpID, requireUserVerification: true }
  return {
    async addOptions({ challenge, handle, account, name, known }) {
      const { generateRegistrationOptions } = await import('@simplewebauthn/server')
      return generateRegistrationOptions({
        ...{ rpName: title, rpID, challenge, timeout: timeoutMs },
        ...{ userName: account, userDisplayName: name, userID: bytesOf(handle) },
        attestationType: 'none',
        excludeCredentials: known.map(descriptor),
        authenticatorSelection: { residentKey: 'required', userVerification },
        supportedAlgorithmIDs: [...algorithms],
      })
    },
    async useOptions({ challenge, known }) {
      const { generateAuthenticationOptions } = await import('@simplewebauthn/server')
      const allowed = known === undefined ? {} : { allowCredentials: known.map(descriptor) }
      const asked = { rpID, challenge, timeout: timeoutMs, userVerification } as const
      return generateAuthenticationOptions({ ...asked, ...allowed })
    },
    async checkAdded(response) {
      const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
      await demandPlain(response)
      const signed = signedToken()
      const { id, clientDataJSON, attestationObject, transports } = response
      const { verified, registrationInfo } = await verifyRegistrationResponse({
        ...expected,
        response: {
          ...credential(id),
          response: { clientDataJSON, attestationObject, transports: [...transports] },
        },
        expectedChallenge: signed.take,
        supportedAlgorithmIDs: [...algorithms],
      })
      if (!verified) throw new Error('The attestation of a new passkey does not verify.')
      const { credential: made, credentialDeviceType, credentialBackedUp } = registrationInfo
      if (made.id !== id) throw new Error('A new passkey goes by two ids.')
      return {
        ...{ challenge: signed.token(), credentialId: id, transports },
        publicKey: textOf(made.publicKey),
        counter: made.counter,
        aaguid: registrationInfo.aaguid,
        ...backup(credentialDeviceType, credentialBackedUp),
      }
    },
    checkUsed: (response, publicKey) => checkUsed(expected, response, publicKey),
  }
}

interface Expected {
  readonly expectedOrigin: string
  readonly expectedRPID: string
  readonly requireUserVerification: boolean
}

async function checkUsed(
  expected: Expected,
  response: UsedResponse,
  publicKey: string,
): Promise<CheckedUse> {
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
  demandOwnPage(response.clientDataJSON)
  const signed = signedToken()
  const { id, clientDataJSON, authenticatorData, signature, userHandle } = response
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    ...expected,
    response: {
      ...credential(id),
      response: {
        ...{ clientDataJSON, authenticatorData, signature },
        ...(userHandle === undefined ? {} : { userHandle }),
      },
    },
    expectedChallenge: signed.take,
    // Its counter is compared by whoever asks: only what is signed rightly tells of a copy.
    credential: { id, publicKey: Uint8Array.fromBase64(publicKey, base64url), counter: 0 },
  })
  if (!verified) throw new Error('The signature of a passkey does not verify.')
  const { newCounter, credentialDeviceType, credentialBackedUp } = authenticationInfo
  return {
    ...{ challenge: signed.token(), counter: newCounter },
    ...backup(credentialDeviceType, credentialBackedUp),
    handle: userHandle === undefined ? undefined : decoded(userHandle),
  }
}

const base64url = { alphabet: 'base64url' } as const

function textOf(bytes: Uint8Array): string {
  return new Uint8Array(bytes).toBase64({ alphabet: 'base64url', omitPadding: true })
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text))
}

function decoded(text: string): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(text, base64url))
}

type Transport = 'ble' | 'cable' | 'hybrid' | 'internal' | 'nfc' | 'smart-card' | 'usb'

function descriptor({ credentialId, transports }: KnownPasskey) {
  return { id: credentialId, transports: transports as Transport[] }
}

function credential(id: string) {
  return { id, rawId: id, type: 'public-key', clientExtensionResults: {} } as const
}

function backup(type: string, backedUp: boolean) {
  return { backupEligible: type === 'multiDevice', backedUp }
}

/** Takes any challenge, and keeps it: whether it is one of ours is asked where it is used up. */
function signedToken() {
  let token = ''
  return {
    take(challenge: string): boolean {
      token = decoded(challenge)
      return true
    },
    token: () => token,
  }
}

/** A page of another site that holds ours in a frame is told apart by the browser. */
function demandOwnPage(clientDataJSON: string): void {
  const data = JSON.parse(decoded(clientDataJSON)) as { readonly crossOrigin?: unknown }
  if (data.crossOrigin === undefined || data.crossOrigin === false) return
  throw new Error('A passkey was used from a page within a page of another origin.')
}

/**
 * No attestation was asked for: one that comes all the same holds certificates of the caller's
 * choice, which nothing here should parse, follow or trust. What a passkey says of itself stays.
 */
async function demandPlain({ clientDataJSON, attestationObject }: AddedResponse): Promise<void> {
  demandOwnPage(clientDataJSON)
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers')
  const bytes = Uint8Array.fromBase64(attestationObject, base64url)
  const attestation = decodeAttestationObject(bytes)
  const form = attestation.get('fmt')
  const selfMade = form === 'packed' && attestation.get('attStmt').get('x5c') === undefined
  if (form === 'none' || selfMade) return
  throw new Error(`A new passkey came with an attestation of the form ${form}.`)
}

/** True where browsers would make passkeys for an app. */
export function takesPasskeys({
  production,
  publicUrl,
  localUrl = 'http://127.0.0.1:3000',
}: {
  readonly production: boolean
  readonly publicUrl?: string | undefined
  readonly localUrl?: string | undefined
}): boolean {
  return relyingParty({ production, publicUrl, localUrl }) !== undefined
}
