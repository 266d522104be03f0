/** Owns the door of the account pages: forms become calls, failures stand beside their fields. */

import { Failure } from '../base/failure.ts'
import type { Clock } from '../base/time.ts'
import { localPlace } from '../base/web/local-place.ts'
import type { DeclaredPages } from '../define/pages.ts'
import type { Call, Reply } from '../engine/call.ts'
import type { Identify, Log } from '../engine/runtime.ts'
import { readForm, readParameter } from '../http/form/read-form.ts'
import type { Handler, HttpResponse } from '../http/message.ts'
import { formFailure } from '../http/origin/csrf.ts'
import { failureOf, methodNotAllowed } from '../http/problem.ts'
import { staticHandler } from '../http/static.ts'
import { actingIn } from './acting.ts'
import * as account from './flows/account.ts'
import * as byMail from './flows/by-mail.ts'
import { changeEmail, changeName, changePassword, removePassword } from './flows/changes.ts'
import { apps, consent, device, removeApp, signOutOf } from './flows/consent.ts'
import { keyPages } from './flows/credentials/keys.ts'
import * as factors from './flows/factors.ts'
import { answeredBy, commonView, type Page } from './flows/form-page.ts'
import { acceptInvitation, declineInvitation } from './flows/organisations/accept.ts'
import { organisationPage } from './flows/organisations/organisation.ts'
import { chooseOrganisation, organisations } from './flows/organisations/organisations.ts'
import * as outside from './flows/outside.ts'
import { enterCode, secondFactor, sendLink, signIn, signInByLink } from './flows/sign-in.ts'
import { signUp } from './flows/sign-up.ts'
import { deleteAccount, keepAccount } from './flows/standing/deletion.ts'
import { download } from './flows/standing/download.ts'
import { confirmUpgrade, upgrade } from './flows/standing/upgrade.ts'
import { showPage } from './frame.ts'
import { heldElsewhere } from './held.ts'
import { looks } from './looks/looks.ts'
import { script, scriptPath } from './script.ts'
import { showStart } from './start.ts'
import { styleSheet, stylesPath } from './theme.ts'
import { openVisit, type PageSource, type Site, type Visit } from './visit.ts'

/** What the pages stand on. */
export interface PagesOptions {
  readonly title: string
  readonly spec: DeclaredPages
  /** The names of the models that a start page can read. */
  readonly models: readonly string[]
  /** Every scope that a key can have. */
  readonly scopes: readonly string[]
  /** Who may sign up by themselves. */
  readonly signUp: 'anyone' | 'nobody'
  /** False: the server has no address that passkeys could be made for. */
  readonly passkeys: boolean
  /** False: no mail leaves this server. */
  readonly sendsMail: boolean
  /** False: nobody signs in by a mail. */
  readonly byMail: boolean
  /** The other providers that people can sign in with. */
  readonly providers: readonly PageSource[]
  /** True: a guest can ask for an account here. */
  readonly guests: boolean
  /** How many days pass before an account is deleted. */
  readonly deletionDelayDays: number
  /** True: whoever signs up is let in once the mail to their address was answered. */
  readonly confirmFirst: boolean
  /** How many characters a new password has at least. */
  readonly newPasswordCharactersMin: number
  /** True: programs of others may ask people for access. */
  readonly programs: boolean
  /** True: the app demands a second factor of some, or of all. */
  readonly demandsFactor: boolean
  /** Who founds organisations; `none`: the app has none. */
  readonly organisations: 'anyone' | 'staff' | 'none'
  /** The engine. */
  readonly invoke: (call: Call) => Promise<Reply>
  readonly identify: Identify
  readonly clock: Clock
  readonly log: Log
}

const always: Readonly<Record<string, Page>> = Object.freeze({
  '': account.account,
  'sign-in': signIn,
  'second-factor': secondFactor,
  'sign-out': account.signOut,
  'sign-out-everywhere': account.signOutEverywhere,
  'sign-out-elsewhere': account.signOutElsewhere,
  'end-session': account.endSession,
  'change-name': changeName,
  'change-password': changePassword,
  factors: factors.factors,
  'set-up-totp': factors.setUpTotp,
  'confirm-totp': factors.confirmTotp,
  'remove-totp': factors.removeTotp,
  'new-recovery-codes': factors.newRecoveryCodes,
  'add-passkey': factors.addPasskey,
  'set-second-factor': factors.setSecondFactor,
  'remove-password': removePassword,
  'rename-passkey': factors.renamePasskey,
  'remove-passkey': factors.removePasskey,
  'step-up': factors.stepUp,
  'forgot-password': byMail.forgotPassword,
  'reset-password': byMail.resetPassword,
  'verify-email': byMail.verifyEmail,
  'confirm-email': byMail.confirmEmail,
  'change-email': changeEmail,
  'send-verification': account.sendVerification,
  delete: deleteAccount,
  keep: keepAccount,
  download,
  ...keyPages,
  identities: outside.identities,
  'unlink-identity': outside.unlinkIdentity,
  'link-identity': outside.linkIdentity,
  'give-address': outside.giveAddress,
  'finish-sign-up': outside.finishSignUp,
})

