/** Owns the pages of identities at other providers: going there, coming back, linking them. */

import { Failure } from '../../base/failure.ts'
import { localPlace } from '../../base/web/local-place.ts'
import type { FormValues } from '../../http/form/read-form.ts'
import { readParameter } from '../../http/form/read-form.ts'
import type { HttpResponse } from '../../http/message.ts'
import { showPage } from '../frame.ts'
import { addressOf } from '../next.ts'
import { providersOf } from '../providers.ts'
import { leadTo, type Visit } from '../visit.ts'
import {
  answeredBy,
  commonView,
  demandSignedIn,
  formPage,
  ledElsewhere,
  type Page,
  shownFailure,
  signInPath,
} from './form-page.ts'
import { carryOn, doneAt, signInLink, textIn, trustedDevice } from './sign-in.ts'

const attemptCookieName = '__Host-outside'
const linkCookieName = '__Host-link'
const linkPath = '/account/link-identity'
const addressPath = '/account/give-address'
const identitiesPath = '/account/identities'
const waitSeconds = 600

/** The page of what follows `/account/with/`; undefined: there is none. */
export function outsidePage([provider = '', ...rest]: readonly string[]): Page | undefined {
  if (rest.length === 0) return leave(provider)
  return rest.length === 1 && rest[0] === 'callback' ? comeBack(provider) : undefined
}

/**
 * Leads to a provider. A plain link, so that no policy on where forms lead has to name the
 * provider. What the caller would do for somebody who is signed in has to be asked for by a page
 * of this site.
 */
function leave(provider: string): Page {
  return {
    async show(visit) {
      const { request, next } = visit
      const purpose = readParameter(request.search, 'purpose') ?? 'sign-in'
      const signedIn = (await visit.who()) !== undefined
      if (purpose === 'sign-in') {
        if (signedIn) return leadTo(visit, next ?? visit.site.home)
      } else if (request.header('sec-fetch-site') !== 'same-origin') {
        throw new Failure('csrf_refused', {
          detail: 'Another site has led you here: begin on the page of your account.',
        })
      }
      try {
        const input = { provider, purpose, ...(next === undefined ? {} : { next }) }
        const begun = await visit.ask('identity.beginOutside', { input })
        visit.keep(attemptCookieName, textIn(begun, 'attempt'), waitSeconds)
        return leadTo(visit, textIn(begun, 'url') ?? signInPath)
      } catch (error) {
        // Who wants to show again who they are is led nowhere else to do so.
        const elsewhere =
          purpose !== 'step-up' && ledElsewhere(visit, shownFailure(error), identitiesPath)
        if (elsewhere) return elsewhere
        throw error
      }
    },
  }
}

// What a provider may add to the address. Everything else that came is left behind.
const brought = ['code', 'state', 'iss', 'error', 'user'] as const

/** Takes in who comes back. */
function comeBack(provider: string): Page {
  return {
    async show(visit) {
      const answer = await visit.ask('identity.finishOutside', {
        input: {
          ...{ provider, answer: visit.request.search, cookie: true },
          attempt: visit.cookie(attemptCookieName) ?? 'none',
          ...trustedDevice(visit),
        },
      })
      visit.keep(attemptCookieName, undefined)
      const next = localPlace(textIn(answer, 'next'))
      const needs = textIn(answer, 'needs')
      if (needs === undefined) return carryOn(visit, answer, { next })
      visit.keep(linkCookieName, textIn(answer, 'link'), waitSeconds)
      if (needs === 'confirm') return leadTo(visit, linkPath)
      if (needs === 'email') return leadTo(visit, addressOf(addressPath, { next }))
      return leadTo(visit, doneAt(signInPath, 'identity-waits', linkPath))
    },
    /**
     * A provider that answers by a form of its own site: the browser sends no cookie along with
     * it. So it is led here once more, by an address, and nothing else is done.
     */
    async fromElsewhere(visit, values) {
      const kept = brought.map((name) => [name, values.get(name)] as const)
      return leadTo(visit, addressOf(visit.request.path, Object.fromEntries(kept)))
    },
  }
}

interface Waiting {
  readonly title: string
  readonly email: string | null
}

