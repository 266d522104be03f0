/** Owns the beginning of sessions, whatever somebody showed to get one. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { networkOf } from '../../base/network.ts'
import { dayMs, instantText } from '../../base/time.ts'
import type { ActionResult, ActionScope, PlainRecord } from '../../engine/runtime.ts'
import type { SignInMethod } from '../kit.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { prefixes } from '../tokens.ts'
import { deviceOf } from './device.ts'
import type { IdentityParts } from './operation.ts'

/** How a session begins, and whose it is. */
export interface Beginning {
  readonly method: SignInMethod
  /** True: in a cookie. */
  readonly cookie: boolean
  /** The password's hash that was checked: where another one holds by now, nothing begins. */
  readonly checked?: string
  /** A stronger hash of the same password. */
  readonly rehashed?: string | undefined
  /** Whose it is, found out in its transaction. Fails where it must not begin. */
  readonly whose: (scope: IdentityScope) => Promise<string>
}

/** One answer to everything that is wrong with a sign-in. */
export function wrongCredentials(detail = 'The e-mail address or the password is not right.') {
  return new Failure('invalid_credentials', { detail })
}

/** Begins a session in one transaction, and tells its owner of a device never seen before. */
export async function beginSession(
  scope: ActionScope,
  parts: IdentityParts,
  beginning: Beginning,
): Promise<ActionResult> {
  const { cookie, whose } = beginning
  let userId: string | undefined
  const { token, hash } = parts.tokens.make(prefixes.session)
  const expiresAt = instantText(scope.nowMs + limits.sessionLifeDays * dayMs)
  const shown = await scope.commit<PlainRecord, Sight>(
    async (inside) => {
      const id = await whose(inside)
      userId = id
      const { data } = inside
      const user = await data.unrestricted.user.get(id)
      const { checked, rehashed } = beginning
      // Asked again where nothing can come between: shut out, or given another password meanwhile.
      if (user.suspended || (checked !== undefined && user.passwordHash !== checked)) {
        throw wrongCredentials()
      }
      if (rehashed !== undefined) {
        await data.unrestricted.user.update(id, { passwordHash: rehashed })
      }
      await data.unrestricted.session.create({
        ...sessionValues(scope, { method: beginning.method, hash, expiresAt }),
        userId: id,
      })
      await noteDevice({ scope, parts, inside }, user)
      const { email, name, roles } = user
      return { id, email, name, roles }
    },
    { actor: () => (userId === undefined ? undefined : { is: 'user', id: userId, roles: none }) },
  )
  if (!cookie) return { status: 200, value: { token, expiresAt, user: shown } }
  return { status: 200, value: { expiresAt, user: shown }, session: { token, expiresAt } }
}

const none: ReadonlySet<string> = new Set()

interface SessionValues {
  readonly method: SignInMethod
  readonly hash: string
  readonly expiresAt: string
}

function sessionValues({ call, now }: ActionScope, { method, hash, expiresAt }: SessionValues) {
  return {
    ...{ tokenHash: hash, expiresAt, lastUsedAt: now, provedAt: now, method },
    device: deviceOf(call.agent) ?? null,
    address: call.remoteAddress === '' ? null : call.remoteAddress.slice(0, 60),
  }
}

interface Noting {
  readonly scope: ActionScope
  readonly parts: IdentityParts
  readonly inside: IdentityScope
}

interface Noted {
  readonly id: string
  readonly email: string
}

/**
 * Keeps that the device was seen. The first one of an account is nothing new: it has just been
 * made. A device is what its agent is called, in a network.
 */
async function noteDevice({ scope, parts, inside }: Noting, user: Noted): Promise<void> {
  const { call, now } = scope
  const { knownDevice } = inside.data.unrestricted
  const name = deviceOf(call.agent) ?? 'An unknown device'
  const fingerprint = parts.tokens.hash(`${name} ${networkOf(call.remoteAddress)}`)
  const { data: known } = await knownDevice.find({ filter: { userId: user.id }, limit: 200 })
  const seen = known.find((one) => one.fingerprint === fingerprint)
  if (seen) {
    if (Date.parse(seen.lastSeenAt) < scope.nowMs - dayMs) {
      await knownDevice.update(seen.id, { lastSeenAt: now })
    }
    return
  }
  await knownDevice.upsert({ userId: user.id, fingerprint, lastSeenAt: now })
  if (known.length === 0 || !parts.sendsMail) return
  await inside.send(parts.mailing.mails.newDevice, {
    to: user.email,
    input: {
      title: parts.title,
      link: parts.address('/account/forgot-password'),
      when: now,
      device: name,
      address: call.remoteAddress || 'this machine',
    },
  })
}
