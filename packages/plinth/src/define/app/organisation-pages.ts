/** Owns what the pages of organisations are shown with. */

import type { PageLinks, PageView } from './page-view.ts'

/** An organisation in somebody's list. */
export interface PageOrganisation {
  readonly id: string
  readonly name: string
  /** What they are in it. */
  readonly role: string
  /** True: their session works in it. */
  readonly active: boolean
  /** Of its page. */
  readonly address: string
}

/** A member of an organisation. */
export interface PageMember {
  /** The user's id. */
  readonly user: string
  /** Their name, or their address where they gave none; undefined: neither is shown. */
  readonly name: string | undefined
  readonly email: string | undefined
  readonly role: string
  /** True: whoever looks at the page. */
  readonly self: boolean
  /** The roles that they can be given by whoever looks; empty: none. */
  readonly roles: readonly string[]
  /** True: whoever looks can remove them. */
  readonly removable: boolean
}

/** Somebody who is invited, and has not answered yet. */
export interface PageInvitation {
  readonly id: string
  readonly email: string
  readonly role: string
  /** RFC 3339. */
  readonly expiresAt: string
}

/** A key, the token of an agent, or what a program was given, that works in an organisation. */
export interface PageOrganisationKey {
  readonly id: string
  readonly name: string
  /** `agent`: it was lent to one. `program`: one of others was let in. */
  readonly sort: 'key' | 'agent' | 'program'
  /** What it begins with; undefined: of a program. */
  readonly prefix: string | undefined
  /** The id of the program, or the address of its own description; undefined: it is none. */
  readonly program: string | undefined
  readonly scopes: readonly string[]
  /** The name of its owner, or their address; undefined: neither is known. */
  readonly owner: string | undefined
  /** RFC 3339; undefined: until it is ended. */
  readonly expiresAt: string | undefined
  /** RFC 3339; undefined: never. */
  readonly lastUsedAt: string | undefined
  /** True: whoever looks can end it. */
  readonly endable: boolean
}

/** An organisation as its page shows it. */
export interface OrganisationView extends PageView<'email' | 'role'>, PageLinks<'organisations'> {
  readonly name: string
  /** What whoever looks is in it. */
  readonly role: string
  readonly members: readonly PageMember[]
  readonly invitations: readonly PageInvitation[]
  /** What works in it without a session; undefined: whoever looks does not manage its members. */
  readonly keys: readonly PageOrganisationKey[] | undefined
  /** Into which roles they can invite, by the form; empty: they cannot. */
  readonly invites: readonly string[]
  /**
   * Where buttons are sent, each by POST: `changeRole` with `user` and `role`, `remove` with
   * `user`, `resend` with `email` and `role`, `withdraw` with `invitation`, `endKey` with `key`.
   * Undefined: not for them.
   */
  readonly actions: Readonly<Record<'changeRole' | 'remove' | 'leave' | 'endKey', string>> &
    Readonly<Record<'resend' | 'withdraw' | 'deleteIt', string | undefined>>
}

/** An invitation as it is shown to whoever it was sent to. */
export interface PageAnsweredInvitation {
  readonly organisation: string
  readonly role: string
  /** The name of who invites; undefined: they have given none. */
  readonly invitedBy: string | undefined
  /** RFC 3339. */
  readonly expiresAt: string
  /** False: whoever looks is not signed in with the address that it was sent to. */
  readonly yours: boolean
}

/** What each of these pages is shown with. */
export interface OrganisationPageViews {
  /** `/account/organisations`: those of somebody, and a form that founds one. */
  readonly organisations: PageView<'name'> &
    PageLinks<'account'> & {
      readonly organisations: readonly PageOrganisation[]
      /** False: organisations are made by the staff of the app. */
      readonly founds: boolean
      /** Where the buttons are sent, by POST; `choose` with `organisation`, empty for none. */
      readonly actions: Readonly<Record<'choose', string>>
    }
  /** `/account/organisations/<id>`. */
  readonly organisation: OrganisationView
  /** `/account/accept-invitation`: what the mail of an invitation leads to. */
  readonly acceptInvitation: PageView &
    PageLinks<'signIn' | 'signUp' | 'account'> & {
      /** False: they sign in, or up, first. */
      readonly signedIn: boolean
      /** What it is to; undefined: it is wrong, was used or taken back, or is too old. */
      readonly invitation: PageAnsweredInvitation | undefined
      /** Where declining is sent, by POST, with the hidden fields of the form; and signing out. */
      readonly actions: Readonly<Record<'decline' | 'signOut', string>>
    }
}