async function waiting(visit: Visit): Promise<Waiting> {
  const link = visit.cookie(linkCookieName) ?? 'none'
  return (await visit.ask('identity.waitingOutside', { input: { link } })) as Waiting
}

/** Links what waits in this browser to the account. */
export const linkIdentity = formPage({
  name: 'linkIdentity',
  path: linkPath,
  enter: demandSignedIn,
  async view(common, visit) {
    const { title, email } = await waiting(visit)
    const links = { account: identitiesPath }
    return { ...common, provider: title, email: email ?? undefined, links }
  },
  async send(visit) {
    await visit.ask('identity.linkOutside', {
      input: { link: visit.cookie(linkCookieName) ?? 'none' },
    })
    visit.keep(linkCookieName, undefined)
    return leadTo(visit, doneAt(identitiesPath, 'identity-linked'))
  },
})

/** Asks for the address that a new account is to have. */
export const giveAddress = formPage({
  name: 'giveAddress',
  path: addressPath,
  fields: ['email'],
  filled: async (visit) => ({ email: (await waiting(visit)).email ?? '' }),
  async view(common, visit) {
    const { title } = await waiting(visit)
    return { ...common, provider: title, links: { signIn: signInLink(visit) } }
  },
  async send(visit, values) {
    await visit.ask('identity.sendFinishSignUp', {
      input: { link: visit.cookie(linkCookieName) ?? 'none', email: values.get('email') },
    })
    // What waits goes on waiting as long as the mail does.
    visit.keep(linkCookieName, visit.cookie(linkCookieName), waitSeconds)
    return leadTo(visit, doneAt(signInPath, 'address-asked', visit.next))
  },
})

/** Makes the account, by the link of a mail: a button, as programs look at links. */
export const finishSignUp = formPage({
  name: 'finishSignUp',
  path: '/account/finish-sign-up',
  hidden: ['token'],
  mailed: true,
  view: (common, visit) => ({ ...common, links: { signIn: signInLink(visit) } }),
  async send(visit, values) {
    const answer = await visit.ask('identity.finishSignUp', {
      input: {
        ...{ token: values.get('token'), cookie: true },
        link: visit.cookie(linkCookieName) ?? 'none',
      },
    })
    visit.keep(linkCookieName, undefined)
    return carryOn(visit, answer, { next: visit.next })
  },
})

/** The identities of an account. */
export const identities: Page = { show: (visit) => showIdentities(visit) }

/** Takes one away. */
export const unlinkIdentity: Page = {
  show: (visit) => leadTo(visit, identitiesPath),
  async send(visit, values: FormValues) {
    try {
      const input = { identity: values.get('id') ?? '' }
      await visit.ask('identity.unlinkOutside', { input })
      return leadTo(visit, doneAt(identitiesPath, 'identity-unlinked'))
    } catch (error) {
      const failure = shownFailure(error)
      return ledElsewhere(visit, failure, identitiesPath) ?? showIdentities(visit, failure)
    }
  },
}

interface KeptIdentity {
  readonly id: string
  readonly provider: string
  readonly email: string | null
  readonly lastUsedAt: string
}

async function showIdentities(visit: Visit, failure?: Failure): Promise<HttpResponse> {
  const elsewhere = await demandSignedIn(visit)
  if (elsewhere) return elsewhere
  const fields = ['provider', 'email', 'lastUsedAt']
  const query = { fields, sort: ['provider', 'id'], limit: 100 }
  const { data } = (await visit.ask('outsideIdentity.list', { query })) as { data: KeptIdentity[] }
  const known = new Map(visit.site.providers.map(({ name, title }) => [name, title]))
  const waits = visit.cookie(linkCookieName) !== undefined
  const view = {
    ...commonView(visit, failure),
    identities: data.map(({ id, provider, email, lastUsedAt }) => ({
      ...{ id, lastUsedAt, title: known.get(provider) ?? provider },
      email: email ?? undefined,
    })),
    providers: providersOf({ site: visit.site, next: undefined }, 'link'),
    actions: { unlink: '/account/unlink-identity' },
    links: { account: '/account', waiting: waits ? linkPath : undefined },
  }
  return showPage(visit, 'identities', { view, ...answeredBy(visit, failure) })
}
