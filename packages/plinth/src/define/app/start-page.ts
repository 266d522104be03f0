/** Owns the start page of an app: who looks at it, and what it reads for them under their rules. */

import type { Html, TitledContent } from '../html.ts'
import type { Models } from '../infer.ts'
import type { ModelData } from '../logic/data.ts'

/** Who looks at a page. */
export interface PageVisitor {
  readonly id: string
  /** Undefined: none was given. */
  readonly name: string | undefined
  /** A guest has none. */
  readonly email: string | undefined
  readonly roles: readonly string[]
  /** True for one of the app's roles. */
  is(role: string): boolean
  /** True: a visitor without an account, who has a session all the same. */
  readonly guest: boolean
  /** True: a member of staff acts as them. */
  readonly impersonated: boolean
}

/** Models as a page reads them: under the rules of whoever looks at it. A page changes nothing. */
export type PageData<S extends Models> = {
  readonly [K in keyof S]: Pick<ModelData<S, S[K]>, 'find' | 'get'>
}

/** What a start page is made of. */
export interface StartView<S extends Models> {
  /** The app's title. */
  readonly app: string
  /** What has just been done, in a sentence. */
  readonly notice: string | undefined
  /** Who looks at it; undefined: nobody is known. */
  readonly me: PageVisitor | undefined
  /** Each reading is a call of theirs: ruled, counted and limited as through every other door. */
  readonly data: PageData<S>
  /** Addresses of the account pages; undefined where the app has none such. */
  readonly links: Readonly<Record<'signIn' | 'account', string>> & {
    readonly signUp: string | undefined
  }
  /** Where buttons are sent, by POST. */
  readonly actions: Readonly<Record<'signOut', string>>
}

/**
 * Draws the start page: what is shown inside of `<main>`. It may run more than once, and changes
 * nothing. What it fails with is shown as a page.
 *
 * @example
 * app({
 *   kits: [shop],
 *   pages: {
 *     start: async ({ me, data }) => {
 *       const { data: orders } = await data.order.find({ sort: ['-createdAt'], limit: 3 })
 *       return html`<h1>Hello ${me?.name}</h1><p>${orders.length} orders</p>`
 *     },
 *   },
 * })
 */
export type StartPage<S extends Models> = (
  view: StartView<S>,
) => Html | TitledContent | Promise<Html | TitledContent>
