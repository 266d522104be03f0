/** Owns lost replies: a refresh token that comes again at once gets the answer it had before. */

import { setTimeout as wait } from 'node:timers/promises'
import { limits } from '../../../base/limits.ts'
import { sealer } from '../../../base/secret/sealer.ts'
import { type Kept, keepReply } from '../../../engine/identify/oauth/kept.ts'
import type { Runtime } from '../../../engine/runtime.ts'
import type { Tokens } from '../../../identity/tokens.ts'
import { deriveKey } from '../../config/secret.ts'
import type { Context } from '../library/library.ts'

/** A refresh token that came again. */
export interface Replayed extends Kept {
  /** The token itself. */
  readonly secret: string
  /** How long ago it was used. */
  readonly agoMs: number
}

/** Those that may have an answer again, by their request. */
export type Graces = WeakMap<Context, Replayed>

/**
 * True where a token that came again may have lost its answer: it was used a moment ago. What it
 * gets then is what it got before, never a second one, so that a token has one child whoever asks.
 * Both of two that hold it find out at the next exchange, which ends all of it.
 */
export function lostReply(
  graces: Graces,
  context: Context | undefined,
  replayed: Replayed,
): boolean {
  const { agoMs, reply } = replayed
  // Later than a moment: where its answer is gone, the answer has been used as well.
  if (agoMs > limits.oauthGraceSeconds * 1_000 || (reply === undefined && agoMs > pendingMs)) {
    return false
  }
  if (context === undefined) return false
  graces.set(context, replayed)
  return true
}

const pendingMs = 2_000
const lookEveryMs = 25

/** What refreshing works with. */
export interface RefreshParts {
  readonly runtime: Pick<Runtime, 'database' | 'clock'>
  readonly tokens: Tokens
  readonly graces: Graces
  /** The sealed answer of a token as it is kept now. */
  readonly replyOf: (hash: string) => Promise<string | undefined>
}

/** Runs around the library: keeps the answers of refresh tokens, and gives lost ones again. */
export function keepReplies(parts: RefreshParts) {
  return async (context: Context, next: () => Promise<void>): Promise<void> => {
    await next()
    const { oidc } = context
    if (oidc?.route !== 'token' || oidc.params?.grant_type !== 'refresh_token') return
    const token = oidc.params.refresh_token
    if (token === undefined) return
    if (context.status === 200) return keep(parts, token, context.body)
    const replayed = parts.graces.get(context)
    if (replayed === undefined || replayed.clientId !== oidc.client?.clientId) return
    const answer = await answerAgain(parts, replayed)
    context.status = answer === undefined ? 503 : 200
    context.body = answer ?? { error: 'temporarily_unavailable' }
    if (answer === undefined) context.set('retry-after', '1')
  }
}

const place = 'oauth-refresh-reply'

// Sealed with the token itself, which is kept nowhere: whoever reads the table reads no answer.
const sealerOf = (token: string) => sealer(deriveKey(token, place))

async function keep(
  { runtime, tokens }: RefreshParts,
  token: string,
  answer: unknown,
): Promise<void> {
  const reply = await sealerOf(token).seal(JSON.stringify(answer), place)
  await keepReply(runtime.database, { hash: tokens.hash(token), reply })
}

/** The answer may be on its way: whoever came first is just being answered. */
async function answerAgain(
  { replyOf, tokens }: RefreshParts,
  { secret }: Replayed,
): Promise<unknown> {
  for (let waitedMs = 0; waitedMs < pendingMs; waitedMs += lookEveryMs) {
    const sealed = await replyOf(tokens.hash(secret))
    const text = sealed && (await sealerOf(secret).open(sealed, place))
    if (text) return JSON.parse(text) as unknown
    await wait(lookEveryMs)
  }
  return undefined
}
