/** Owns the keys that sign identity tokens: made, sealed, changed before they are old. */

import { setTimeout as wait } from 'node:timers/promises'
import { Failure } from '../../../base/failure.ts'
import { limits } from '../../../base/limits.ts'
import type { Sealer } from '../../../base/secret/sealer.ts'
import { dayMs, instantText, minuteMs } from '../../../base/time.ts'
import { takeWithinLimit } from '../../../effects/allowance.ts'
import type { RecordAccess, Runtime } from '../../../engine/runtime.ts'

/** What keys stand on. */
export interface KeyParts {
  readonly runtime: Pick<Runtime, 'clock' | 'newId' | 'log' | 'database'>
  readonly records: RecordAccess
  readonly sealer: Sealer
}

/** A key, private part and all. */
export type SigningKey = Readonly<Record<string, unknown>> & { readonly kid: string }

const place = (keyId: string): string => `oauth-key ${keyId}`

// Others learn of a key for a day before it signs, and know it for a day after it has.
const announcedMs = dayMs

/**
 * The keys, the one that signs first. The next one is made a day before it is needed, and the one
 * before is known until nothing that it signed counts: two are accepted while they change.
 */
export async function signingKeys(parts: KeyParts): Promise<readonly SigningKey[]> {
  const { records, runtime } = parts
  const nowMs = runtime.clock.now()
  const kept = await livingKeys(parts, nowMs)
  const newest = Math.max(0, ...kept.map(({ signsFromMs }) => signsFromMs))
  const dueMs = newest + limits.oauthKeyDays * dayMs
  if (kept.length > 0 && nowMs < dueMs - announcedMs) return inOrder(kept, nowMs)
  if (!(await mayMake(parts))) return kept.length > 0 ? inOrder(kept, nowMs) : madeElsewhere(parts)
  const { exportJWK, generateKeyPair } = await import('jose')
  const { privateKey } = await generateKeyPair('RS256', { extractable: true, modulusLength: 2048 })
  const keyId = runtime.newId()
  const jwk = { ...(await exportJWK(privateKey)), kid: keyId, use: 'sig', alg: 'RS256' }
  const signsFromMs = kept.length === 0 ? nowMs : Math.max(dueMs, nowMs)
  const lastsMs = (limits.oauthKeyDays + 2) * dayMs
  await records.create('oauthKey', {
    ...{ keyId, sealed: await parts.sealer.seal(JSON.stringify(jwk), place(keyId)) },
    signsFrom: instantText(signsFromMs),
    expiresAt: instantText(signsFromMs + lastsMs),
  })
  return inOrder(await livingKeys(parts, nowMs), nowMs)
}

/** Of nodes that find out at once that a key is due one makes it: what one signs all can check. */
async function mayMake({ runtime }: KeyParts): Promise<boolean> {
  const allowance = { key: 'oauth-key', limit: 1, windowMs: minuteMs }
  const now = instantText(runtime.clock.now())
  return (await takeWithinLimit(runtime.database, allowance, now)).granted
}

const lookEveryMs = 100
const looks = 100

/** The very first key, which another node is making. Fails with `unavailable` after 10 s. */
async function madeElsewhere(parts: KeyParts): Promise<readonly SigningKey[]> {
  for (let look = 0; look < looks; look++) {
    await wait(lookEveryMs)
    const nowMs = parts.runtime.clock.now()
    const kept = await livingKeys(parts, nowMs)
    if (kept.length > 0) return inOrder(kept, nowMs)
  }
  throw new Failure('unavailable', {
    detail: 'No signing key was made yet: try again in a minute.',
  })
}

interface LivingKey {
  readonly key: SigningKey
  readonly signsFromMs: number
}

async function livingKeys(
  { records, sealer, runtime }: KeyParts,
  nowMs: number,
): Promise<readonly LivingKey[]> {
  const filter = { expiresAt: { gt: instantText(nowMs) } }
  const rows = await records.find('oauthKey', { filter, sort: ['signsFrom', 'id'], limit: 50 })
  const keys: LivingKey[] = []
  for (const { keyId, sealed, signsFrom } of rows) {
    const text = await sealer.open(String(sealed), place(String(keyId)))
    if (text === undefined) {
      const message = 'A signing key cannot be opened: the secret of the app was another one.'
      runtime.log({ level: 'warning', message })
      continue
    }
    const key = JSON.parse(text) as SigningKey
    keys.push({ key, signsFromMs: Date.parse(String(signsFrom)) })
  }
  return keys
}

/** The latest of those that may sign; then the others. */
function inOrder(keys: readonly LivingKey[], nowMs: number): readonly SigningKey[] {
  const latest = keys.filter(({ signsFromMs }) => signsFromMs <= nowMs).at(-1) ?? keys[0]
  const others = keys.filter((one) => one !== latest)
  return [...(latest ? [latest] : []), ...others].map(({ key }) => key)
}
