/** Owns what pages do with passkeys: what the script asks for, what its forms send, the list. */

import { Failure } from '../../base/failure.ts'
import type { PageKeptPasskey, PagePasskey } from '../../define/pages.ts'
import type { FormValues } from '../../http/form/read-form.ts'
import { addressOf } from '../next.ts'
import type { Site, Visit } from '../visit.ts'

const listMax = 100

/** Signing in by a passkey, on the page where everybody signs in. */
export function signInPasskey(
  { passkeys }: Pick<Site, 'passkeys'>,
  next: string | undefined,
): PagePasskey | undefined {
  if (!passkeys) return undefined
  const begin = '/api/identity/begin-passkey-sign-in'
  return { action: addressOf('/account/sign-in', { next }), begin, options: undefined }
}

/** Adding a passkey. */
export function addedPasskey({ site, next }: Visit): PagePasskey | undefined {
  if (!site.passkeys) return undefined
  const begin = '/api/identity/begin-passkey'
  return { action: addressOf('/account/add-passkey', { next }), begin, options: undefined }
}

/**
 * A passkey in a second step, or to show again who somebody is: its options come with the page,
 * because what they are bound to is out of reach of scripts. Undefined where there is no passkey.
 */
export async function askedPasskey(
  visit: Visit,
  { path, operation, input = {} }: { path: string; operation: string; input?: object },
): Promise<PagePasskey | undefined> {
  if (!visit.site.passkeys) return undefined
  try {
    const options = JSON.stringify(await visit.ask(operation, { input }))
    return { action: addressOf(path, { next: visit.next }), begin: '', options }
  } catch (error) {
    // None, or too many asked for at once: the page has another way beside it.
    if (error instanceof Failure && error.status < 500) return undefined
    throw error
  }
}

/** True where a form was sent by the script, with a passkey. */
export function bringsPasskey(values: FormValues): boolean {
  return (values.get('passkey') ?? '') !== ''
}

/** The passkey of a form; what is no JSON is told by the operation that it is sent to. */
export function passkeyIn(values: FormValues): unknown {
  const text = values.get('passkey') ?? ''
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

/** The passkeys of the visitor, the latest first. */
export async function passkeysOf(visit: Visit): Promise<readonly PageKeptPasskey[]> {
  const fields = ['name', 'provider', 'backedUp', 'createdAt', 'lastUsedAt', 'lockedAt']
  const query = { fields, sort: ['-createdAt', '-id'], limit: listMax }
  const { data } = (await visit.ask('passkey.list', { query })) as { readonly data: Kept[] }
  return data.map(({ provider, lastUsedAt, lockedAt, ...rest }) => ({
    ...rest,
    provider: provider ?? undefined,
    lastUsedAt: lastUsedAt ?? undefined,
    locked: lockedAt !== null,
  }))
}

interface Kept {
  readonly id: string
  readonly name: string
  readonly provider: string | null
  readonly backedUp: boolean
  readonly createdAt: string
  readonly lastUsedAt: string | null
  readonly lockedAt: string | null
}
