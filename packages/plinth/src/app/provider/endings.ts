/** Owns what the library shows to people: its errors, and the question before signing out. */

import { base64url, randomBytes } from '../../base/ids.ts'
import { limits } from '../../base/limits.ts'
import { instantText, minuteMs } from '../../base/time.ts'
import type { RecordAccess, Runtime } from '../../engine/runtime.ts'
import { escapeHtml, htmlPage } from '../../http/page.ts'
import { hostOf } from '../../identity/provider/clients.ts'
import type { Tokens } from '../../identity/tokens.ts'
import type { Context, Payload } from './library/library.ts'

/** What signing out works with. */
export interface EndingParts {
  readonly runtime: Pick<Runtime, 'clock'>
  readonly records: RecordAccess
  readonly tokens: Tokens
  /** False: too much is kept already of what came from the same network. */
  readonly mayKeep: (context: Context) => Promise<boolean>
}

/**
 * Runs around the library: where a program asks that its user signs out, the user is asked on a
 * page of ours. Where they go afterwards has been checked by the library, and is kept here.
 */
export function askBeforeSignOut(parts: EndingParts) {
  return async (context: Context, next: () => Promise<void>): Promise<void> => {
    await next()
    const { oidc, status } = context
    if (oidc?.route !== 'end_session' || status !== 200) return
    const { accountId, state } = oidc.session ?? {}
    const place = state?.postLogoutRedirectUri
    const back = place === undefined ? undefined : withState(place, state?.state)
    context.body = ''
    context.status = 303
    if (accountId === undefined) return context.redirect(back ?? '/account/sign-in?done=signed-out')
    if (back === undefined) return context.redirect('/account/sign-out-of')
    if (!(await parts.mayKeep(context))) {
      context.status = 429
      return showError(context, { error: 'too many questions at once: wait a minute' })
    }
    const id = base64url(randomBytes(32))
    const lifeMs = limits.oauthInteractionMinutes * minuteMs
    await parts.records.create('oauthInteraction', {
      tokenHash: parts.tokens.hash(`sign-out ${id}`),
      payload: JSON.stringify({ back, host: hostOf(back) }),
      expiresAt: instantText(parts.runtime.clock.now() + lifeMs),
    })
    context.redirect(`/account/sign-out-of?request=${id}`)
  }
}

function withState(place: string, state: string | undefined): string {
  const url = new URL(place)
  if (state !== undefined) url.searchParams.set('state', state)
  return url.href
}

/** Shows what went wrong to somebody whom we cannot send back: where to is just what is wrong. */
export function showError(context: Context, { error, error_description: detail }: Payload): void {
  const words = typeof detail === 'string' ? detail : String(error)
  const page = htmlPage({
    title: 'That did not work',
    body: `<main id="main"><h1>That did not work</h1>
<p>The program that sent you here has asked for something that it cannot have: ${escapeHtml(words)}.
Go back to it and begin again. If it happens again, tell those who made it.</p></main>`,
    styles: '/account/style.css',
  })
  for (const [name, value] of Object.entries(page.headers)) context.set(name, String(value))
  context.body = page.body
}
