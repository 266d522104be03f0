/** Owns the course of a page with a form: shown, sent, and shown again with what was wrong. */

import { Failure } from '../../base/failure.ts'
import type { PageForm, PageName, PageView, PageViews } from '../../define/pages.ts'
import { type FormValues, readParameter } from '../../http/form/read-form.ts'
import type { HttpHeaders, HttpResponse } from '../../http/message.ts'
import { problemResponse } from '../../http/problem.ts'
import { showPage } from '../frame.ts'
import { addressOf } from '../next.ts'
import { leadTo, type Visit } from '../visit.ts'
import { noticeOf } from './notices.ts'

/** A page: what it answers when it is looked at, and when its form is sent. */
export interface Page {
  show(visit: Visit): HttpResponse | Promise<HttpResponse>
  /** Absent: it has no form. */
  readonly send?: (visit: Visit, values: FormValues) => Promise<HttpResponse>
  /** Takes forms of other sites: it leads elsewhere with what came, and does nothing else. */
  readonly fromElsewhere?: (visit: Visit, values: FormValues) => Promise<HttpResponse>
}

/** The pages that have a form. */
export type FormPageName = {
  [P in PageName]: PageViews[P] extends { readonly form: unknown } ? P : never
}[PageName]

/** The fields of a page's form. */
export type FieldOf<P extends FormPageName> = keyof PageViews[P]['form']['values'] & string

/** A page with a form. */
export interface FormPage<P extends FormPageName> {
  readonly name: P
  readonly path: string
  /** Fields that come back as they were typed. */
  readonly fields?: readonly FieldOf<P>[]
  /** Fields that never come back. */
  readonly secrets?: readonly FieldOf<P>[]
  /** What is taken from the address, and sent along with the form. */
  readonly hidden?: readonly string[]
  /** True: the link of a mail leads here; without its token nothing can come of the form. */
  readonly mailed?: true
  /** Who is led elsewhere instead of seeing it. */
  readonly enter?: (visit: Visit) => Promise<HttpResponse | undefined>
  /** What fields hold before anything was typed. */
  readonly filled?: (visit: Visit) => Promise<Readonly<Partial<Record<FieldOf<P>, string>>>>
  /** The page's own part of its view. */
  view(common: PageView<FieldOf<P>>, visit: Visit): PageViews[P] | Promise<PageViews[P]>
  /** Does what was asked, and leads on. What it fails with is shown. */
  send(visit: Visit, values: FormValues): Promise<HttpResponse>
}

/** Where somebody shows again who they are. */
export const stepUpPath = '/account/step-up'

/** Makes a page of its form. */
export function formPage<P extends FormPageName>(page: FormPage<P>): Page {
  return {
    async show(visit) {
      const elsewhere = await page.enter?.(visit)
      if (elsewhere) return elsewhere
      const filled = new Map<string, string>()
      for (const [name, value] of Object.entries((await page.filled?.(visit)) ?? {})) {
        filled.set(name, String(value))
      }
      const { search } = visit.request
      for (const name of page.hidden ?? []) filled.set(name, readParameter(search, name) ?? '')
      const cut = page.mailed === true && filled.get('token') === ''
      return draw(page, visit, { values: filled, ...(cut ? { failure: cutLink() } : {}) })
    },
    async send(visit, values) {
      const elsewhere = await page.enter?.(visit)
      if (elsewhere) return elsewhere
      try {
        return await page.send(visit, values)
      } catch (error) {
        const failure = shownFailure(error)
        return ledElsewhere(visit, failure, page.path) ?? draw(page, visit, { values, failure })
      }
    },
  }
}

function cutLink(): Failure {
  return new Failure('invalid_credentials', {
    detail: 'The address is not whole: follow the link of the mail again, or copy all of it.',
  })
}

/** What a button does, and where it leads. */
export type Press = (visit: Visit, values: FormValues) => Promise<HttpResponse>

/** Where a button stands. */
interface Place {
  readonly path: string
  /** Where whoever is led elsewhere first comes back to. */
  back(visit: Visit): string
  /** The page again, with what went wrong. */
  show(visit: Visit, failure: Failure): Promise<HttpResponse>
}

function buttonAt(place: Place, press: Press): Page {
  return {
    // A reload after something went wrong.
    show: (visit) => leadTo(visit, place.path),
    async send(visit, values) {
      try {
        return await press(visit, values)
      } catch (error) {
        const failure = shownFailure(error)
        return ledElsewhere(visit, failure, place.back(visit)) ?? place.show(visit, failure)
      }
    },
  }
}

