/** Owns the answer to a device that cannot ask by itself: its code, typed elsewhere. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import { networkOf } from '../../base/network.ts'
import { dayMs, instantText, minuteMs } from '../../base/time.ts'
import type { Action, ActionScope } from '../../engine/runtime.ts'
import { booleanKind, textKind } from '../../kinds/kinds.ts'
import { given, operation } from '../flows/operation.ts'
import { boundInput, boundTo } from '../keys/bound.ts'
import type { ProviderScope, ProviderSight } from './kit.ts'
import {
  type Asked,
  choosable,
  demandPerson,
  grantable,
  isOfApi,
  keepConsent,
  lastingOf,
  type Person,
  type ProviderParts,
  wordsOf,
} from './parts.ts'

const codeInput = textKind({ max: 40 })

/** Shows what a device asks for, to whoever types its code first: from then on it is theirs. */
export function deviceRequest(parts: ProviderParts): Action {
  return {
    operation: operation('deviceRequest', {
      path: 'device',
      description:
        'What a device asks for that shows this code. Whoever asks first can answer it, and ' +
        'nobody else.',
      input: [given('code', codeInput)],
    }),
    allowances: (_, call) => [allowance(`network:${networkOf(call.remoteAddress)}`)],
    async run(scope) {
      const person = demandPerson(scope)
      await scope.take(allowance(`account:${person.userId}`))
      const device = await scope.commit<Device, ProviderSight>((inside) =>
        claim(inside, parts, { person, code: String(scope.input.code) }),
      )
      const { client } = device.asked
      const organisations = await choosable(scope, parts, device.asked)
      const scopes = wordsOf(parts, device.asked)
      const value = { client, scopes, organisations, ...lastingOf(device.asked) }
      return { status: 200, value }
    },
  }
}

/** Says yes or no to a device that one has looked at. */
export function answerDevice(parts: ProviderParts): Action {
  return {
    operation: operation('answerDevice', {
      path: 'answer-device',
      description:
        'Answers a device, once it was looked at in this very session, and says in which of ' +
        '`organisations` it may work.',
      input: [given('code', codeInput), given('allow', booleanKind()), boundInput],
    }),
    allowances: (_, call) => [allowance(`network:${networkOf(call.remoteAddress)}`)],
    async run(scope) {
      const person = demandPerson(scope)
      const allow = scope.input.allow === true
      await scope.commit<void, ProviderSight>(async (inside) => {
        const code = String(scope.input.code)
        const device = await find(inside, parts, code)
        if (device === undefined || device.claimedById !== person.sessionId) throw unknownCode()
        const { oauthDeviceCode } = inside.data.unrestricted
        if (!(await oauthDeviceCode.consumeOnce(device.id, 'answeredAt'))) throw unknownCode()
        if (allow) await grant(inside, parts, { scope, person, device })
      })
      return { status: 204, value: undefined }
    },
  }
}

function allowance(of: string) {
  const limit = limits.deviceCodesPerQuarterHour
  return { key: `device-code:${of}`, limit, windowMs: 15 * minuteMs }
}

interface Device {
  readonly id: string
  readonly claimedById: string | null
  readonly asked: Asked
}

/** One answer to a code that nobody has, that is too old, or that somebody else looks at. */
function unknownCode(): Failure {
  return new Failure('not_found', {
    detail: 'No device shows this code, or it is too old: look at the device again.',
  })
}

async function find(
  { data, now }: ProviderScope,
  { tokens }: ProviderParts,
  code: string,
): Promise<Device | undefined> {
  const plain = code.toUpperCase().replace(/[^A-Z0-9]/g, '')
  const { oauthDeviceCode, oauthUserCode } = data.unrestricted
  const typed = { filter: { tokenHash: tokens.hash(plain) }, limit: 1 }
  const { data: shown } = await oauthUserCode.find(typed)
  const [{ deviceId } = { deviceId: undefined }] = shown
  if (deviceId === undefined) return undefined
  const filter = { id: deviceId, expiresAt: { gt: now }, answeredAt: { isNull: true } }
  const { data: found } = await oauthDeviceCode.find({ filter, limit: 1 })
  const [row] = found
  if (!row) return undefined
  const { asked } = JSON.parse(row.payload) as { readonly asked: Asked }
  return { id: row.id, claimedById: row.claimedById, asked }
}

/** Claims a code for a session, in one conditional statement: of two that look at once, one may. */
async function claim(
  inside: ProviderScope,
  parts: ProviderParts,
  { person, code }: { readonly person: Person; readonly code: string },
): Promise<Device> {
  const device = await find(inside, parts, code)
  if (device === undefined) throw unknownCode()
  if (device.claimedById === person.sessionId) return device
  const { oauthDeviceCode } = inside.data.unrestricted
  if (!(await oauthDeviceCode.consumeOnce(device.id, 'claimedAt'))) throw unknownCode()
  await oauthDeviceCode.update(device.id, { claimedById: person.sessionId })
  return device
}

interface Granting {
  readonly scope: ActionScope
  readonly person: Person
  readonly device: Device
}

async function grant(
  inside: ProviderScope,
  parts: ProviderParts,
  { scope, person, device }: Granting,
): Promise<void> {
  const { client } = device.asked
  const { userId, sessionId } = person
  const scopes = grantable(parts, device.asked)
  const bound = await boundTo(inside, { userId, organisation: scope.input.organisation })
  const { oauthGrant, oauthDeviceCode } = inside.data.unrestricted
  const { id } = await oauthGrant.create({
    ...{ userId, clientId: client.id, grantKey: scope.newId(), scopes: [...scopes] },
    sessionId: scopes.includes('offline_access') ? null : sessionId,
    resource: isOfApi(parts, scopes) ? parts.resource : null,
    expiresAt: instantText(scope.nowMs + limits.oauthGrantDays * dayMs),
    ...bound,
  })
  await oauthDeviceCode.update(device.id, { grantId: id })
  await keepConsent(inside, { userId, client, scopes, bound })
}
