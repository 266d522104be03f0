/** Owns the beginnings of what passkeys do: options for browsers, each with a new challenge. */

import { Failure } from '../../base/failure.ts'
import { limits } from '../../base/limits.ts'
import type { Action } from '../../engine/runtime.ts'
import { wrongCredentials } from '../flows/begin.ts'
import { given, type IdentityParts, operation, tokenInput } from '../flows/operation.ts'
import { demandUser } from '../flows/sign-in.ts'
import { demandAllFactors, demandFreshProof, demandVerified } from '../second-factor/totp.ts'
import type { IdentityScope, Sight } from '../sight.ts'
import { challengeAllowance, demandSession, demandWebAuthn, makeChallenge } from './challenges.ts'
import type { KnownPasskey, NewPasskey } from './web-authn.ts'

/** Begins to add a passkey. */
export function beginPasskey(parts: IdentityParts): Action {
  return {
    operation: operation('beginPasskey', {
      path: 'begin-passkey',
      description:
        'Answers with what `PublicKeyCredential.parseCreationOptionsFromJSON` takes, good for 5 ' +
        'minutes in this session: send what the browser makes of it to `add-passkey`. Asks for a ' +
        'fresh proof, and for an address that is confirmed.',
      input: [],
    }),
    allowances: challengeAllowance,
    async run(scope) {
      const webAuthn = demandWebAuthn(parts)
      const userId = demandFreshProof(scope)
      const asked = await scope.commit<NewPasskey, Sight>(async (inside) => {
        await demandAllFactors(scope, inside, userId)
        const { email, emailVerifiedAt, name } = await inside.data.unrestricted.user.get(userId)
        demandVerified(parts, emailVerifiedAt)
        const known = await passkeysOf(inside, userId)
        demandRoom(known.length)
        const account = email ?? name ?? 'Account'
        return {
          ...{ account, name: name ?? account, known },
          handle: await handleOf(parts, inside, userId),
          challenge: await makeChallenge(parts, inside, {
            ...{ purpose: 'add', userId, boundTo: demandSession(scope) },
          }),
        }
      })
      return { status: 200, value: await webAuthn.addOptions(asked) }
    },
  }
}

/** Begins a sign-in by a passkey, for anybody. */
export function beginPasskeySignIn(parts: IdentityParts): Action {
  return {
    operation: operation('beginPasskeySignIn', {
      path: 'begin-passkey-sign-in',
      description:
        'Answers with what `PublicKeyCredential.parseRequestOptionsFromJSON` takes, good for 5 ' +
        'minutes: send what the browser makes of it to `sign-in-by-passkey`. It is the same for ' +
        'everybody.',
      input: [],
    }),
    allowances: challengeAllowance,
    async run(scope) {
      const webAuthn = demandWebAuthn(parts)
      const challenge = await scope.commit<string, Sight>((inside) =>
        makeChallenge(parts, inside, { purpose: 'sign-in' }),
      )
      return { status: 200, value: await webAuthn.useOptions({ challenge }) }
    },
  }
}

/** Begins the second step of a sign-in by a passkey. */
export function beginSecondFactorPasskey(parts: IdentityParts): Action {
  return {
    operation: operation('beginSecondFactorPasskey', {
      path: 'begin-second-factor-passkey',
      description:
        'Answers with what `PublicKeyCredential.parseRequestOptionsFromJSON` takes, good for 5 ' +
        'minutes: send what the browser makes of it to `second-factor`, with the same `pending`.',
      input: [given('pending', tokenInput)],
    }),
    allowances: challengeAllowance,
    async run(scope) {
      const { tokens } = parts
      const webAuthn = demandWebAuthn(parts)
      const asked = await scope.commit<Asked, Sight>(async (inside) => {
        const { data, now } = inside
        const tokenHash = tokens.hash(String(scope.input.pending))
        const filter = { tokenHash, expiresAt: { gt: now }, usedAt: { isNull: true } }
        const { data: found } = await data.unrestricted.pendingSignIn.find({ filter, limit: 1 })
        const [pending] = found
        if (!pending)
          throw wrongCredentials('The sign-in is too old, or has ended: begin it again.')
        const { userId, id: boundTo } = pending
        const known = demandSome(await usablePasskeysOf(inside, userId))
        const bound = { purpose: 'second-factor', userId, boundTo } as const
        return { known, challenge: await makeChallenge(parts, inside, bound) }
      })
      return { status: 200, value: await webAuthn.useOptions(asked) }
    },
  }
}

/** Begins to show again, by a passkey, who one is. */
export function beginStepUpPasskey(parts: IdentityParts): Action {
  return {
    operation: operation('beginStepUpPasskey', {
      path: 'begin-step-up-passkey',
      description:
        'Answers with what `PublicKeyCredential.parseRequestOptionsFromJSON` takes, good for 5 ' +
        'minutes in this session: send what the browser makes of it to `step-up`.',
      input: [],
    }),
    allowances: challengeAllowance,
    async run(scope) {
      const webAuthn = demandWebAuthn(parts)
      const userId = demandUser(scope)
      const boundTo = demandSession(scope)
      const asked = await scope.commit<Asked, Sight>(async (inside) => {
        const known = demandSome(await usablePasskeysOf(inside, userId))
        const bound = { purpose: 'step-up', userId, boundTo } as const
        return { known, challenge: await makeChallenge(parts, inside, bound) }
      })
      return { status: 200, value: await webAuthn.useOptions(asked) }
    },
  }
}

interface Asked {
  readonly known: readonly KnownPasskey[]
  readonly challenge: string
}

/** Fails with `conflict` where an account has as many passkeys as it may have. */
export function demandRoom(count: number): void {
  if (count < limits.passkeysMax) return
  throw new Failure('conflict', {
    detail: `An account has at most ${limits.passkeysMax} passkeys: remove one first.`,
  })
}

function demandSome(known: readonly KnownPasskey[]): readonly KnownPasskey[] {
  if (known.length > 0) return known
  throw new Failure('conflict', { detail: 'There is no passkey: use another way.' })
}

/** All passkeys of an account, locked ones too. */
export async function passkeysOf({ data }: IdentityScope, userId: string) {
  const filter = { userId }
  const { data: found } = await data.unrestricted.passkey.find({ filter, limit: 200 })
  return found
}

async function usablePasskeysOf(scope: IdentityScope, userId: string) {
  return (await passkeysOf(scope, userId)).filter(({ lockedAt }) => lockedAt === null)
}

/** What passkeys know an account by: made with its first one, and kept. */
async function handleOf(
  { tokens }: IdentityParts,
  { data }: IdentityScope,
  userId: string,
): Promise<string> {
  const { passkeyHandle } = data.unrestricted
  const { data: found } = await passkeyHandle.find({ filter: { userId }, limit: 1 })
  const handle = found[0]?.handle ?? tokens.make('').token
  if (found.length === 0) await passkeyHandle.create({ userId, handle })
  return handle
}
