/** Owns the account pages as an app declares them: their looks, and what stands in their place. */

import type { KeyPageViews } from './app/key-pages.ts'
import type { OrganisationPageViews } from './app/organisation-pages.ts'
import type { PageForm, PageLinks, PageView } from './app/page-view.ts'
import type { ProgramPageViews } from './app/program-pages.ts'
import type { StandingPageViews } from './app/standing-pages.ts'
import type { StartPage } from './app/start-page.ts'
import type { Html, TitledContent } from './html.ts'
import type { Models } from './infer.ts'

export type {
  OrganisationView,
  PageAnsweredInvitation,
  PageInvitation,
  PageMember,
  PageOrganisation,
  PageOrganisationKey,
} from './app/organisation-pages.ts'
export type { PageData, PageVisitor, StartView } from './app/start-page.ts'
export type { PageForm, PageLinks, PageView, StartPage, TitledContent }

/**
 * The looks of the account pages, and what stands in the place of single ones. A page decides
 * nothing: its form is sent to its address, whoever wrote the form.
 *
 * @example
 * app({
 *   kits: [shop],
 *   pages: { logo: 'The Shop', colours: { accent: ['#8a2a0a', '#ffb59a'] } },
 * })
 */
export interface PagesSpec<S extends Models = Models> extends PageLooks {
  /**
   * The page at `/`, where people are led once they have signed in. Default: none; what a browser
   * is shown at `/` is where the documentation stands, and people are led to their account.
   */
  readonly start?: StartPage<S>
}

/** The pages as an app has declared them: the type of what the start page reads is erased. */
export interface DeclaredPages extends PageLooks {
  readonly start?: (view: never) => Html | TitledContent | Promise<Html | TitledContent>
}

/** The looks of the pages, and what stands in the place of single ones. */
export interface PageLooks {
  /** What stands above each page. Default: the app's title. */
  readonly logo?: string
  /** The language of the pages, such as `de`, where an app replaces them all. Default `en`. */
  readonly language?: string
  /** Colours in place of ours. */
  readonly colours?: PageColours
  /** CSS that follows ours; fonts and images from the app's own address. */
  readonly css?: string
  /** What stands in the place of single pages. */
  readonly replace?: PageReplacements
}

/** A colour as CSS writes it: one for light and dark, or one for each. */
export type PageColour = string | readonly [light: string, dark: string]

/** The colours of the pages. Text needs a contrast of 4.5 to 1 against what it stands on. */
export interface PageColours {
  /** Behind everything. */
  readonly ground?: PageColour
  /** Behind what stands out. */
  readonly raised?: PageColour
  /** Lines around fields and parts. */
  readonly line?: PageColour
  /** Text. */
  readonly ink?: PageColour
  /** Text of less weight. */
  readonly faint?: PageColour
  /** Links and buttons. */
  readonly accent?: PageColour
  /** Text on buttons. */
  readonly onAccent?: PageColour
  /** What went well. */
  readonly good?: PageColour
  /** What is wrong, and what ends something. */
  readonly bad?: PageColour
}

/** A session in the list of an account. */
export interface PageSession {
  readonly id: string
  /** Such as `Firefox on Linux`; undefined where nothing is known. */
  readonly device: string | undefined
  /** The network address that it began at. */
  readonly address: string | undefined
  /** Where that is, as `signIn.place` of the app says: such as `Berlin, Germany`. */
  readonly place: string | undefined
  /**
   * What can be told of the address beside that: `same`, the network that the page is looked at
   * from; `machine`, the one that the server runs on; `local`, a network of a house.
   */
  readonly network: 'same' | 'machine' | 'local' | undefined
  /** How it began, such as `password` or `passkey`. */
  readonly method: string
  /** Why staff acts in it; undefined: nobody does. */
  readonly reason: string | undefined
  /** When it began. RFC 3339. */
  readonly startedAt: string
  /** RFC 3339. */
  readonly lastUsedAt: string
  /** True: the one that the page is shown in. */
  readonly current: boolean
}

/** Another provider that people can sign in with, and the address that leads there. */
export interface PageProvider {
  readonly name: string
  /** Such as `Google`. */
  readonly title: string
  /** For a link: a form would not get there. */
  readonly address: string
}

/** An identity at another provider, in the list of an account. */
export interface PageIdentity {
  readonly id: string
  /** The provider's. */
  readonly title: string
  /** What the provider said last; undefined: it told no address. */
  readonly email: string | undefined
  /** RFC 3339. */
  readonly lastUsedAt: string
}

