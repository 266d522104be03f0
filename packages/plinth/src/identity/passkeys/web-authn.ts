/** Owns what the flows of passkeys ask of the protocol: options for browsers, checked answers. */

/** WebAuthn (level 3) for one relying party. */
export interface WebAuthn {
  /** What `navigator.credentials.create` takes, as JSON. */
  addOptions(asked: NewPasskey): Promise<object>
  /** What `navigator.credentials.get` takes, as JSON. */
  useOptions(asked: UsedPasskey): Promise<object>
  /** Checks what a browser answered to `addOptions`. Throws where anything of it is not right. */
  checkAdded(response: AddedResponse): Promise<CheckedPasskey>
  /**
   * Checks what a browser answered to `useOptions` against the key that was kept. Throws where
   * anything of it is not right; whether the counter went on is for the caller to see.
   */
  checkUsed(response: UsedResponse, publicKey: string): Promise<CheckedUse>
}

/** A passkey that is known, for a browser to find it. */
export interface KnownPasskey {
  readonly credentialId: string
  readonly transports: readonly string[]
}

/** What options for a new passkey are made of. */
export interface NewPasskey {
  /** A token: what is signed are its bytes. */
  readonly challenge: string
  /** What the passkey knows its user by. */
  readonly handle: string
  /** What a list of passkeys shows: an address, say. */
  readonly account: string
  readonly name: string
  /** Those that the user has: none of them is made twice. */
  readonly known: readonly KnownPasskey[]
}

/** What options for the use of a passkey are made of. */
export interface UsedPasskey {
  readonly challenge: string
  /** Undefined: any passkey of anybody, found by the browser itself. */
  readonly known?: readonly KnownPasskey[] | undefined
}

/** The answer of `navigator.credentials.create` as JSON: what of it counts. */
export interface AddedResponse {
  readonly id: string
  readonly clientDataJSON: string
  readonly attestationObject: string
  readonly transports: readonly string[]
}

/** The answer of `navigator.credentials.get` as JSON: what of it counts. */
export interface UsedResponse {
  readonly id: string
  readonly clientDataJSON: string
  readonly authenticatorData: string
  readonly signature: string
  readonly userHandle: string | undefined
}

/** A new passkey, checked. */
export interface CheckedPasskey extends KnownPasskey, Backup {
  /** The token that was signed. Whether it was ours, and is good still, is not checked. */
  readonly challenge: string
  /** COSE, base64url. */
  readonly publicKey: string
  readonly counter: number
  /** What keeps it: an id of its kind, such as `fbfc3007-…`. */
  readonly aaguid: string
}

/** The use of a passkey, checked. */
export interface CheckedUse extends Backup {
  /** The token that was signed. Whether it was ours, and is good still, is not checked. */
  readonly challenge: string
  readonly counter: number
  /** Whom the passkey says it belongs to; undefined where it does not say. */
  readonly handle: string | undefined
}

/** Whether a passkey is copied. */
export interface Backup {
  readonly backupEligible: boolean
  readonly backedUp: boolean
}
