/** Owns the pages of the second factor: set up, given up, and who one is shown again. */

import type { Failure } from '../../base/failure.ts'
import { type Html, htmlOf } from '../../define/html.ts'
import type { FactorsView, PageProvider } from '../../define/pages.ts'
import type { HttpResponse } from '../../http/message.ts'
import { showPage } from '../frame.ts'
import { addressOf } from '../next.ts'
import { providersOf } from '../providers.ts'
import { leadTo, type Visit } from '../visit.ts'
import {
  answeredBy,
  buttonOf,
  commonView,
  demandSignedIn,
  formPage,
  ledElsewhere,
  type Page,
  type Press,
  shownFailure,
  stepUpPath,
} from './form-page.ts'
import { addedPasskey, askedPasskey, bringsPasskey, passkeyIn, passkeysOf } from './passkeys.ts'
import { doneAt } from './sign-in.ts'

const factorsPath = '/account/factors'
const setUpPath = '/account/set-up-totp'
const confirmPath = '/account/confirm-totp'
const actions = {
  remove: '/account/remove-totp',
  newRecoveryCodes: '/account/new-recovery-codes',
} as const

const passkeyActions = {
  rename: '/account/rename-passkey',
  remove: '/account/remove-passkey',
} as const

/** The second factor, on or off. */
export const factors: Page = { show: (visit) => showFactors(visit) }

/**
 * Makes a secret and shows it, in the answer to the form itself: it is kept nowhere that it could
 * be read again from.
 */
export const setUpTotp = button(async (visit) => {
  const made = (await visit.ask('identity.setUpTotp')) as MadeTotp
  return drawSetUp(visit, { made: { ...made, qr: picture(made.qr) } })
})

/** Makes the authenticator app count, and shows the recovery codes once. */
export const confirmTotp: Page = {
  show: (visit) => leadTo(visit, factorsAt(visit)),
  async send(visit, values) {
    try {
      const answer = await visit.ask('identity.confirmTotp', {
        input: { code: values.get('code') },
      })
      return showCodes(visit, answer)
    } catch (error) {
      const failure = shownFailure(error)
      return ledElsewhere(visit, failure, factorsAt(visit)) ?? drawSetUp(visit, { failure })
    }
  },
}

/** Gives the second factor up. */
export const removeTotp = button(async (visit) => {
  await visit.ask('identity.removeTotp')
  return leadTo(visit, doneAt('/account', 'factor-removed'))
})

/** Turns the second step after a password on or off, where passkeys are what it asks for. */
export const setSecondFactor = button(async (visit, values) => {
  if (values.get('on') === 'yes') return turnOn(visit)
  await visit.ask('identity.setSecondFactor', { input: { on: false } })
  return leadTo(visit, doneAt(factorsPath, 'second-step-off'))
})

async function turnOn(visit: Visit): Promise<HttpResponse> {
  return showCodes(visit, await visit.ask('identity.setSecondFactor', { input: { on: true } }))
}

/** Ends all recovery codes and shows new ones once. */
export const newRecoveryCodes = button(async (visit) =>
  showCodes(visit, await visit.ask('identity.newRecoveryCodes')),
)

/** Adds the passkey that the page's script brings. */
export const addPasskey = button(async (visit, values) => {
  const input = { response: passkeyIn(values), name: (values.get('name') ?? '').trim() || null }
  await visit.ask('identity.addPasskey', { input })
  // What is demanded is that nothing opens the account without it.
  if ((await visit.known())?.held) return turnOn(visit)
  return leadTo(visit, doneAt(factorsPath, 'passkey-added'))
})

/** Gives a passkey another name. */
export const renamePasskey = button(async (visit, values) => {
  const input = { name: (values.get('name') ?? '').trim() }
  await visit.ask('passkey.update', { id: values.get('id') ?? '', input })
  return leadTo(visit, doneAt(factorsPath, 'passkey-renamed'))
})

/** Gives a passkey up. */
export const removePasskey = button(async (visit, values) => {
  await visit.ask('identity.removePasskey', { input: { passkey: values.get('id') } })
  return leadTo(visit, doneAt(factorsPath, 'passkey-removed'))
})

/** Shows again who somebody is: by the second factor where there is one, else by password. */
export const stepUp = formPage({
  name: 'stepUp',
  path: stepUpPath,
  secrets: ['password', 'code'],
  enter: demandSignedIn,
  async view(common, visit) {
    const { password, secondFactor, outside } = await waysOf(visit)
    const operation = 'identity.beginStepUpPasskey'
    const passkey = await askedPasskey(visit, { path: stepUpPath, operation })
    const { next } = visit
    return {
      ...{ ...common, passkey, links: { account: '/account' } },
      asked: secondFactor ? 'code' : password ? 'password' : undefined,
      providers: outside > 0 && !secondFactor ? await linkedProviders(visit) : [],
      actions: { signOut: addressOf('/account/sign-out', { next }) },
    }
  },
  async send(visit, values) {
    const asked = (await hasFactor(visit)) ? 'code' : 'password'
    const shown = bringsPasskey(values)
      ? { passkey: passkeyIn(values) }
      : { [asked]: values.get(asked) }
    await visit.ask('identity.stepUp', { input: { ...shown, cookie: true } })
    return leadTo(visit, visit.next ?? '/account')
  },
})

