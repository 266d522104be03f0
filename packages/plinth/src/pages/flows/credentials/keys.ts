/** Owns the pages of API keys and of what agents were lent: the list, making, changing, ending. */

import { Failure, invalidInput } from '../../../base/failure.ts'
import { limits } from '../../../base/limits.ts'
import { instantText, minuteMs } from '../../../base/time.ts'
import type { PageKey } from '../../../define/app/key-pages.ts'
import type { FormValues } from '../../../http/form/read-form.ts'
import type { HttpResponse } from '../../../http/message.ts'
import { showPage } from '../../frame.ts'
import { addressOf } from '../../next.ts'
import { leadTo, type Visit } from '../../visit.ts'
import {
  answeredBy,
  buttonOf,
  commonView,
  demandSignedIn,
  formPage,
  type Page,
  type Press,
  signInPath,
  stepUpPath,
} from '../form-page.ts'
import { doneAt } from '../sign-in.ts'

const keysPath = '/account/keys'
const makeKeyPath = '/account/make-key'
const makeAgentTokenPath = '/account/make-agent-token'
const keysMax = 100

/** The keys. */
const keys: Page = { show: (visit) => showKeys(visit) }

/** Makes a key and shows it, in the answer to the form itself. */
const makeKey = formPage({
  name: 'makeKey',
  path: makeKeyPath,
  fields: ['name', 'scopes', 'expiresInDays', 'networks', 'organisation'],
  enter: demandLatelyProved,
  filled: async () => ({ expiresInDays: String(limits.apiKeyDays) }),
  view: async (common, visit) => ({
    ...common,
    ...(await making(visit, common.form.values.organisation)),
  }),
  async send(visit, values) {
    const networks = wordsIn(values, 'networks')
    const input = {
      ...{ name: nameIn(values, 'name'), scopes: wordsIn(values, 'scopes') },
      ...daysIn(values),
      ...(networks.length === 0 ? {} : { networks }),
      ...placeIn(values),
    }
    return showMade(visit, await asked(visit, 'identity.makeApiKey', input))
  },
})

/** Makes a token for an agent and shows it. */
const makeAgentToken = formPage({
  name: 'makeAgentToken',
  path: makeAgentTokenPath,
  fields: ['agent', 'scopes', 'expiresInDays', 'organisation'],
  enter: demandLatelyProved,
  filled: async () => ({ expiresInDays: String(limits.agentTokenDays) }),
  view: async (common, visit) => ({
    ...common,
    ...(await making(visit, common.form.values.organisation)),
  }),
  async send(visit, values) {
    const scopes = wordsIn(values, 'scopes')
    const agent = nameIn(values, 'agent')
    const input = { agent, scopes, ...daysIn(values), ...placeIn(values) }
    return showMade(visit, await asked(visit, 'identity.makeAgentToken', input))
  },
})

/** Makes the key that takes another one's place, and shows it. */
const rotateKey = button(async (visit, values) => {
  const input = { key: values.get('id') ?? '' }
  return showMade(visit, await visit.ask('identity.rotateApiKey', { input }), true)
})

/** Ends a key. */
const endKey = button(async (visit, values) => {
  await ended(visit.ask('apiKey.delete', { id: values.get('id') ?? '' }))
  return leadTo(visit, doneAt(keysPath, 'key-ended'))
})

/** Ends what an agent was lent. */
const endAgent = button(async (visit, values) => {
  await ended(visit.ask('agentToken.delete', { id: values.get('id') ?? '' }))
  return leadTo(visit, doneAt(keysPath, 'agent-ended'))
})

/** Ends what all agents were lent. */
const endAgents = button(async (visit) => {
  await visit.ask('identity.endAgentTokens', { input: {} })
  return leadTo(visit, doneAt(keysPath, 'agents-ended'))
})

/** The pages of keys, by the last part of their address. */
export const keyPages: Readonly<Record<string, Page>> = Object.freeze({
  keys,
  'make-key': makeKey,
  'make-agent-token': makeAgentToken,
  'rotate-key': rotateKey,
  'end-key': endKey,
  'end-agent': endAgent,
  'end-agents': endAgents,
})

/** A button of the list: what goes wrong is told there. */
function button(press: Press): Page {
  return buttonOf({ path: keysPath, show: showKeys }, press)
}

/** It has ended meanwhile, as asked. */
async function ended(ending: Promise<unknown>): Promise<void> {
  await ending.catch((error: unknown) => {
    if (!(error instanceof Failure && error.code === 'not_found')) throw error
  })
}

/**
 * Asks for the proof before the form is filled in, so that nothing that was typed is lost. Whether
 * it counts is decided where the key is made.
 */
