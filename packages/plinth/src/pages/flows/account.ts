/** Owns the page of an account, and what its buttons do. */

import { Failure } from '../../base/failure.ts'
import { nearnessOf, networkOf } from '../../base/network.ts'
import type { AccountView, PageSession } from '../../define/pages.ts'
import type { HttpResponse } from '../../http/message.ts'
import { showPage } from '../frame.ts'
import { leadTo, type Visit, type Who } from '../visit.ts'
import {
  answeredBy,
  buttonOf,
  commonView,
  demandSignedIn,
  type Page,
  type Press,
  signInPath,
} from './form-page.ts'
import { doneAt } from './sign-in.ts'

const accountPath = '/account'
const sessionsMax = 100

/** The account. */
export const account: Page = { show: (visit) => showAccount(visit) }

/** Mails the link again that confirms the address. */
export const sendVerification = button(async (visit) => {
  await visit.ask('identity.sendVerification')
  return leadTo(visit, doneAt(accountPath, 'verification-sent'))
})

/** Ends one session. */
export const endSession = button(async (visit, values) => {
  try {
    await visit.ask('session.delete', { id: values.get('id') ?? '' })
  } catch (error) {
    // It has ended meanwhile, as asked.
    if (!(error instanceof Failure && error.code === 'not_found')) throw error
  }
  return leadTo(visit, doneAt(accountPath, 'session-ended'))
})

/** Ends the session of the visit. */
export const signOut = button(async (visit) => {
  await visit.ask('identity.signOut')
  return leadTo(visit, doneAt(signInPath, 'signed-out', visit.next))
})

/** Ends all sessions, or all others. */
export const signOutEverywhere = button(async (visit) => {
  await visit.ask('identity.signOutEverywhere', { input: {} })
  return leadTo(visit, doneAt(signInPath, 'signed-out'))
})

/** Ends all sessions but this one. */
export const signOutElsewhere = button(async (visit) => {
  await visit.ask('identity.signOutEverywhere', { input: { keepThis: true } })
  return leadTo(visit, doneAt(accountPath, 'signed-out-elsewhere'))
})

/** A button of the account's page: what goes wrong is told there. */
export function button(press: Press): Page {
  return buttonOf({ path: accountPath, show: showAccount }, press)
}

async function showAccount(visit: Visit, failure?: Failure): Promise<HttpResponse> {
  const who = await visit.who()
  if (!who) return (await demandSignedIn(visit)) ?? leadTo(visit, signInPath)
  const view = await viewOf(visit, who, failure)
  return showPage(visit, 'account', { view, ...answeredBy(visit, failure) })
}

async function viewOf(
  visit: Visit,
  { userId, sessionId }: Who,
  failure: Failure | undefined,
): Promise<AccountView> {
  const [user, sessions] = await Promise.all([
    accountOf(visit, userId),
    sessionsOf(visit, sessionId),
  ])
  const emailVerified = user.emailVerifiedAt !== null
  const resend = visit.site.sendsMail && !emailVerified
  return {
    ...commonView(visit, failure),
    email: user.email,
    emailVerified,
    name: user.name ?? undefined,
    secondFactor: user.secondFactor,
    secondFactorDueAt: dueAtOf(visit, user),
    deletionAt: user.deletionAt ?? undefined,
    sessions,
    actions: {
      endSession: '/account/end-session',
      signOut: '/account/sign-out',
      signOutEverywhere: '/account/sign-out-everywhere',
      signOutElsewhere: '/account/sign-out-elsewhere',
      sendVerification: resend ? '/account/send-verification' : undefined,
      keep: user.deletionAt === null ? undefined : '/account/keep',
    },
    links: {
      changeName: '/account/change-name',
      changeEmail: '/account/change-email',
      changePassword: '/account/change-password',
      secondFactor: '/account/factors',
      keys: '/account/keys',
      download: '/account/download',
      deleteAccount: '/account/delete',
      organisations: visit.site.organisations === 'none' ? undefined : '/account/organisations',
      apps: visit.site.programs ? '/account/apps' : undefined,
      identities: visit.site.providers.length > 0 ? '/account/identities' : undefined,
    },
  }
}

function dueAtOf({ site }: Visit, account: Account): string | undefined {
  if (!site.demandsFactor || account.secondFactor) return undefined
  return account.secondFactorDueAt ?? undefined
}

/** An account, as its owner sees it. */
export interface Account {
  readonly email: string
  readonly deletionAt: string | null
  readonly emailVerifiedAt: string | null
  readonly name: string | null
  readonly secondFactor: boolean
  readonly secondFactorDueAt: string | null
}

/** The account of a user, read by the rules of every door. */
export async function accountOf(visit: Visit, userId: string): Promise<Account> {
  const factor = ['secondFactor', 'secondFactorDueAt']
  const fields = ['email', 'emailVerifiedAt', 'name', 'deletionAt', ...factor]
  return (await visit.ask('user.get', { id: userId, query: { fields } })) as Account
}

interface KeptSession {
  readonly id: string
  readonly device: string | null
  readonly address: string | null
  readonly place: string | null
  readonly createdAt: string
  readonly lastUsedAt: string
  readonly method: string
  readonly reason: string | null
}

async function sessionsOf(
  visit: Visit,
  current: string | undefined,
): Promise<readonly PageSession[]> {
  const fields = ['device', 'address', 'place', 'createdAt', 'lastUsedAt', 'method', 'reason']
  const query = { fields, sort: ['-lastUsedAt', '-id'], limit: sessionsMax }
  const { data } = (await visit.ask('session.list', { query })) as { data: KeptSession[] }
  return data.map(({ id, device, address, place, createdAt, ...session }) => ({
    ...{ ...session, id, startedAt: createdAt, current: id === current },
    device: session.method === 'impersonation' ? 'A member of staff' : (device ?? undefined),
    address: address ?? undefined,
    reason: session.reason ?? undefined,
    place: place ?? undefined,
    network: address === null ? undefined : networkWord(address, visit.request.remoteAddress),
  }))
}

function networkWord(address: string, here: string): PageSession['network'] {
  const near = nearnessOf(address)
  if (near === 'machine') return near
  return networkOf(address) === networkOf(here) ? 'same' : near
}