/** Where people sign in by mail. */
const ofMails: Readonly<Record<string, Page>> = Object.freeze({
  ...{ 'send-link': sendLink, 'enter-code': enterCode, 'sign-in-by-link': signInByLink },
})

/** Where the app is an OAuth provider. */
const ofPrograms: Readonly<Record<string, Page>> = Object.freeze({
  ...{ consent, device, apps, 'remove-app': removeApp, 'sign-out-of': signOutOf },
})

/** Where the app has organisations. */
const ofOrganisations: Readonly<Record<string, Page>> = Object.freeze({
  ...{ organisations, 'choose-organisation': chooseOrganisation },
  ...{ 'accept-invitation': acceptInvitation, 'decline-invitation': declineInvitation },
})

/** The handlers of the pages: of `/account` and what is below it, and of the start page. */
export interface Pages {
  readonly account: Handler
  /** Undefined: the app has no start page. */
  readonly start: Handler | undefined
}

/**
 * Makes the pages. Failures are pages themselves, except where the connection has to end with them.
 */
export function createPages(options: PagesOptions): Pages {
  const { spec } = options
  const site = siteOf(options)
  const pages = pagesOf(site)
  const contentType = 'text/css; charset=utf-8'
  const files = staticHandler({
    [stylesPath]: { body: styleSheet(spec), contentType },
    [scriptPath]: script(),
  })
  const visited = visiting(site, (visit) => answer(visit, pages))
  const { start: draw } = spec
  return {
    account: (request) =>
      request.path === stylesPath || request.path === scriptPath
        ? files(request)
        : visited(request),
    start: draw && visiting(site, (visit) => showStart(visit, draw, options.models)),
  }
}

function siteOf({ spec, signUp, ...options }: PagesOptions): Site {
  return Object.freeze({
    ...{ ...options, spec, signUp: signUp === 'anyone' },
    guests: options.guests && options.sendsMail && signUp === 'anyone',
    home: spec.start === undefined ? '/account' : '/',
    looks: { ...looks, ...spec.replace },
  })
}

function pagesOf({ signUp: signsUp, guests, ...site }: Site): ReadonlyMap<string, Page> {
  const parts = [
    always,
    ...(site.byMail ? [ofMails] : []),
    ...(site.programs ? [ofPrograms] : []),
    ...(site.organisations === 'none' ? [] : [ofOrganisations]),
  ]
  const pages = new Map(parts.flatMap((part) => Object.entries(part)))
  if (signsUp) pages.set('sign-up', signUp)
  if (guests) pages.set('upgrade', upgrade).set('confirm-upgrade', confirmUpgrade)
  return pages
}

/** Each visit knows from its beginning whether staff acts in it: every page says so. */
function visiting(site: Site, show: (visit: Visit) => Promise<HttpResponse>): Handler {
  return async (request) => {
    const next = localPlace(readParameter(request.search, 'next'))
    const opened = openVisit(site, request, next)
    let visit = opened
    try {
      const elsewhere = await heldElsewhere(opened)
      if (elsewhere) return elsewhere
      const acting = await actingIn(opened)
      if (acting) visit = { ...opened, acting }
      return await show(visit)
    } catch (thrown) {
      return answerFailure(visit, failureOf(thrown))
    }
  }
}

async function answer(visit: Visit, pages: ReadonlyMap<string, Page>): Promise<HttpResponse> {
  const { request } = visit
  const page = pageOf(request.segments, pages)
  if (!page) throw new Failure('not_found', { detail: 'There is no page at this address.' })
  if (request.method === 'GET') return page.show(visit)
  const { send, fromElsewhere } = page
  if (request.method === 'POST' && fromElsewhere) {
    return fromElsewhere(visit, await readForm(request))
  }
  if (request.method !== 'POST' || !send) {
    throw methodNotAllowed(send ? 'GET, HEAD, POST' : 'GET, HEAD')
  }
  const foreign = formFailure(request)
  if (foreign) throw foreign
  return send(visit, await readForm(request))
}

function pageOf(
  [, first = '', ...rest]: readonly string[],
  pages: ReadonlyMap<string, Page>,
): Page | undefined {
  if (first === 'with' && rest.length > 0) return outside.outsidePage(rest)
  if (first === 'organisations' && rest.length > 0 && pages.has(first)) {
    return organisationPage(rest)
  }
  return rest.length > 0 ? undefined : pages.get(first)
}

// The rest of the request is in doubt after these: the server answers, and ends the connection.
const ending: ReadonlySet<string> = new Set([
  'body_too_large',
  'malformed_request',
  'request_timeout',
])

function answerFailure(visit: Visit, failure: Failure): HttpResponse {
  if (ending.has(failure.code)) throw failure
  const { request, site } = visit
  const { traceId } = request.trace
  if (failure.status >= 500 && failure.cause !== undefined) {
    const { cause, code } = failure
    site.log({ level: 'error', message: `A page failed: ${code}.`, traceId, cause })
  }
  const { status, title: heading } = failure
  const view = { ...commonView(visit, failure), status, heading, traceId, links }
  return showPage(visit, 'failed', { view, ...answeredBy(visit, failure) })
}

const links = { account: '/account' } as const
