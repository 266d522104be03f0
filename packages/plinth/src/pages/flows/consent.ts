/** Owns the pages about programs of others: a question and its answer, a device, a list. */

import type { PageApp, PageChoice, PageProgram, PageScope } from '../../define/app/program-pages.ts'
import { type FormValues, readParameter } from '../../http/form/read-form.ts'
import type { HttpResponse } from '../../http/message.ts'
import { showPage } from '../frame.ts'
import { addressOf } from '../next.ts'
import { leadTo, type Visit } from '../visit.ts'
import { answeredBy, commonView, ledElsewhere, type Page, shownFailure } from './form-page.ts'
import { doneAt } from './sign-in.ts'

const consentPath = '/account/consent'
const devicePath = '/account/device'
const appsPath = '/account/apps'
const signOutPath = '/account/sign-out-of'

interface Asked {
  readonly asks: 'nothing' | 'proof' | 'account' | 'consent'
  readonly client: PageProgram
  readonly host: string
  readonly scopes: readonly PageScope[]
  readonly organisations: readonly PageChoice[]
  readonly lasting: boolean
  readonly days: number
  readonly continue: string
}

/** Whether a program may have what it asks for. */
export const consent: Page = {
  async show(visit) {
    const interaction = readParameter(visit.request.search, 'interaction') ?? ''
    const here = addressOf(consentPath, { interaction })
    return led(visit, here, async () => {
      const asked = (await visit.ask('identity.consentRequest', {
        input: { interaction },
      })) as Asked
      if (asked.asks === 'nothing') return goOn(visit, asked.continue)
      if (asked.asks === 'proof') {
        return leadTo(visit, addressOf('/account/step-up', { next: here }))
      }
      const { client: program, host, scopes, organisations, lasting, days } = asked
      const question = { program, scopes, organisations, lasting, days }
      const view = { ...question, host, action: consentPath, hidden: { interaction } }
      const other = 'The program expects another account: sign out here, and go back to it.'
      const failure = asked.asks === 'account' ? other : undefined
      return showPage(visit, 'consent', { view: { ...commonView(visit), ...view, failure } })
    })
  },
  async send(visit, values) {
    const interaction = values.get('interaction') ?? ''
    return led(visit, addressOf(consentPath, { interaction }), async () => {
      const input = { interaction, allow: values.get('allow') === 'yes', ...placeIn(values) }
      const answer = (await visit.ask('identity.giveConsent', { input })) as Asked
      return goOn(visit, answer.continue)
    })
  },
}

/** A device that waits: its code, what it asks for, its answer. */
export const device: Page = {
  show: (visit) =>
    led(visit, hereWith(visit), async () => {
      if (!(await visit.who()))
        return leadTo(visit, addressOf('/account/sign-in', { next: hereWith(visit) }))
      return askForCode(visit, readParameter(visit.request.search, 'user_code') ?? '')
    }),
  async send(visit, values) {
    const code = values.get('code') ?? ''
    try {
      return await answerDevice(visit, code, values)
    } catch (error) {
      const failure = shownFailure(error)
      const elsewhere = ledElsewhere(visit, failure, devicePath)
      return elsewhere ?? askForCode(visit, code, failure)
    }
  },
}

/** The programs that somebody has let in. */
export const apps: Page = {
  show: (visit) =>
    led(visit, appsPath, async () => {
      const { apps: list } = (await visit.ask('identity.apps')) as { apps: readonly PageApp[] }
      const links = { account: '/account' }
      const actions = { remove: '/account/remove-app' }
      const view = { ...commonView(visit), apps: list, actions, links }
      return showPage(visit, 'apps', { view })
    }),
}

/** Shuts a program out. */
export const removeApp: Page = {
  show: (visit) => leadTo(visit, appsPath),
  send: (visit, values) =>
    led(visit, appsPath, async () => {
      await visit.ask('identity.removeApp', { input: { id: values.get('id') ?? '' } })
      return leadTo(visit, doneAt(appsPath, 'app-removed'))
    }),
}

/** Whether to sign out, because a program asks for it. */
export const signOutOf: Page = {
  async show(visit) {
    const request = readParameter(visit.request.search, 'request')
    if (!(await visit.who())) return leadTo(visit, doneAt('/account/sign-in', 'signed-out'))
    const asked = request === undefined ? undefined : await placeAfter(visit, request)
    const hidden: Record<string, string> = request === undefined ? {} : { request }
    const view = { host: asked?.host, action: signOutPath, hidden, links: { account: '/account' } }
    return showPage(visit, 'signOutOf', { view: { ...commonView(visit), ...view } })
  },
  async send(visit, values) {
    const request = values.get('request')
    const asked = request === undefined ? undefined : await placeAfter(visit, request)
    await visit.ask('identity.signOut')
    if (asked) return goOn(visit, asked.back)
    return leadTo(visit, doneAt('/account/sign-in', 'signed-out'))
  },
}

async function placeAfter(
  visit: Visit,
  request: string,
): Promise<{ readonly back: string; readonly host: string }> {
  const answer = await visit.ask('identity.signOutRequest', { input: { request } })
  return answer as { readonly back: string; readonly host: string }
}

/**
 * Leads on to where another site may be next. A page in between, because what a form leads to has
 * to stay here by the page’s own policy: from this one it is a new visit.
 */
function goOn(visit: Visit, place: string): HttpResponse {
  const view = { ...commonView(visit), place }
  return showPage(visit, 'goOn', { view, headers: { refresh: `0; url=${place}` } })
}

/** Leads whoever has to sign in, or to show who they are, there and back. */
async function led(
  visit: Visit,
  back: string,
  work: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  try {
    return await work()
  } catch (error) {
    const elsewhere = ledElsewhere(visit, shownFailure(error), back)
    if (elsewhere) return elsewhere
    throw error
  }
}

/** Where it is let in, as it was chosen. */
function placeIn(values: FormValues): { readonly organisation?: string } {
  const organisation = values.get('organisation') || undefined
  return organisation === undefined ? {} : { organisation }
}

function hereWith({ request }: Visit): string {
  return addressOf(devicePath, { user_code: readParameter(request.search, 'user_code') })
}

type Wrong = ReturnType<typeof shownFailure>

function askForCode(visit: Visit, code: string, failure?: Wrong): HttpResponse {
  const form = { action: devicePath, hidden: {}, values: { code }, problems: {} }
  const view = { ...commonView(visit, failure), form }
  return showPage(visit, 'device', { view, ...answeredBy(visit, failure) })
}

async function answerDevice(visit: Visit, code: string, values: FormValues): Promise<HttpResponse> {
  const allow = values.get('allow')
  if (allow !== undefined) {
    const allowed = allow === 'yes'
    const input = { code, allow: allowed, ...placeIn(values) }
    await visit.ask('identity.answerDevice', { input })
    return showPage(visit, 'deviceDone', { view: { ...commonView(visit), allowed } })
  }
  const answer = await visit.ask('identity.deviceRequest', { input: { code } })
  const { client: program, ...asked } = answer as Omit<Asked, 'asks' | 'host' | 'continue'>
  const question = { program, ...asked, action: devicePath, hidden: { code } }
  const view = { ...question, code: shownCode(code) }
  return showPage(visit, 'deviceAsked', { view: { ...commonView(visit), ...view } })
}

/** A code as devices show it. */
function shownCode(typed: string): string {
  const plain = typed.toUpperCase().replace(/[^A-Z0-9]/g, '')
  return `${plain.slice(0, 4)}-${plain.slice(4)}`
}
