/** Owns the form of what browsers answer about passkeys: what of it counts, and how long it is. */

import { invalidInput } from '../../base/failure.ts'
import type { AddedResponse, UsedResponse } from './web-authn.ts'

const base64url = /^[A-Za-z0-9_-]+$/
const transportForm = /^[a-z-]{1,30}$/

/**
 * An answer of `navigator.credentials.create`, as its `toJSON()` gives it. Fails with
 * `invalid_input` at the pointer.
 */
export function addedResponse(input: unknown, pointer: string): AddedResponse {
  const { id, response } = credentialOf(input, pointer)
  return {
    id,
    clientDataJSON: demandBytes(response.clientDataJSON, 8_000, pointer),
    attestationObject: demandBytes(response.attestationObject, 16_000, pointer),
    transports: transportsOf(response.transports),
  }
}

/** An answer of `navigator.credentials.get`. Fails with `invalid_input` at the pointer. */
export function usedResponse(input: unknown, pointer: string): UsedResponse {
  const { id, response } = credentialOf(input, pointer)
  const handle = response.userHandle
  return {
    id,
    clientDataJSON: demandBytes(response.clientDataJSON, 8_000, pointer),
    authenticatorData: demandBytes(response.authenticatorData, 8_000, pointer),
    signature: demandBytes(response.signature, 8_000, pointer),
    userHandle:
      handle === undefined || handle === null || handle === ''
        ? undefined
        : demandBytes(handle, 100, pointer),
  }
}

type Named = Readonly<Record<string, unknown>>

function credentialOf(input: unknown, pointer: string) {
  const credential = objectOf(input, pointer)
  const { rawId, type } = credential
  const id = demandBytes(credential.id, 1_364, pointer)
  if (type !== 'public-key' || (rawId !== undefined && rawId !== id)) throw malformed(pointer)
  return { id, response: objectOf(credential.response, pointer) }
}

function objectOf(value: unknown, pointer: string): Named {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Named
  throw malformed(pointer)
}

function demandBytes(value: unknown, charactersMax: number, pointer: string): string {
  if (typeof value === 'string' && value.length <= charactersMax && base64url.test(value)) {
    return value
  }
  throw malformed(pointer)
}

/** How a browser reaches a passkey is a hint: words that are none are left out. */
function transportsOf(value: unknown): readonly string[] {
  const words = Array.isArray(value) ? value.slice(0, 10) : []
  return words.filter((word) => typeof word === 'string' && transportForm.test(word))
}

function malformed(pointer: string) {
  const detail = 'Send what the browser answered, as `toJSON()` of the credential gives it.'
  return invalidInput([{ pointer, code: 'bad_format', detail }])
}