async function demandLatelyProved(visit: Visit): Promise<HttpResponse | undefined> {
  const known = await visit.known()
  if (!known || known.guest) return demandSignedIn(visit)
  const enoughMs = (limits.provedMinutesForFactors - 2) * minuteMs
  if (visit.request.method !== 'GET' || known.impersonated || known.provedAgoMs <= enoughMs) {
    return undefined
  }
  return leadTo(visit, addressOf(stepUpPath, { next: visit.request.path }))
}

function nameIn(values: FormValues, name: string): string {
  return (values.get(name) ?? '').trim()
}

/** Words with spaces or commas between, as people write them. */
function wordsIn(values: FormValues, name: string): readonly string[] {
  return (values.get(name) ?? '').split(/[\s,]+/).filter((word) => word !== '')
}

function daysIn(values: FormValues): { readonly expiresInDays?: number } {
  const text = (values.get('expiresInDays') ?? '').trim()
  if (text === '') return {}
  if (/^\d{1,6}$/.test(text)) return { expiresInDays: Number(text) }
  const detail = 'Give a number of days.'
  throw invalidInput([{ pointer: '/expiresInDays', code: 'bad_number', detail }])
}

/** The organisation that was chosen, if one was. */
function placeIn(values: FormValues): { readonly organisation?: string } {
  const organisation = values.get('organisation') || undefined
  return organisation === undefined ? {} : { organisation }
}

interface Mine {
  readonly organisations: readonly { readonly id: string; readonly name: string }[]
}

/** What a form of making is shown with: all scopes, and where what is made can work. */
async function making(visit: Visit, chosen: string) {
  const { scopes: known, organisations: has } = visit.site
  const links = { keys: keysPath }
  if (has === 'none') return { known, links, organisations: [] }
  const { organisations: all } = (await visit.ask('identity.organisations')) as Mine
  const organisations = all.map(({ id, name }) => ({ id, name, active: id === chosen }))
  return { known, links, organisations }
}

/** What is wrong with one of several words is told beside the field that holds them all. */
async function asked(visit: Visit, operation: string, input: object): Promise<unknown> {
  try {
    return await visit.ask(operation, { input })
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'invalid_input') throw error
    throw invalidInput(
      error.problems.map((problem) => {
        const [, field = ''] = problem.pointer.split('/')
        return { ...problem, pointer: `/${field}` }
      }),
    )
  }
}

interface Made {
  readonly name: string
  readonly token: string
  readonly expiresAt: string
}

function showMade(visit: Visit, made: unknown, replaces = false): HttpResponse {
  const { name, token, expiresAt } = made as Made
  const links = { keys: keysPath }
  return showPage(visit, 'madeKey', {
    view: { ...commonView(visit), name, token, expiresAt, replaces, links },
  })
}

async function showKeys(visit: Visit, failure?: Failure): Promise<HttpResponse> {
  if (!(await visit.who())) return (await demandSignedIn(visit)) ?? leadTo(visit, signInPath)
  const [own, lent] = await Promise.all([listed(visit, 'apiKey'), listed(visit, 'agentToken')])
  const view = {
    ...commonView(visit, failure),
    ...{ keys: own, agents: lent },
    actions: {
      rotate: '/account/rotate-key',
      endKey: '/account/end-key',
      endAgent: '/account/end-agent',
      endAgents: '/account/end-agents',
    },
    links: { account: '/account', makeKey: makeKeyPath, makeAgentToken: makeAgentTokenPath },
  }
  return showPage(visit, 'keys', { view, ...answeredBy(visit, failure) })
}

type KeptKey = Omit<PageKey, 'networks' | 'lastUsedAt' | 'organisation'> & {
  readonly organisation?: { readonly id: string; readonly name: string } | null
  readonly networks?: readonly string[]
  readonly lastUsedAt: string | null
}

async function listed(visit: Visit, model: 'apiKey' | 'agentToken'): Promise<readonly PageKey[]> {
  const filter = { expiresAt: { gt: instantText(visit.site.clock.now()) } }
  const places = visit.site.organisations === 'none' ? {} : { include: { organisation: true } }
  const query = { filter, sort: ['-createdAt', '-id'], limit: keysMax, ...places }
  const { data } = (await visit.ask(`${model}.list`, { query })) as { data: readonly KeptKey[] }
  return data.map(({ id, name, prefix, scopes, networks = [], expiresAt, ...more }) => ({
    ...{ id, name, prefix, scopes, networks, expiresAt },
    organisation: more.organisation ?? undefined,
    lastUsedAt: more.lastUsedAt ?? undefined,
  }))
}
