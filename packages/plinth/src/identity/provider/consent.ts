/** Owns the question whether a program may have what it asks for, and its answer. */

import { Failure } from '../../base/failure.ts'
import type { Action, ActionScope, PlainRecord } from '../../engine/runtime.ts'
import { booleanKind, textKind } from '../../kinds/kinds.ts'
import { given, operation } from '../flows/operation.ts'
import { boundInput, boundTo, unbound } from '../keys/bound.ts'
import type { ProviderSight } from './kit.ts'
import {
  type Asked,
  choosable,
  demandPerson,
  gone,
  grantable,
  keepConsent,
  lastingOf,
  type ProviderParts,
  wordsOf,
} from './parts.ts'

const interactionInput = textKind({ max: 100 })

/** What waits for somebody. */
interface Waiting {
  readonly rowId: string
  readonly asked: Asked
  readonly prompt: string
  readonly reasons: readonly string[]
  /** Whose authorization it is; undefined: nobody was signed in. */
  readonly accountId: string | undefined
}

/** What a program asks for, as its page shows it. */
export function consentRequest(parts: ProviderParts): Action {
  return {
    operation: operation('consentRequest', {
      path: 'consent',
      safe: true,
      description:
        'What a program asks somebody for. `asks` says what has to happen next: `nothing` (go on ' +
        'at `continue`), `proof` (step up first), `account` (another account is expected), ' +
        '`consent`. `lasting` says whether it would outlive the session, `days` for how long.',
      input: [given('interaction', interactionInput)],
    }),
    async run(scope) {
      const { userId, sessionId } = demandPerson(scope)
      const interaction = String(scope.input.interaction)
      const waiting = await waitingFor(scope, parts, interaction)
      if (waiting.accountId !== undefined && waiting.accountId !== userId) throw gone()
      const { client, host } = waiting.asked
      const asks = await whatIsAsked(scope, waiting, sessionId)
      const organisations = await choosable(scope, parts, waiting.asked)
      const value = { asks, client, host, scopes: wordsOf(parts, waiting.asked), organisations }
      const more = { ...lastingOf(waiting.asked), continue: placeOf(interaction) }
      return { status: 200, value: { ...value, ...more } }
    },
  }
}

/** Says yes or no. */
export function giveConsent(parts: ProviderParts): Action {
  return {
    operation: operation('giveConsent', {
      path: 'give-consent',
      description:
        'Answers a program that asks for something, and says in which of `organisations` it may ' +
        'work. Go on at `continue`.',
      input: [
        ...[given('interaction', interactionInput), given('allow', booleanKind())],
        boundInput,
      ],
    }),
    async run(scope) {
      const { userId, sessionId } = demandPerson(scope)
      const interaction = String(scope.input.interaction)
      const allow = scope.input.allow === true
      const waiting = await waitingFor(scope, parts, interaction)
      if (waiting.accountId !== undefined && waiting.accountId !== userId) throw gone()
      if ((await whatIsAsked(scope, waiting, sessionId)) !== 'consent') throw gone()
      const { asked, rowId } = waiting
      await scope.commit<void, ProviderSight>(async (inside) => {
        const { oauthInteraction } = inside.data.unrestricted
        const { data: found } = await oauthInteraction.find({ filter: { id: rowId }, limit: 1 })
        // Answered once: what was decided is not decided again, in another window or by another,
        // who waits for the lock meanwhile.
        if (!found[0] || (await oauthInteraction.lock(rowId)).result !== null) throw gone()
        const { organisation } = scope.input
        const bound = allow ? await boundTo(inside, { userId, organisation }) : unbound
        const refused = { error: 'access_denied', error_description: 'the user said no' }
        const consent = { accountId: userId, organisation: bound.organisationId }
        const result = allow ? { consent } : refused
        await oauthInteraction.update(rowId, { result: JSON.stringify(result) })
        if (!allow) return
        const scopes = grantable(parts, asked)
        await keepConsent(inside, { userId, client: asked.client, scopes, bound })
      })
      return { status: 200, value: { continue: placeOf(interaction) } }
    },
  }
}

function placeOf(interaction: string): string {
  return `/oauth/authorize/${encodeURIComponent(interaction)}`
}

interface Interaction {
  readonly prompt?: {
    readonly name: string
    readonly reasons: readonly string[]
    readonly details: Asked
  }
  readonly session?: { readonly accountId?: string }
}

async function waitingFor(
  { unrestricted, now }: ActionScope,
  { tokens }: ProviderParts,
  interaction: string,
): Promise<Waiting> {
  const filter = {
    tokenHash: tokens.hash(interaction),
    expiresAt: { gt: now },
    result: { isNull: true },
  }
  const [row] = await unrestricted.find('oauthInteraction', { filter, limit: 1 })
  if (!row) throw gone()
  const { prompt, session } = JSON.parse(String(row.payload)) as Interaction
  if (!prompt) throw gone()
  return {
    ...{ rowId: String(row.id), asked: prompt.details, prompt: prompt.name },
    ...{ reasons: prompt.reasons, accountId: session?.accountId },
  }
}

/** What has to happen next, by what the session has proved by now. */
async function whatIsAsked(
  { unrestricted }: ActionScope,
  { prompt, reasons, asked }: Waiting,
  sessionId: string,
): Promise<'nothing' | 'proof' | 'account' | 'consent'> {
  if (prompt === 'consent') return 'consent'
  if (reasons.some((reason) => reason === 'id_token_hint' || reason.startsWith('claims_'))) {
    return 'account'
  }
  if (!reasons.some((reason) => reason === 'fresh_login' || reason === 'too_long_ago')) {
    return 'nothing'
  }
  const [session] = await unrestricted.find('session', { filter: { id: sessionId }, limit: 1 })
  return provedAt(session) >= asked.since ? 'nothing' : 'proof'
}

function provedAt(session: PlainRecord | undefined): number {
  if (!session) throw new Failure('sign_in_required', { detail: 'The session has ended: sign in.' })
  return Math.floor(Date.parse(String(session.provedAt ?? session.createdAt)) / 1_000)
}
