/** Owns forgetting sessions and proofs that ended by time. */

import { limits } from '../../base/limits.ts'
import { dayMs, hourMs, instantText } from '../../base/time.ts'
import type { Database } from '../../database/database.ts'

const forgetText = `delete from identity.session
  where expires_at <= $1::timestamp with time zone
    or last_used_at <= case when method = 'guest' then $3 else $2 end::timestamp with time zone`

/** Forgets sessions that ended by time. Returns how many. */
export async function forgetSessions(database: Database, nowMs: number): Promise<number> {
  const idleSince = instantText(nowMs - limits.sessionIdleDays * dayMs)
  const guestIdleSince = instantText(nowMs - limits.guestIdleDays * dayMs)
  const values = [instantText(nowMs), idleSince, guestIdleSince]
  const { count } = await database.query({ text: forgetText, values })
  return count
}

// An account's address may be asked for again once a proof of it is old; devices are forgotten
// when nobody has come by them for half a year.
const forgetProofTexts = [
  'delete from identity.email_verification where expires_at <= $1::timestamp with time zone',
  'delete from identity.email_change where expires_at <= $1::timestamp with time zone',
  'delete from identity.password_reset where expires_at <= $1::timestamp with time zone',
  'delete from identity.sign_in_link where expires_at <= $1::timestamp with time zone',
  'delete from identity.upgrade_link where expires_at <= $1::timestamp with time zone',
  'delete from identity.guest_upgrade where expires_at <= $1::timestamp with time zone',
  'delete from identity.outside_attempt where expires_at <= $1::timestamp with time zone',
  'delete from identity.outside_link where expires_at <= $1::timestamp with time zone',
  'delete from identity.pending_sign_in where expires_at <= $1::timestamp with time zone',
  'delete from identity.passkey_challenge where expires_at <= $1::timestamp with time zone',
  'delete from identity.service_token_use where expires_at <= $1::timestamp with time zone',
  'delete from identity.trusted_device where expires_at <= $1::timestamp with time zone',
]
// Calls that were accepted are made within that time, or not at all.
const forgetSignedOutText = `delete from identity.signed_out_session
  where ended_at <= $1::timestamp with time zone`
const forgetDevicesText = `delete from identity.known_device
  where last_seen_at <= $1::timestamp with time zone`

/** Forgets proofs that ended by time, and devices not seen for long. */
export async function forgetProofs(database: Database, nowMs: number): Promise<void> {
  const now = instantText(nowMs)
  for (const text of forgetProofTexts) await database.query({ text, values: [now] })
  const kept = [instantText(nowMs - limits.operationKeptHours * hourMs)]
  await database.query({ text: forgetSignedOutText, values: kept })
  const values = [instantText(nowMs - limits.knownDeviceDays * dayMs)]
  await database.query({ text: forgetDevicesText, values })
}
