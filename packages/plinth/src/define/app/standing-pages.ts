/** Owns what the pages of guests, of leaving, and of taking one's data along are shown with. */

import type { PageLinks, PageView } from './page-view.ts'

/** What each of these pages is shown with. */
export interface StandingPageViews {
  /** `/account/upgrade`: a guest asks for an account. */
  readonly upgrade: PageView<'email' | 'password' | 'name'> & PageLinks<'signIn'>
  /**
   * `/account/confirm-upgrade`: what the mail of that brought, in the browser of the guest. `asked`
   * is false where its link was followed: then the token is among `form.hidden`.
   */
  readonly confirmUpgrade: PageView<'code'> &
    PageLinks<'upgrade' | 'signIn'> & {
      readonly asked: boolean
      /** False: this is not the browser in which the guest asked. */
      readonly here: boolean
    }
  /** `/account/delete`: the end of an account; `sure` is a tick box. */
  readonly deleteAccount: PageView<'sure'> &
    PageLinks<'account' | 'download'> & {
      /** How many days the account stays, and can be kept. 0: it goes at once. */
      readonly delayDays: number
    }
  /** `/account/download`: a button that answers with a file of what is theirs. */
  readonly download: PageView & PageLinks<'account'>
  /** `/account/remove-password`: a button; other ways into the account stay. */
  readonly removePassword: PageView & PageLinks<'factors'>
}
