/** Owns what an app says of its accounts: guests, staff who act as users, and deletion. */

/** What an app says of its accounts. */
export interface AccountsSpec {
  /**
   * True: a visitor without an account can have a session, so that what they make has an owner.
   * Rules tell them by `me.isGuest`; `me.signedIn` does not hold for them. Default false.
   */
  readonly guests?: boolean
  /** Who of the staff may act as a user. Default: the role `admin`, and a mail tells of it. */
  readonly impersonation?: ImpersonationSpec | false
  /** How many days pass before an account is deleted; until then it can be kept. Default 0. */
  readonly deletionDelayDays?: number
}

/** How staff acts as users. */
export interface ImpersonationSpec {
  /** The role that may. Default `admin`. */
  readonly by?: string
  /** False: the user gets no mail; they see it in their sessions all the same. Default true. */
  readonly mail?: boolean
}

/** What an app says of its accounts, in full. */
export interface Accounts {
  readonly guests: boolean
  /** The role that may act as users; undefined: nobody may. */
  readonly impersonatorRole: string | undefined
  readonly impersonationMail: boolean
  readonly deletionDelayDays: number
}

/** What an app says of its accounts, in full. */
export function accountsOf(spec: AccountsSpec = {}): Accounts {
  const { guests = false, impersonation = {}, deletionDelayDays = 0 } = spec
  return Object.freeze({
    guests,
    impersonatorRole: impersonation === false ? undefined : (impersonation.by ?? 'admin'),
    impersonationMail: impersonation !== false && impersonation.mail !== false,
    deletionDelayDays,
  })
}
