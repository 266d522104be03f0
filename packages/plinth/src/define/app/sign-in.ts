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
   * `byMail: false`: nobody signs in by a link or a code that was mailed (OWASP ASVS 6.3.6): the
   * flows are not there. Mails still confirm addresses and lead to a new password. Default true.
   */
  readonly byMail?: boolean
  /**
   * How many characters a new password has at least: 8 to 64. Default 15, what NIST 800-63B-4 asks
   * of a password that opens an account alone. Fewer are for apps whose people always show a second
   * factor as well. Passwords that are in use stay good.
   */
  readonly passwordCharactersMin?: number
  /**
   * Of whom a second factor is demanded. Until they have set one up, an account of theirs reaches
   * nothing but the setting up: through no door, and by none of its keys and programs.
   *
   * @example secondFactor: { required: { roles: ['staff'], members: ['owner'] }, graceDays: 14 }
   */
  readonly secondFactor?: SecondFactorSpec
  /**
   * Says in a few words where an address of the network is, such as `Berlin, Germany`: from a
   * database or a service of the app's own. Lists of sessions and the mail about a new device show
   * it. It is asked after the sign-in, by a job, and for no address of a local network: while it
   * takes its time, fails, or answers nothing, nobody waits, and nothing but the place is missing.
   *
   * @example place: async (address) => (await cities.get(address))?.city
   */
  readonly place?: PlaceOf
}

/** Where a network address is, in words; undefined: nobody knows. It has three seconds. */
export type PlaceOf = (
  address: string,
  more: {
    /** Aborted when its time is up. */
    readonly aborted: AbortSignal
  },
) => string | undefined | Promise<string | undefined>

/** Of whom a second factor is demanded, and from when on. */
export interface SecondFactorSpec {
  /**
   * `everyone` with an account; or those with one of some `roles`, and `members` of an
   * organisation: of any role in it (`true`), or of one of some.
   */
  readonly required:
    | 'everyone'
    | { readonly roles?: readonly string[]; readonly members?: true | readonly string[] }
  /**
   * How many days somebody has from the first call for which it is demanded of them: 0 to 365.
   * Default 0: from the next sign-in on. Each account has this time once.
   */
  readonly graceDays?: number
}

/** Of whom a second factor is demanded, in full. */
export interface SecondFactorDemand {
  readonly everyone: boolean
  readonly roles: readonly string[]
  /** The roles of members; `all`: any. */
  readonly members: 'all' | readonly string[]
  readonly graceDays: number
}

/** What an app declares about signing in, in full. */
export interface SignIn {
  readonly unverified: boolean
  readonly byMail: boolean
  /** Undefined: the usual number. */
  readonly passwordCharactersMin: number | undefined
  /** Undefined: of nobody. */
  readonly secondFactor: SecondFactorDemand | undefined
  /** Undefined: addresses are told as they are. */
  readonly place: PlaceOf | undefined
}

/** What an app declares about signing in, in full. */
export function signInOf(spec: SignInSpec = {}): SignIn {
  const { unverified = false, byMail = true, passwordCharactersMin, secondFactor, place } = spec
  const demand = secondFactor && demandOf(secondFactor)
  return Object.freeze({ unverified, byMail, passwordCharactersMin, secondFactor: demand, place })
}

function demandOf({ required, graceDays = 0 }: SecondFactorSpec): SecondFactorDemand {
  if (required === 'everyone') return { everyone: true, roles: [], members: [], graceDays }
  const { roles = [], members = [] } = required
  return { everyone: false, roles, members: members === true ? 'all' : members, graceDays }
}
