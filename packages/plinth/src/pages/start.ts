/** Owns the start page: the app's own words over what its visitor may read, and no more. */

import type { PageData, PageVisitor, StartView } from '../define/app/start-page.ts'
import type { Html, TitledContent } from '../define/html.ts'
import type { Models } from '../define/infer.ts'
import { readParameter } from '../http/form/read-form.ts'
import type { HttpResponse } from '../http/message.ts'
import { noticeOf } from './flows/notices.ts'
import { showOwn } from './frame.ts'
import type { Visit } from './visit.ts'

/** A start page with its types erased. */
export type DrawStart = (view: never) => Html | TitledContent | Promise<Html | TitledContent>

/** Shows the start page to a visitor: each reading in it is a call of theirs. */
export async function showStart(
  visit: Visit,
  draw: DrawStart,
  models: readonly string[],
): Promise<HttpResponse> {
  const { site, request } = visit
  const view: StartView<Models> = {
    app: site.title,
    notice: noticeOf(readParameter(request.search, 'done'), site),
    me: await visitorOf(visit),
    data: dataOf(visit, models),
    links: {
      signIn: '/account/sign-in',
      signUp: site.signUp ? '/account/sign-up' : undefined,
      account: '/account',
    },
    actions: { signOut: '/account/sign-out' },
  }
  return showOwn(visit, await draw(view as never))
}

interface Told {
  readonly user: {
    readonly name: string | null
    readonly email: string | null
    readonly roles: readonly string[]
  } | null
}

async function visitorOf(visit: Visit): Promise<PageVisitor | undefined> {
  const known = await visit.known()
  if (!known) return undefined
  const { user } = (await visit.ask('identity.me')) as Told
  if (!user) return undefined
  const { userId: id, guest, impersonated } = known
  return Object.freeze({
    ...{ id, guest, impersonated, roles: user.roles },
    name: user.name ?? undefined,
    email: user.email ?? undefined,
    is: (role: string) => user.roles.includes(role),
  })
}

function dataOf(visit: Visit, models: readonly string[]): PageData<Models> {
  const readers = models.map((name) => [
    name,
    Object.freeze({
      find: (query: object = {}) => visit.ask(`${name}.list`, { query }),
      get: (id: string, query: object = {}) => visit.ask(`${name}.get`, { id, query }),
    }),
  ])
  return Object.freeze(Object.fromEntries(readers)) as PageData<Models>
}
