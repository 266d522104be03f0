/** Owns the wiring of the account pages, for apps that have not left them out. */

import { scopesOf } from '../../access/scopes/scopes.ts'
import type { App } from '../../define/kit.ts'
import type { Call, Reply } from '../../engine/call.ts'
import type { Runtime } from '../../engine/runtime.ts'
import type { Handler, HttpRequest } from '../../http/message.ts'
import { createPages } from '../../pages/door.ts'
import { demandPages } from '../../pages/theme.ts'
import type { PageSource } from '../../pages/visit.ts'
import { prefersHtml } from '../../rest/request/media-type.ts'
import { passwordRules } from '../passwords/rules.ts'

/** What the pages of an app stand on. */
export interface PageParts {
  readonly runtime: Runtime
  readonly invoke: (call: Call) => Promise<Reply>
  /** What answers at `/` where no page does. */
  readonly door: Handler
  /** False: the server has no address that passkeys could be made for. */
  readonly passkeys: boolean
  /** False: no mail leaves this server. */
  readonly sendsMail: boolean
  /** The other providers that people can sign in with. */
  readonly providers: readonly PageSource[]
  /** True: whoever signs up is let in once the mail to their address was answered. */
  readonly confirmFirst: boolean
}

type Declared = Pick<
  App<unknown>,
  'title' | 'signUp' | 'signIn' | 'accounts' | 'pages' | 'provider' | 'organisations'
>

function isLook(request: HttpRequest): boolean {
  return request.method === 'GET' && prefersHtml(request)
}

/** The account pages by the first part of their address; none where the app has `pages: false`. */
export function pagesOf(
  app: Declared,
  { door, passkeys, runtime, invoke, sendsMail, confirmFirst, providers }: PageParts,
): ReadonlyMap<string, Handler> {
  const { title, signUp, accounts, pages: spec, provider } = app
  if (spec === false) return new Map()
  const { identify, clock, log, catalog } = runtime
  const models = [...catalog.models.values()].filter(({ exposed }) => exposed)
  const { guests, deletionDelayDays } = accounts
  const newPasswordCharactersMin = passwordRules(app).charactersMin
  const { account, start } = createPages({
    newPasswordCharactersMin,
    ...{ title, spec, signUp, guests, deletionDelayDays, sendsMail, confirmFirst, passkeys },
    programs: provider !== undefined,
    demandsFactor: app.signIn.secondFactor !== undefined,
    byMail: app.signIn.byMail,
    scopes: scopesOf(catalog),
    organisations:
      app.organisations === undefined ? 'none' : (app.organisations.create ?? 'anyone'),
    ...{ providers, invoke, identify, clock, log, models: models.map(({ name }) => name) },
  })
  const places = new Map([['account', account]])
  // Programs find the list of addresses at `/` as before; whoever looks with a browser a page.
  if (start) places.set('', (request) => (isLook(request) ? start(request) : door(request)))
  return places
}

/** Checks what an app declares about its pages. Fails with `declaration_invalid`. */
export function checkPages({ pages }: Pick<App<unknown>, 'pages'>): void {
  if (pages !== false) demandPages(pages)
}
