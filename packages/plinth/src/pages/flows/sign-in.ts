/** Owns the pages that begin a session: by password, by link, by code, and their second step. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { HttpResponse } from '../../http/message.ts'
import { addressOf } from '../next.ts'
import { providersOf } from '../providers.ts'
import { leadTo, trustedCookieName, type Visit } from '../visit.ts'
import { formPage, signInPath } from './form-page.ts'
import type { Done } from './notices.ts'
import { askedPasskey, bringsPasskey, passkeyIn, signInPasskey } from './passkeys.ts'

const attemptCookieName = '__Host-attempt'
const pendingCookieName = '__Host-pending'
const secondFactorPath = '/account/second-factor'
const sendLinkPath = '/account/send-link'
const enterCodePath = '/account/enter-code'
const forgets = [attemptCookieName] as const
const minuteSeconds = 60
const daySeconds = 86_400

/** An address that says what was done. */
export function doneAt(path: string, done: Done, next?: string): string {
  return addressOf(path, { done, next })
}

/** The address of signing in, which leads on as this visit does. */
export function signInLink({ next }: Visit): string {
  return addressOf(signInPath, { next })
}

/** By password. */
export const signIn = formPage({
  name: 'signIn',
  path: signInPath,
  fields: ['email'],
  secrets: ['password'],
  enter: leadOnSignedIn,
  view(common, visit) {
    const { site, next } = visit
    const { signUp, sendsMail, byMail } = site
    const links = {
      signUp: signUp ? addressOf('/account/sign-up', { next }) : undefined,
      forgotPassword: sendsMail ? '/account/forgot-password' : undefined,
      sendLink: sendsMail && byMail ? addressOf(sendLinkPath, { next }) : undefined,
    }
    return { ...common, passkey: signInPasskey(site, next), links, providers: providersOf(visit) }
  },
  send(visit, values) {
    if (bringsPasskey(values)) {
      const input = { response: passkeyIn(values) }
      return begin(visit, { operation: 'identity.signInByPasskey', input })
    }
    return begin(visit, {
      operation: 'identity.signIn',
      input: {
        email: values.get('email'),
        password: values.get('password'),
        ...trustedDevice(visit),
      },
    })
  },
})

/** Asks for a mail to sign in by. */
export const sendLink = formPage({
  name: 'sendLink',
  path: sendLinkPath,
  fields: ['email'],
  enter: leadOnSignedIn,
  view: (common, visit) => ({ ...common, links: { signIn: signInLink(visit) } }),
  async send(visit, values) {
    const answer = await visit.ask('identity.sendLink', { input: { email: values.get('email') } })
    visit.keep(attemptCookieName, textIn(answer, 'attempt'), 10 * minuteSeconds)
    return leadTo(visit, doneAt(enterCodePath, 'code-sent', visit.next))
  },
})

/** By the code of a mail, in the browser that asked for it. */
export const enterCode = formPage({
  name: 'enterCode',
  path: enterCodePath,
  secrets: ['code'],
  enter: leadOnSignedIn,
  view: (common, { next }) => ({
    ...common,
    links: { sendLink: addressOf(sendLinkPath, { next }) },
  }),
  async send(visit, values) {
    const attempt = visit.cookie(attemptCookieName)
    if (attempt === undefined) {
      throw new Failure('invalid_credentials', {
        detail: 'The code was not asked for in this browser, or is too old: ask for another.',
      })
    }
    const input = { attempt, code: values.get('code') }
    return begin(visit, { operation: 'identity.signInByCode', input, forgets })
  },
})

/** By the link of a mail. */
export const signInByLink = formPage({
  name: 'signInByLink',
  path: '/account/sign-in-by-link',
  hidden: ['token'],
  mailed: true,
  view: (common, visit) => ({ ...common, links: { signIn: signInLink(visit) } }),
  send: (visit, values) =>
    begin(visit, {
      operation: 'identity.signInByLink',
      input: { token: values.get('token') },
      forgets,
    }),
})

/** The second step. */
export const secondFactor = formPage({
  name: 'secondFactor',
  path: secondFactorPath,
  fields: ['trust'],
  secrets: ['code'],
  async enter(visit) {
    if (visit.cookie(pendingCookieName) === undefined) return leadTo(visit, signInLink(visit))
    return undefined
  },
  async view(common, visit) {
    const passkey = await askedPasskey(visit, {
      ...{ path: secondFactorPath, operation: 'identity.beginSecondFactorPasskey' },
      input: { pending: visit.cookie(pendingCookieName) },
    })
    return { ...common, passkey, links: { signIn: signInLink(visit) } }
  },
  async send(visit, values) {
    const answer = await visit.ask('identity.secondFactor', {
      input: {
        pending: visit.cookie(pendingCookieName),
        ...(bringsPasskey(values) ? { passkey: passkeyIn(values) } : { code: values.get('code') }),
        trust: values.get('trust') === 'yes',
        cookie: true,
      },
    })
    visit.keep(pendingCookieName, undefined)
    const trusted = textIn(answer, 'trusted')
    const { trustedDeviceDays } = limits
    if (trusted) visit.keep(trustedCookieName, trusted, trustedDeviceDays * daySeconds)
    return leadTo(visit, visit.next ?? visit.site.home)
  },
})

interface Beginning {
  readonly operation: string
  readonly input: Readonly<Record<string, unknown>>
  /** Cookies that have served. */
  readonly forgets?: readonly string[]
  /** Where it leads. Default: where the visit leads on to, or the account. */
  readonly place?: string
}

/** Begins a session, or the second step towards one. */
export async function begin(
  visit: Visit,
  { operation, input, forgets = [], place = visit.next ?? visit.site.home }: Beginning,
): Promise<HttpResponse> {
  const answer = await visit.ask(operation, { input: { ...input, cookie: true } })
  for (const name of forgets) {
    if (visit.cookie(name) !== undefined) visit.keep(name, undefined)
  }
  return carryOn(visit, answer, { next: visit.next, place })
}

/** Leads on from a sign-in that was answered: to where it was for, or to its second step. */
export function carryOn(
  visit: Visit,
  answer: unknown,
  {
    next,
    place = next ?? visit.site.home,
  }: { readonly next: string | undefined; readonly place?: string },
): HttpResponse {
  const pending = textIn(answer, 'pending')
  if (pending === undefined) return leadTo(visit, place)
  visit.keep(pendingCookieName, pending, 10 * minuteSeconds)
  return leadTo(visit, addressOf(secondFactorPath, { next }))
}

/** What shows that the device is one on which no second factor is asked for. */
export function trustedDevice(visit: Visit): { readonly trusted?: string } {
  const trusted = visit.cookie(trustedCookieName)
  return trusted === undefined ? {} : { trusted }
}

/**
 * Whoever looks at the page is led on. Whoever sends it signs in all the same: they would else go
 * on in a session that is not theirs, which somebody put into their browser or left there (C12).
 */
async function leadOnSignedIn(visit: Visit): Promise<HttpResponse | undefined> {
  if (visit.request.method === 'POST') return undefined
  return (await visit.who()) ? leadTo(visit, visit.next ?? visit.site.home) : undefined
}

/** A text in an answer. */
export function textIn(answer: unknown, name: string): string | undefined {
  const value = (answer as Readonly<Record<string, unknown>> | undefined)?.[name]
  return typeof value === 'string' ? value : undefined
}