/** A button of a page that has no form of its own: what goes wrong is told on that page. */
export function buttonOf(page: Omit<Place, 'back'>, press: Press): Page {
  const back = (visit: Visit) => addressOf(page.path, { next: visit.next })
  return buttonAt({ path: page.path, back, show: page.show.bind(page) }, press)
}

/** A button beside the form of a page: what goes wrong is told there. */
export function buttonOn<P extends FormPageName>(page: FormPage<P>, press: Press): Page {
  return buttonAt(
    {
      path: page.path,
      back: () => page.path,
      show: (visit, failure) => draw(page, visit, { values: new Map(), failure }),
    },
    press,
  )
}

/** The failure that a page shows; everything else goes on to whoever answers for mistakes. */
export function shownFailure(error: unknown): Failure {
  if (error instanceof Failure && (error.status < 500 || error.cause === undefined)) return error
  throw error
}

/** Failures whose cure is another page: signing in, or showing again who one is. */
export function ledElsewhere(
  visit: Visit,
  { code }: Failure,
  back: string,
): HttpResponse | undefined {
  if (code === 'sign_in_required') return leadTo(visit, addressOf(signInPath, { next: back }))
  if (code === 'step_up_required') return leadTo(visit, addressOf(stepUpPath, { next: back }))
  if (code === 'second_factor_required') return leadTo(visit, '/account/factors')
  return undefined
}

/** Where somebody signs in. */
export const signInPath = '/account/sign-in'

/** Leads whoever is not signed in to where they can, and back. */
export async function demandSignedIn(visit: Visit): Promise<HttpResponse | undefined> {
  if (await visit.who()) return undefined
  return leadTo(visit, addressOf(signInPath, { next: visit.request.path }))
}

/** What a page is drawn with. */
interface Drawing {
  readonly values: FormValues
  readonly failure?: Failure
}

async function draw<P extends FormPageName>(
  page: FormPage<P>,
  visit: Visit,
  { values, failure }: Drawing,
): Promise<HttpResponse> {
  const form = formOf(page, visit, { values, ...(failure === undefined ? {} : { failure }) })
  const common = { ...commonView(visit, failure, Object.keys(form.problems)), form }
  const view = await page.view(common, visit)
  return showPage(visit, page.name, { view, ...answeredBy(visit, failure) })
}

function formOf<P extends FormPageName>(
  { path, fields = [], secrets = [], hidden = [] }: FormPage<P>,
  { next, site: { newPasswordCharactersMin } }: Visit,
  { values, failure }: Drawing,
): PageForm<FieldOf<P>> {
  const typed = fields.map((name) => [name, values.get(name) ?? ''] as const)
  const untyped = secrets.map((name) => [name, ''] as const)
  const names: ReadonlySet<string> = new Set([...fields, ...secrets])
  const wrong = (failure?.problems ?? []).flatMap(({ pointer, detail }) => {
    const name = pointer.slice(1)
    return names.has(name) ? [[name, detail] as const] : []
  })
  return {
    action: addressOf(path, { next }),
    hidden: Object.fromEntries(hidden.map((name) => [name, values.get(name) ?? ''])),
    values: Object.fromEntries([...typed, ...untyped]) as PageForm<FieldOf<P>>['values'],
    problems: Object.fromEntries(wrong) as PageForm<FieldOf<P>>['problems'],
    newPasswordCharactersMin,
  }
}

/** What every page is shown with. Problems that stand beside fields are not told twice. */
export function commonView(
  { site, request }: Visit,
  failure?: Failure,
  shown: readonly string[] = [],
): Omit<PageView, 'form'> {
  return {
    app: site.title,
    notice: failure ? undefined : noticeOf(readParameter(request.search, 'done'), site),
    failure: failure === undefined ? undefined : sentenceOf(failure, shown),
  }
}

function sentenceOf({ detail, problems }: Failure, shown: readonly string[]): string {
  const others = problems.filter(({ pointer }) => !shown.includes(pointer.slice(1)))
  if (problems.length === 0) return detail
  if (others.length === 0) return 'Look at what stands beside the fields, and send the form again.'
  return others.map((other) => other.detail).join(' ')
}

/** How a page is answered: as its failure is, with when to come again and how to be known. */
export function answeredBy(
  { request }: Visit,
  failure: Failure | undefined,
): { readonly status?: number; readonly headers?: HttpHeaders } {
  if (failure === undefined) return {}
  const { 'content-type': _, ...headers } = problemResponse(failure, request).headers
  return { status: failure.status, headers }
}
