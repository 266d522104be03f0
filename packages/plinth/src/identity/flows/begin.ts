/** Owns the beginning of sessions, whatever somebody showed to get one. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { networkOf } from '../../base/network.ts'
import { dayMs, instantText, minuteMs } from '../../base/time.ts'
import type { ActionResult, ActionScope, PlainRecord } from '../../engine/runtime.ts'
import { joinGuest } from '../accounts/joining.ts'
import { tellOfDevice } from '../mail/place.ts'
import type { SignInMethod } from '../models/parts.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { prefixes } from '../tokens.ts'
import { waysIn } from '../ways-in.ts'
import { deviceOf } from './device.ts'
import type { IdentityParts } from './operation.ts'
import { signOutOf } from './sessions.ts'

/** How a session begins, and whose it is. */
export interface Beginning {
  readonly method: SignInMethod
  /** True: in a cookie. */
  readonly cookie: boolean
  /** True: a second factor was shown as well. */
  readonly twoFactors?: boolean
  /** When it was shown. Default: now. Null: nobody says. */
  readonly provedAt?: string | null
  /** Shows that the device is one on which no second factor is asked for. */
  readonly trusted?: string | undefined
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

/** The answer where one value alone can be what is wrong: told beside it. */
export function wrongValue(name: 'password' | 'code', detail: string): Failure {
  const problems = [{ pointer: `/${name}`, code: 'wrong', detail }]
  return new Failure('invalid_credentials', { detail, problems })
}

/**
 * Begins a session in one transaction, and tells its owner of a device never seen before. Where
 * the account has a second factor that was not shown yet, whatever the first one was, what begins
 * is no session: the answer holds what the second factor is to be sent with.
 */
export async function beginSession(
  scope: ActionScope,
  parts: IdentityParts,
  beginning: Beginning,
): Promise<ActionResult> {
  const { cookie, whose } = beginning
  let userId: string | undefined
  const { token, hash } = parts.tokens.make(prefixes.session)
  const expiresAt = instantText(scope.nowMs + limits.sessionLifeDays * dayMs)
  const pending = parts.tokens.make(prefixes.pending)
  const begun = await scope.commit<Begun, Sight>(
    async (inside) => {
      const id = await whose(inside)
      userId = id
      const { data } = inside
      const user = await data.unrestricted.user.get(id)
      const { checked, rehashed } = beginning
      // Asked again where nothing can come between: shut out, or given another password meanwhile.
      if (
        user.suspended ||
        user.unclaimed ||
        (checked !== undefined && user.passwordHash !== checked)
      ) {
        throw wrongCredentials()
      }
      if (rehashed !== undefined) {
        await data.unrestricted.user.update(id, { passwordHash: rehashed })
      }
      const { method, twoFactors = false, provedAt = scope.now } = beginning
      if (
        user.secondFactor &&
        !twoFactors &&
        !(await isTrusted(parts, inside, { id, beginning }))
      ) {
        await data.unrestricted.pendingSignIn.create({
          ...{ userId: id, method, tokenHash: pending.hash },
          expiresAt: instantText(scope.nowMs + 10 * minuteMs),
        })
        return { factors: await factorsOf(parts, inside, id) }
      }
      const session = await data.unrestricted.session.create({
        ...sessionValues(scope, { method, hash, expiresAt, provedAt }),
        assurance: twoFactors ? 2 : 1,
        userId: id,
      })
      if (cookie) await endReplaced(scope, inside)
      await joinGuest(scope, parts, { inside, userId: id })
      await noteDevice({ scope, parts, inside }, { ...user, sessionId: session.id })
      const { email, name, roles } = user
      return { user: { id, email, name, roles } }
    },
    { actor: () => (userId === undefined ? undefined : { is: 'user', id: userId, roles: none }) },
  )
  if ('factors' in begun) {
    return { status: 200, value: { pending: pending.token, factors: begun.factors } }
  }
  const { user } = begun
  if (!cookie) return { status: 200, value: { token, expiresAt, user } }
  return { status: 200, value: { expiresAt, user }, session: { token, expiresAt } }
}

type Begun = { readonly user: PlainRecord } | { readonly factors: readonly string[] }

/** What the second step of a sign-in can be. */
async function factorsOf(
  parts: IdentityParts,
  inside: IdentityScope,
  userId: string,
): Promise<readonly string[]> {
  const { passkeys, totp } = await waysIn(parts, inside, userId)
  return [...(passkeys > 0 ? ['passkey'] : []), ...(totp ? ['totp'] : []), 'recovery-code']
}

/** The browser forgets the session that its cookie held: from now on nobody has it. */
async function endReplaced({ caller, call }: ActionScope, inside: IdentityScope): Promise<void> {
  const byCookie = 'credential' in call.as && call.as.credential?.from === 'cookie'
  // What a guest has is handed over, or stays theirs.
  if (!byCookie || caller.is !== 'user' || caller.guest === true) return
  if (caller.sessionId !== undefined) await signOutOf(inside, caller.sessionId)
}

const none: ReadonlySet<string> = new Set()

interface SessionValues {
  readonly method: SignInMethod
  readonly hash: string
  readonly expiresAt: string
  readonly provedAt: string | null
}

function sessionValues({ call, now }: ActionScope, { hash, ...values }: SessionValues) {
  return {
    ...{ ...values, tokenHash: hash, lastUsedAt: now },
    device: deviceWords(call),
    address: call.remoteAddress === '' ? null : call.remoteAddress.slice(0, 60),
  }
}

/** What a device is known by: what its agent is called, and its network. */
export function fingerprintOf({ tokens }: IdentityParts, call: ActionScope['call']): string {
  return tokens.hash(`${deviceWords(call) ?? ''} ${networkOf(call.remoteAddress)}`)
}

/** The device of a call in words; null where it does not say. */
export function deviceWords({ agent }: ActionScope['call']): string | null {
  return deviceOf(agent) ?? null
}

/** A device that its owner trusts stands for the second factor, for a while. */
async function isTrusted(
  { tokens }: IdentityParts,
  { data, now }: IdentityScope,
  { id, beginning }: { readonly id: string; readonly beginning: Beginning },
): Promise<boolean> {
  if (beginning.trusted === undefined) return false
  const { trustedDevice } = data.unrestricted
  const tokenHash = tokens.hash(beginning.trusted)
  const filter = { userId: id, tokenHash, expiresAt: { gt: now } }
  const { data: found } = await trustedDevice.find({ filter, fields: ['id'], limit: 1 })
  const [device] = found
  if (!device) return false
  await trustedDevice.update(device.id, { lastUsedAt: now })
  return true
}

interface Noting {
  readonly scope: ActionScope
  readonly parts: IdentityParts
  readonly inside: IdentityScope
}

interface Noted {
  readonly id: string
  readonly sessionId: string
  readonly email: string | null
  readonly createdAt: string
}

/** Keeps that the device was seen, tells of a new one, and has it found out where it is. */
async function noteDevice(noting: Noting, user: Noted): Promise<void> {
  const { parts, inside } = noting
  const { call, now } = noting.scope
  const isNew = (await isNewDevice(noting, user)) && parts.sendsMail
  const device = deviceWords(call) ?? 'An unknown device'
  const address = call.remoteAddress.slice(0, 60)
  const { placed, mails } = parts.mailing
  if (placed && address !== '') {
    const { id: userId, sessionId } = user
    await placed(inside, { sessionId, userId, address, device, when: now, isNew })
  } else if (isNew && user.email !== null) {
    const { title } = parts
    const link = parts.address('/account/forgot-password')
    const told = { title, link, when: now, device, address: address || 'this machine' }
    await tellOfDevice(inside, mails, { to: user.email, device: told, place: undefined })
  }
}

/**
 * The first one of an account that has just been made is nothing new; of one whose devices are all
 * forgotten, since nobody has come for long, each is.
 */
async function isNewDevice({ scope, parts, inside }: Noting, user: Noted): Promise<boolean> {
  const { call, now } = scope
  const { knownDevice } = inside.data.unrestricted
  const fingerprint = fingerprintOf(parts, call)
  const { data: known } = await knownDevice.find({ filter: { userId: user.id }, limit: 200 })
  const seen = known.find((one) => one.fingerprint === fingerprint)
  if (seen) {
    if (Date.parse(seen.lastSeenAt) < scope.nowMs - dayMs) {
      await knownDevice.update(seen.id, { lastSeenAt: now })
    }
    return false
  }
  await knownDevice.upsert({ userId: user.id, fingerprint, lastSeenAt: now })
  const isFirst = known.length === 0 && Date.parse(user.createdAt) > scope.nowMs - dayMs
  return !isFirst
}
