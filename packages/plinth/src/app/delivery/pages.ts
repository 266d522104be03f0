/** Owns the wiring of the account pages, for apps that have not left them out. */

import type { App } from '../../define/kit.ts'
import type { Call, Reply } from '../../engine/call.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Handler } from '../../http/message.ts'
import { createPages } from '../../pages/door.ts'
import { demandPages } from '../../pages/theme.ts'

/** What the pages of an app stand on. */
export interface PageParts {
  readonly runtime: Runtime
  readonly invoke: (call: Call) => Promise<Reply>
  /** False: the server has no address that passkeys could be made for. */
  readonly passkeys: boolean
  /** False: no mail leaves this server. */
  readonly sendsMail: boolean
  /** The other providers that people can sign in with. */
  readonly providers: readonly { readonly name: string; readonly title: string }[]
  /** True: whoever signs up is let in once the mail to their address was answered. */
  readonly confirmFirst: boolean
}

/** The account pages by the first part of their address; none where the app has `pages: false`. */
export function pagesOf(
  { title, signUp, pages: spec }: Pick<App<unknown>, 'title' | 'signUp' | 'pages'>,
  { passkeys, runtime, invoke, sendsMail, confirmFirst, providers }: PageParts,
): ReadonlyMap<string, Handler> {
  if (spec === false) return new Map()
  const { identify, clock, log } = runtime
  const mailing = { sendsMail, confirmFirst }
  const options = { title, spec, signUp, ...mailing, providers, invoke, identify, clock, log }
  return new Map([['account', createPages({ ...options, passkeys })]])
}

/** Checks what an app declares about its pages. Fails with `declaration_invalid`. */
export function checkPages({ pages }: Pick<App<unknown>, 'pages'>): void {
  if (pages !== false) demandPages(pages)
}
