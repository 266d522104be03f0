/** Owns what the pages about programs of others are shown with, where an app is a provider. */

/** A program, as its user sees it. */
export interface PageProgram {
  /** Of one that nobody has registered: the host at which it describes itself. */
  readonly name: string
  /** False: all that is known of it is its address. */
  readonly registered: boolean
}

/** What a program may do, in words. */
export interface PageScope {
  readonly scope: string
  readonly words: string
}

/** An organisation that somebody can choose. */
export interface PageChoice {
  readonly id: string
  readonly name: string
  /** True: it is proposed. */
  readonly active: boolean
}

/** A question with two buttons: both send `hidden`, and `allow` as `yes` or `no`. */
interface Question {
  readonly program: PageProgram
  readonly scopes: readonly PageScope[]
  /** Where the answer is sent, by POST. */
  readonly action: string
  readonly hidden: Readonly<Record<string, string>>
  /** Where it can be let in, sent as `organisation`; without it: in none. */
  readonly organisations: readonly PageChoice[]
  /** True: it stays let in where its user signs out. */
  readonly lasting: boolean
  /** For how long at most. */
  readonly days: number
}

/** What every such page is shown with. */
interface Common {
  readonly app: string
  readonly notice: string | undefined
  readonly failure: string | undefined
}

/** A program that somebody has let in. */
export interface PageApp {
  readonly id: string
  readonly name: string
  /** RFC 3339. */
  readonly since: string
  readonly scopes: readonly PageScope[]
  /** In which it was let in; null: in none. */
  readonly organisation: { readonly id: string; readonly name: string } | null
}

/** The form of a code, as all forms of pages are. */
interface CodeForm {
  readonly action: string
  readonly hidden: Readonly<Record<string, string>>
  readonly values: Readonly<Record<'code', string>>
  readonly problems: { readonly code?: string }
}

/** What each of these pages is shown with. */
export interface ProgramPageViews {
  /** `/account/consent`: whether a program may have what it asks for. */
  readonly consent: Common & Question & { readonly host: string }
  /** Leads back to a program: by itself after a moment, and by a link. */
  readonly goOn: Common & { readonly place: string }
  /** `/account/device`: the code that a device shows. */
  readonly device: Common & { readonly form: CodeForm }
  /** `/account/device`, once a code was typed: `code` is to be compared with the device. */
  readonly deviceAsked: Common & Question & { readonly code: string }
  /** A device has its answer. */
  readonly deviceDone: Common & { readonly allowed: boolean }
  /** `/account/apps`: the programs that somebody has let in; `remove` with the hidden `id`. */
  readonly apps: Common & {
    readonly apps: readonly PageApp[]
    readonly actions: Readonly<Record<'remove', string>>
    readonly links: Readonly<Record<'account', string>>
  }
  /** `/account/sign-out-of`: whether to sign out, because a program asks for it. */
  readonly signOutOf: Common & {
    readonly host: string | undefined
    readonly action: string
    readonly hidden: Readonly<Record<string, string>>
    readonly links: Readonly<Record<'account', string>>
  }
}
