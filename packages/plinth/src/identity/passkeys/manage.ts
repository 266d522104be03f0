/** Owns adding and removing passkeys, and doing without a password. */

import { Failure } from '../../base/failure.ts'
import type { Action, PlainRecord } from '../../engine/runtime.ts'
import { jsonKind, textKind, uuidKind } from '../../kinds/kinds.ts'
import { deviceWords } from '../flows/begin.ts'
import { given, type IdentityParts, maybe, operation } from '../flows/operation.ts'
import { endTrust } from '../flows/sessions.ts'
import { demandUser } from '../flows/sign-in.ts'
import { mailedName } from '../mail/names.ts'
import {
  demandAllFactors,
  demandFreshProof,
  demandVerified,
  factorsChanged,
  forgetCodes,
} from '../second-factor/totp.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { demandWayIn, waysIn } from '../ways-in.ts'
import { demandRoom, passkeysOf } from './begin.ts'
import { demandSession, demandWebAuthn, useChallenge } from './challenges.ts'
import { providerOf } from './providers.ts'
import { addedResponse } from './responses.ts'
import type { CheckedPasskey } from './web-authn.ts'

/** Adds a passkey. */
export function addPasskey(parts: IdentityParts): Action {
  return {
    operation: operation('addPasskey', {
      path: 'add-passkey',
      description:
        'Adds the passkey that a browser made of `begin-passkey`. All other sessions end; a mail ' +
        'tells of it.',
      input: [given('response', jsonKind()), maybe('name', textKind({ max: 60 }))],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      const here = demandSession(scope)
      const response = addedResponse(scope.input.response, '/response')
      const made = await demandWebAuthn(parts).checkAdded(response).catch(notAdded)
      const provider = providerOf(made.aaguid)
      const given = typeof scope.input.name === 'string' ? scope.input.name.trim() : ''
      const name = given || (provider ?? deviceWords(scope.call) ?? 'Passkey')
      const value = await scope.commit<PlainRecord, Sight>(async (inside) => {
        // The proof was fresh as the challenge was made, in this session and for it alone.
        const bound = { purpose: 'add', userId, boundTo: here } as const
        const { challenge } = made
        if (!(await useChallenge(parts, inside, { ...bound, challenge }))) notAdded()
        await demandAllFactors(scope, inside, userId)
        const { emailVerifiedAt } = await inside.data.unrestricted.user.get(userId)
        demandVerified(parts, emailVerifiedAt)
        demandRoom((await passkeysOf(inside, userId)).length)
        const kept = await keep(inside, made, { userId, name, provider: provider ?? null })
        const what = `A passkey was added: “${mailedName(name, 'without a name')}”.`
        await factorsChanged(parts, inside, { userId, here, what })
        return kept
      })
      return { status: 201, value }
    },
  }
}

function notAdded(cause?: unknown): never {
  const detail = 'The passkey could not be added: begin again.'
  const problem = { pointer: '/response', code: 'bad_passkey', detail }
  throw new Failure('invalid_input', { detail, problems: [problem], cause })
}

interface Named {
  readonly userId: string
  readonly name: string
  readonly provider: string | null
}

async function keep(
  { data }: IdentityScope,
  made: CheckedPasskey,
  named: Named,
): Promise<PlainRecord> {
  const { credentialId, publicKey, counter, transports, backupEligible, backedUp } = made
  const { passkey } = data.unrestricted
  const { data: known } = await passkey.find({ filter: { credentialId }, limit: 1 })
  if (known.length > 0) throw new Failure('conflict', { detail: 'The passkey is known already.' })
  const { id, createdAt } = await passkey.create({
    ...{ ...named, credentialId, publicKey, counter: String(counter), transports },
    ...{ backupEligible, backedUp },
  })
  const { name, provider } = named
  return { id, name, provider, backupEligible, backedUp, createdAt }
}

/** Removes a passkey. */
export function removePasskey(parts: IdentityParts): Action {
  return {
    operation: operation('removePasskey', {
      path: 'remove-passkey',
      description:
        'Removes a passkey of the caller. Asks for a fresh proof. All other sessions end; a mail ' +
        'tells of it. The last way into an account stays.',
      input: [given('passkey', uuidKind())],
    }),
    async run(scope) {
      const userId = demandFreshProof(scope)
      const here = demandSession(scope)
      await scope.commit<void, Sight>(async (inside) => {
        await demandAllFactors(scope, inside, userId)
        const { passkey } = inside.data.unrestricted
        const filter = { id: String(scope.input.passkey), userId }
        const { data: found } = await passkey.find({ filter, limit: 1 })
        const [kept] = found
        if (!kept) throw new Failure('not_found')
        await passkey.delete(kept.id)
        await demandWayIn(parts, inside, userId)
        await leaveSecondFactor(parts, inside, userId)
        const what = `The passkey “${mailedName(kept.name, 'without a name')}” was removed.`
        await factorsChanged(parts, inside, { userId, here, what })
      })
      return { status: 204, value: undefined }
    },
  }
}

/** Where the last passkey was all that a second step could ask for, none is asked for. */
async function leaveSecondFactor(
  parts: IdentityParts,
  inside: IdentityScope,
  userId: string,
): Promise<void> {
  const { secondFactor, totp, passkeys } = await waysIn(parts, inside, userId)
  if (!secondFactor || totp || passkeys > 0) return
  await inside.data.unrestricted.user.update(userId, { secondFactor: false })
  await forgetCodes(inside, userId)
  await endTrust(inside, userId)
}

/** Does without a password from now on. */
export function removePassword(parts: IdentityParts): Action {
  return {
    operation: operation('removePassword', {
      path: 'remove-password',
      description:
        'Removes the password of the caller, who signs in by passkey or mail from then on. Asks ' +
        'for a fresh proof. All other sessions end; a mail tells of it. The last way into an ' +
        'account stays.',
      input: [],
    }),
    async run(scope) {
      const userId = demandFreshProof(scope)
      const here = demandSession(scope)
      await scope.commit<void, Sight>(async (inside) => {
        await demandAllFactors(scope, inside, userId)
        await inside.data.unrestricted.user.update(userId, { passwordHash: null })
        await demandWayIn(parts, inside, userId)
        await factorsChanged(parts, inside, { userId, here, what: 'The password was removed.' })
      })
      return { status: 204, value: undefined }
    },
  }
}