/** The page, and where it leads on to afterwards. */
function factorsAt({ next }: Visit): string {
  return addressOf(factorsPath, { next })
}

function button(press: Press): Page {
  return buttonOf({ path: factorsPath, show: showFactors }, press)
}

async function showFactors(visit: Visit, failure?: Failure): Promise<HttpResponse> {
  const elsewhere = await demandSignedIn(visit)
  if (elsewhere) return elsewhere
  const { next } = visit
  const ways = await waysOf(visit)
  const { secondFactor: on, totp, password, passkeys: usable } = ways
  const demanded = await demandedOf(visit, ways)
  const removable = password && usable > 0 && demanded === undefined
  const removePassword = removable ? '/account/remove-password' : undefined
  const forgotPassword = visit.site.sendsMail ? '/account/forgot-password' : undefined
  const links = { account: '/account', removePassword, forgotPassword }
  const passkeys = visit.site.passkeys
    ? { list: await passkeysOf(visit), add: addedPasskey(visit), actions: passkeyActions }
    : undefined
  const states = { on, totp, password, canAsk: usable > 0, demanded }
  const places = {
    ...actions,
    setUp: addressOf(setUpPath, { next }),
    setSecondFactor: addressOf('/account/set-second-factor', { next }),
  }
  const view = { ...commonView(visit, failure), ...states, actions: places, passkeys, links }
  return showPage(visit, 'factors', { view, ...answeredBy(visit, failure) })
}

/** What the page shows to those who reach nothing else. */
async function demandedOf(visit: Visit, { mail }: Ways): Promise<FactorsView['demanded']> {
  if (!(await visit.known())?.held) return undefined
  const unconfirmed = visit.site.sendsMail && !mail
  const { next } = visit
  return {
    signOut: '/account/sign-out',
    sendVerification: unconfirmed ? addressOf('/account/send-verification', { next }) : undefined,
    changeEmail: unconfirmed ? '/account/change-email' : undefined,
  }
}

interface Ways {
  readonly mail: boolean
  readonly password: boolean
  readonly passkeys: number
  readonly outside: number
  readonly totp: boolean
  readonly secondFactor: boolean
}

async function waysOf(visit: Visit): Promise<Ways> {
  return (await visit.ask('identity.waysIn', { input: {} })) as Ways
}

/** Of the providers of the app those with an identity of the account. */
async function linkedProviders(visit: Visit): Promise<readonly PageProvider[]> {
  const query = { fields: ['provider'], limit: 100 }
  const { data } = (await visit.ask('outsideIdentity.list', { query })) as {
    readonly data: readonly { readonly provider: string }[]
  }
  const linked = new Set(data.map(({ provider }) => provider))
  return providersOf(visit, 'step-up').filter(({ name }) => linked.has(name))
}

async function hasFactor(visit: Visit): Promise<boolean> {
  return (await waysOf(visit)).secondFactor
}

interface MadeTotp {
  readonly secret: string
  readonly uri: string
  /** SVG. */
  readonly qr: string
}

interface SetUp {
  readonly made?: { readonly qr: Html; readonly secret: string; readonly uri: string }
  readonly failure?: Failure
}

function drawSetUp(visit: Visit, { made, failure }: SetUp): HttpResponse {
  const wrong = failure?.problems.find(({ pointer }) => pointer === '/code')?.detail
  const view = {
    ...commonView(visit, failure, wrong === undefined ? [] : ['code']),
    form: {
      action: addressOf(confirmPath, { next: visit.next }),
      hidden: {},
      values: { code: '' },
      problems: wrong === undefined ? {} : { code: wrong },
    },
    links: { factors: factorsAt(visit) },
    made,
  }
  return showPage(visit, 'setUpTotp', { view, ...answeredBy(visit, failure) })
}

function showCodes(visit: Visit, answer: unknown): HttpResponse {
  const { recoveryCodes: codes } = answer as { readonly recoveryCodes: readonly string[] }
  const view = { ...commonView(visit), codes, links: { account: visit.next ?? '/account' } }
  return showPage(visit, 'recoveryCodes', { view })
}

/**
 * An SVG as a picture: nothing of it runs, whatever it holds. Its address is data of our own, which
 * the tag `html` takes from nobody.
 */
function picture(svg: string): Html {
  const address = `data:image/svg+xml,${encodeURIComponent(svg)}`
  const label = 'QR code for an authenticator app; the same is written below it'
  return htmlOf(`<img class="qr" src="${address}" width="220" height="220" alt="${label}">`)
}
