/** Owns what an app declares about signing in: who may before what, and by which passwords. */

/** What an app declares about signing in. */
export interface SignInSpec {
  /**
   * `unverified: true`: whoever signs up can sign in before the mail to their address was answered.
   * Then signing up and in tells whether an address has an account, so it is off by default. Where
   * no mail leaves the server it is always so.
   */
  readonly unverified?: boolean
  /**
   * How many characters a new password has at least: 8 to 64. Default 15, what NIST 800-63B-4 asks
   * of a password that opens an account alone. Fewer are for apps whose people always show a second
   * factor as well. Passwords that are in use stay good.
   */
  readonly passwordCharactersMin?: number
}

/** What an app declares about signing in, in full. */
export interface SignIn {
  readonly unverified: boolean
  /** Undefined: the usual number. */
  readonly passwordCharactersMin: number | undefined
}

/** What an app declares about signing in, in full. */
export function signInOf({ unverified = false, passwordCharactersMin }: SignInSpec = {}): SignIn {
  return Object.freeze({ unverified, passwordCharactersMin })
}
