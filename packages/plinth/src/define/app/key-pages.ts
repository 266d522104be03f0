/** Owns what the pages of API keys, and of what agents were lent, are shown with. */

import type { PageLinks, PageView } from './page-view.ts'
import type { PageChoice } from './program-pages.ts'

/** A key, or the token of an agent, in the list of an account. */
export interface PageKey {
  readonly id: string
  readonly name: string
  /** What the secret begins with. */
  readonly prefix: string
  readonly scopes: readonly string[]
  /** The organisation in which it works; undefined: in none. */
  readonly organisation: { readonly id: string; readonly name: string } | undefined
  /** Where it can be used from; empty: from everywhere. */
  readonly networks: readonly string[]
  /** RFC 3339. */
  readonly expiresAt: string
  /** RFC 3339; undefined: never. */
  readonly lastUsedAt: string | undefined
}

/** The keys of an account as their page shows them. */
export interface KeysView extends Omit<PageView, 'form'> {
  /** Those that count, the newest first. */
  readonly keys: readonly PageKey[]
  readonly agents: readonly PageKey[]
  /** Where buttons are sent, each by POST with the hidden field `id`; `endAgents` without. */
  readonly actions: Readonly<Record<'rotate' | 'endKey' | 'endAgent' | 'endAgents', string>>
  readonly links: Readonly<Record<'account' | 'makeKey' | 'makeAgentToken', string>>
}

/** What there is to choose of. */
interface MakingView {
  /** Every scope. */
  readonly known: readonly string[]
  /** The organisations in one of which it can work; `active` is the one that is chosen. */
  readonly organisations: readonly PageChoice[]
}

/** What each of these pages is shown with. */
export interface KeyPageViews {
  /** `/account/keys`. */
  readonly keys: KeysView
  /** `/account/make-key`; `scopes` and `networks` are words with spaces between. */
  readonly makeKey: PageView<'name' | 'scopes' | 'expiresInDays' | 'networks' | 'organisation'> &
    PageLinks<'keys'> &
    MakingView
  /** `/account/make-agent-token`. */
  readonly makeAgentToken: PageView<'agent' | 'scopes' | 'expiresInDays' | 'organisation'> &
    PageLinks<'keys'> &
    MakingView
  /** A key or a token, shown this once. */
  readonly madeKey: Omit<PageView, 'form'> &
    PageLinks<'keys'> & {
      readonly name: string
      readonly token: string
      /** RFC 3339. */
      readonly expiresAt: string
      /** True: it takes the place of one that goes on for a while. */
      readonly replaces: boolean
    }
}