/** The identities of an account as their page shows them. */
export interface IdentitiesView extends Omit<PageView, 'form'> {
  readonly identities: readonly PageIdentity[]
  /** Each by a link that adds an identity. */
  readonly providers: readonly PageProvider[]
  /** Where the button is sent, by POST, with the hidden field `id`. */
  readonly actions: Readonly<Record<'unlink', string>>
  /** `waiting`: where an identity that waits in this browser is linked. */
  readonly links: { readonly account: string; readonly waiting: string | undefined }
}

/** An account as its page shows it. */
export interface AccountView extends Omit<PageView, 'form'> {
  readonly email: string
  /** False: nobody has shown yet that mails to the address arrive. */
  readonly emailVerified: boolean
  readonly name: string | undefined
  readonly secondFactor: boolean
  /** From when on the app demands a second factor that is not set up yet. RFC 3339. */
  readonly secondFactorDueAt: string | undefined
  /** When it will be deleted, as was asked for. RFC 3339. */
  readonly deletionAt: string | undefined
  /** The latest first. */
  readonly sessions: readonly PageSession[]
  /** Where buttons are sent, each by POST; `endSession` with the hidden field `id`. */
  readonly actions: Readonly<
    Record<'endSession' | 'signOut' | 'signOutEverywhere' | 'signOutElsewhere', string>
  > & { readonly sendVerification: string | undefined; readonly keep: string | undefined }
  readonly links: Readonly<
    Record<
      | 'changeName'
      | 'changeEmail'
      | 'changePassword'
      | 'secondFactor'
      | 'keys'
      | 'download'
      | 'deleteAccount',
      string
    >
  > &
    Readonly<Record<'identities' | 'apps' | 'organisations', string | undefined>>
}

/**
 * A form by which a passkey is made or shown. It is drawn hidden, as
 * `<form data-passkey data-begin data-options hidden>` with an empty hidden field `passkey`, a
 * place for words (`data-told`) and a button: the script of the page shows and sends it.
 */
export interface PagePasskey {
  /** Where it is sent, by POST. */
  readonly action: string
  /** Where the script gets the browser's options from. */
  readonly begin: string
  /** The options themselves, as JSON, in place of that. */
  readonly options: string | undefined
}

/** A passkey in the list of an account. */
export interface PageKeptPasskey {
  readonly id: string
  readonly name: string
  /** What keeps it, such as `iCloud Keychain`. */
  readonly provider: string | undefined
  readonly backedUp: boolean
  /** RFC 3339. */
  readonly createdAt: string
  /** RFC 3339. */
  readonly lastUsedAt: string | undefined
  /** True: a copy of it seemed to be in use, so it signs nobody in any more. */
  readonly locked: boolean
}

/** The second factor of an account as its page shows it. */
export interface FactorsView extends Omit<PageView, 'form'> {
  /** True: signing in takes one. */
  readonly on: boolean
  /** True: an authenticator app is set up. */
  readonly totp: boolean
  /** True: the account has a password. */
  readonly password: boolean
  /** True: there is a passkey that a second step could ask for. */
  readonly canAsk: boolean
  /** Where buttons are sent, each by POST; `setSecondFactor` with `on` as `yes` or `no`. */
  readonly actions: Readonly<
    Record<'setUp' | 'remove' | 'newRecoveryCodes' | 'setSecondFactor', string>
  >
  /**
   * Set where the app demands one before anything else: where to sign out, and where the address
   * can be confirmed (by POST) or changed, if it has to be.
   */
  readonly demanded:
    | {
        readonly signOut: string
        readonly sendVerification: string | undefined
        readonly changeEmail: string | undefined
      }
    | undefined
  /** Undefined where the server has no address that passkeys could be made for. */
  readonly passkeys:
    | {
        readonly list: readonly PageKeptPasskey[]
        readonly add: PagePasskey | undefined
        /** Each by POST with the hidden field `id`; `rename` with `name`. */
        readonly actions: Readonly<Record<'rename' | 'remove', string>>
      }
    | undefined
  readonly links: Readonly<Record<'account', string>> &
    Readonly<Record<'removePassword' | 'forgotPassword', string | undefined>>
}

