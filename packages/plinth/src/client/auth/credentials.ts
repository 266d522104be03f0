/** Owns asking a browser for passkeys: options from JSON, answers to JSON, refusals as failures. */

import { type AnyFailure, ownFailure } from '../call/failure.ts'
import type { PasskeyCode } from '../typed/auth.ts'

/** What a browser made, as JSON, or why there is none. */
export type Credential = { readonly response: unknown } | { readonly failure: AnyFailure }

interface Described {
  readonly id: string
}

/** Options as the server sends them; what is bytes is base64url. */
interface OptionsJson {
  readonly challenge: string
  readonly user?: { readonly id: string }
  readonly allowCredentials?: readonly Described[]
  readonly excludeCredentials?: readonly Described[]
}

interface Made {
  readonly id: string
  readonly rawId: ArrayBuffer
  readonly type: string
  readonly response: Readonly<Record<string, unknown>> & { getTransports?(): readonly string[] }
  toJSON?(): unknown
}

// What of a browser is used here: the types of this package know no page.
interface Page {
  readonly navigator?: {
    readonly credentials?: {
      create(options: object): Promise<Made | null>
      get(options: object): Promise<Made | null>
    }
  }
  readonly PublicKeyCredential?: {
    parseCreationOptionsFromJSON?(options: object): object
    parseRequestOptionsFromJSON?(options: object): object
  }
}

const page = globalThis as unknown as Page

/** Whether this browser, on this page, knows passkeys at all. */
export function knowsPasskeys(): boolean {
  return page.PublicKeyCredential !== undefined && page.navigator?.credentials !== undefined
}

/** Has the browser make a passkey, or use one. */
export async function askBrowser(
  what: 'create' | 'get',
  options: unknown,
  more: object,
): Promise<Credential> {
  const { navigator, PublicKeyCredential: known } = page
  if (!knowsPasskeys() || !navigator?.credentials) return refused('passkeys_unavailable')
  const json = options as OptionsJson
  try {
    const parse =
      what === 'create' ? known?.parseCreationOptionsFromJSON : known?.parseRequestOptionsFromJSON
    const publicKey = parse ? parse.call(known, json) : parsed(json)
    const made = await navigator.credentials[what]({ publicKey, ...more })
    return made ? { response: made.toJSON?.() ?? printed(made) } : refused('passkey_refused')
  } catch (error) {
    return refusal(error)
  }
}

function refusal(error: unknown): Credential {
  const name = error instanceof Error ? error.name : ''
  if (name === 'AbortError') return { failure: ownFailure('cancelled') }
  if (name === 'InvalidStateError') return refused('passkey_known')
  if (name === 'NotAllowedError') return refused('passkey_refused')
  return refused('passkeys_unavailable')
}

const sentences: Readonly<Record<PasskeyCode, string>> = {
  passkey_refused: 'No passkey was used. Try again, or choose another way.',
  passkey_known: 'This device has a passkey for you already.',
  passkeys_unavailable: 'Passkeys do not work in this browser, or not at this address.',
}

function refused(code: PasskeyCode): Credential {
  const title = 'No passkey'
  return { failure: { ...ownFailure('cancelled'), code, title, detail: sentences[code] } }
}

/** As `parseCreationOptionsFromJSON` and its like, for browsers that lack them. */
function parsed(options: OptionsJson): object {
  const known = (list?: readonly Described[]) =>
    list?.map((one) => ({ ...one, id: bytesOf(one.id) }))
  return {
    ...options,
    challenge: bytesOf(options.challenge),
    ...(options.user ? { user: { ...options.user, id: bytesOf(options.user.id) } } : {}),
    ...(options.allowCredentials ? { allowCredentials: known(options.allowCredentials) } : {}),
    ...(options.excludeCredentials
      ? { excludeCredentials: known(options.excludeCredentials) }
      : {}),
  }
}

const answered = [
  'clientDataJSON',
  'attestationObject',
  'authenticatorData',
  'signature',
  'userHandle',
]

/** As `toJSON`, for browsers that lack it. */
function printed({ id, rawId, type, response }: Made): object {
  const parts = answered.flatMap((name) => {
    const bytes = response[name]
    return bytes instanceof ArrayBuffer ? [[name, textOf(bytes)] as const] : []
  })
  const transports = response.getTransports?.()
  const rest = { ...Object.fromEntries(parts), ...(transports ? { transports } : {}) }
  return { id, type, rawId: textOf(rawId), response: rest, clientExtensionResults: {} }
}

function bytesOf(text: string): Uint8Array {
  const characters = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(characters, (one) => one.charCodeAt(0))
}

function textOf(bytes: ArrayBuffer): string {
  const characters = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte))
  return btoa(characters.join('')).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
