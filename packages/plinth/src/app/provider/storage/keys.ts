/** Owns the keys that sign identity tokens: made, sealed, changed before they are old. */

import { exportJWK, generateKeyPair } from 'jose'
import { limits } from '../../../base/limits.ts'
import type { Sealer } from '../../../base/secret/sealer.ts'
import { dayMs, instantText } from '../../../base/time.ts'
import type { RecordAccess, Runtime } from '../../../engine/runtime.ts'

/** What keys stand on. */
export interface KeyParts {
  readonly runtime: Pick<Runtime, 'clock' | 'newId' | 'log'>
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
  // Asked again: of two nodes that start at once both know both keys, and take the same first.
  return inOrder(await livingKeys(parts, nowMs), nowMs)
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