/** What each page is shown with. The names of fields are those that the form is sent with. */
export interface PageViews
  extends ProgramPageViews,
    StandingPageViews,
    KeyPageViews,
    OrganisationPageViews {
  /** `/account/sign-in`. */
  readonly signIn: PageView<'email' | 'password'> & {
    readonly passkey: PagePasskey | undefined
  } & PageLinks<'signUp' | 'forgotPassword' | 'sendLink'> & {
      readonly providers: readonly PageProvider[]
    }
  /** `/account/sign-up`. */
  readonly signUp: PageView<'email' | 'password' | 'name'> &
    PageLinks<'signIn'> & { readonly providers: readonly PageProvider[] }
  /** `/account/send-link`: asks for a mail to sign in by. */
  readonly sendLink: PageView<'email'> & PageLinks<'signIn'>
  /** `/account/enter-code`: the code of such a mail. */
  readonly enterCode: PageView<'code'> & PageLinks<'sendLink'>
  /** `/account/sign-in-by-link`: a button, so that programs that look at links sign nobody in. */
  readonly signInByLink: PageView & PageLinks<'signIn'>
  /** `/account/second-factor`: the second step of signing in; `trust` is a tick box. */
  readonly secondFactor: PageView<'code' | 'trust'> &
    PageLinks<'signIn'> & { readonly passkey: PagePasskey | undefined }
  /** `/account/forgot-password`. */
  readonly forgotPassword: PageView<'email'> & PageLinks<'signIn'>
  /** `/account/reset-password`: a new password, by what was mailed; `endKeys` is a tick box. */
  readonly resetPassword: PageView<'newPassword' | 'endKeys'> & PageLinks<'forgotPassword'>
  /** `/account/verify-email`: a button, and the password where nobody is signed in. */
  readonly verifyEmail: PageView<'password'> &
    PageLinks<'account' | 'forgotPassword'> & { readonly asked: boolean }
  /** `/account/confirm-email`: a button. */
  readonly confirmEmail: PageView & PageLinks<'account'>
  /** `/account`. */
  readonly account: AccountView
  /** `/account/change-name`. */
  readonly changeName: PageView<'name'> & PageLinks<'account'>
  /** `/account/change-email`. */
  readonly changeEmail: PageView<'email' | 'password'> & PageLinks<'account'>
  /** `/account/change-password`. */
  readonly changePassword: PageView<'password' | 'newPassword'> & PageLinks<'account'>
  /** `/account/factors`: the second factor, on or off. */
  readonly factors: FactorsView
  /** `/account/set-up-totp`: `qr`, `secret` and `uri` are shown once, and then not again. */
  readonly setUpTotp: PageView<'code'> &
    PageLinks<'factors'> & {
      readonly made:
        | { readonly qr: Html; readonly secret: string; readonly uri: string }
        | undefined
    }
  /** Recovery codes, shown this once. */
  readonly recoveryCodes: Omit<PageView, 'form'> &
    PageLinks<'account'> & { readonly codes: readonly string[] }
  /** `/account/step-up`: who somebody is, shown again. Only `asked` is a field of the form. */
  readonly stepUp: PageView<'password' | 'code'> &
    PageLinks<'account'> & {
      /** Undefined: the account has neither. */
      readonly asked: 'password' | 'code' | undefined
      readonly passkey: PagePasskey | undefined
      /** Those with an identity of the account: by a link. */
      readonly providers: readonly PageProvider[]
      /** Signing in anew is a fresh proof, too. */
      readonly actions: Readonly<Record<'signOut', string>>
    }
  /** `/account/identities`: who somebody is at other providers. */
  readonly identities: IdentitiesView
  /** `/account/link-identity`: a button that links what waits in this browser. */
  readonly linkIdentity: PageView &
    PageLinks<'account'> & { readonly provider: string; readonly email: string | undefined }
  /** `/account/give-address`: the address of a new account, where the provider vouches for none. */
  readonly giveAddress: PageView<'email'> & PageLinks<'signIn'> & { readonly provider: string }
  /** `/account/finish-sign-up`: a button that makes the account. */
  readonly finishSignUp: PageView & PageLinks<'signIn'>
  /** Whatever could not be shown. */
  readonly failed: Omit<PageView, 'form'> &
    PageLinks<'account'> & {
      readonly status: number
      readonly heading: string
      readonly traceId: string
    }
}

/** The pages by name. */
export type PageName = keyof PageViews

/**
 * What stands in the place of pages: what is shown inside of `<main>`, by its view. Scripts do not
 * run, styles belong into `css`.
 *
 * @example
 * app({
 *   kits: [shop],
 *   pages: {
 *     replace: {
 *       verifyEmail: ({ form }) => html`<h1>Nearly there</h1>
 *         <form method="post" action="${form.action}">
 *           <input type="hidden" name="token" value="${form.hidden.token}">
 *           <button>It is my address</button>
 *         </form>`,
 *     },
 *   },
 * })
 */
export type PageReplacements = {
  readonly [P in PageName]?: (view: PageViews[P]) => Html | TitledContent
}
