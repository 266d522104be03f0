/** Owns signing in by a password, and signing out. */

import type { Action, ActionScope, PlainRecord } from '../../engine/runtime.ts'
import { booleanKind, emailKind } from '../../kinds/kinds.ts'
import { demandPerson } from '../accounts/person.ts'
import { introduced, lookedUp } from '../accounts/standing.ts'
import type { Sight } from '../sight.ts'
import { accountTries, forgetTriesAt, signInAllowances, takeTries } from './allowances.ts'
import { beginSession, fingerprintOf, wrongCredentials } from './begin.ts'
import {
  given,
  type IdentityParts,
  maybe,
  operation,
  passwordInput,
  tokenInput,
} from './operation.ts'
import { endSessions, endTrust, signOutOf } from './sessions.ts'

/** Begins a session by e-mail address and password. */
export function signIn(parts: IdentityParts): Action {
  const { passwords } = parts
  return {
    operation: operation('signIn', {
      path: 'sign-in',
      description:
        'Begins a session. Answers with a bearer token, or sets a cookie where `cookie` is true; ' +
        'with `pending` where the account has a second factor: send that to `second-factor`.',
      input: [
        given('email', emailKind()),
        given('password', passwordInput),
        maybe('trusted', tokenInput),
        maybe('cookie', booleanKind()),
      ],
    }),
    // The network first: one that has used up its own can no longer use up other people's.
    allowances: (_, call) => signInAllowances(call.remoteAddress),
    async run(scope) {
      const { input, unrestricted } = scope
      const [user] = await unrestricted.find('user', { filter: { email: input.email }, limit: 1 })
      const counted = await countTry(scope, parts, user)
      // Nobody has answered the mail of its sign-up yet: were its password taken, whoever signs up
      // with an address would learn, by signing in, whether somebody has an account there.
      const open = user?.suspended === false && user.unclaimed !== true
      const stored = open ? user.passwordHash : undefined
      const hash = typeof stored === 'string' ? stored : undefined
      const password = String(input.password)
      const fits = await passwords.verify(hash, password)
      if (!fits || !user || hash === undefined) throw wrongCredentials()
      const rehashed = passwords.isOld(hash) ? await passwords.hash(password) : undefined
      const cookie = input.cookie === true
      const result = await beginSession(scope, parts, {
        ...{ method: 'password', cookie, checked: hash, rehashed },
        trusted: typeof input.trusted === 'string' ? input.trusted : undefined,
        whose: () => Promise.resolve(String(user.id)),
      })
      await forgetTriesAt(scope, counted)
      return result
    },
  }
}

const nobody = '00000000-0000-0000-0000-000000000000'

/**
 * Counts a try before it is checked. A device that the owner has signed in from is counted by
 * itself: whoever tries passwords from elsewhere uses up the account's tries, and locks nobody
 * out. Returns what a success gives back. Fails with `rate_limited`.
 */
async function countTry(
  { input, call, take, unrestricted }: ActionScope,
  parts: IdentityParts,
  user: PlainRecord | undefined,
): Promise<string> {
  const fingerprint = fingerprintOf(parts, call)
  // Asked for an account that nobody has, too: neither takes longer than the other.
  const filter = { userId: user?.id ?? nobody, fingerprint }
  const [known] = await unrestricted.find('knownDevice', { filter, limit: 1 })
  const key = known ? `sign-in:device:${String(known.id)}` : accountTries(String(input.email))
  await takeTries({ take }, key)
  return key
}

/** Ends the session of the call. */
export function signOut(): Action {
  return {
    operation: operation('signOut', {
      path: 'sign-out',
      description: 'Ends the session that the call was made with.',
      input: [],
    }),
    async run({ caller, commit }) {
      if (caller.is === 'user' && caller.sessionId !== undefined) {
        const { sessionId } = caller
        await commit<void, Sight>((inside) => signOutOf(inside, sessionId))
      }
      return { status: 204, value: undefined, session: null }
    },
  }
}

/** Ends the sessions of the caller, all of them or all others. */
export function signOutEverywhere(): Action {
  return {
    operation: operation('signOutEverywhere', {
      path: 'sign-out-everywhere',
      description:
        'Ends all sessions of the caller; where `keepThis` is true, all others. On no device the ' +
        'second factor is left out any more.',
      input: [maybe('keepThis', booleanKind())],
    }),
    async run(scope) {
      const userId = demandUser(scope)
      const { caller, input } = scope
      const keep = input.keepThis === true && caller.is === 'user' ? caller.sessionId : undefined
      await scope.commit<void, Sight>(async (inside) => {
        await endSessions(inside, userId, keep)
        // A device that was lost is trusted no more either.
        await endTrust(inside, userId)
      })
      return { status: 204, value: undefined, ...(keep === undefined ? { session: null } : {}) }
    },
  }
}

/** Who the caller is. */
export function whoAmI(): Action {
  return {
    operation: operation('me', {
      path: 'me',
      safe: true,
      description:
        'Who the caller is: `user` is null for an anonymous caller. `secondFactorRequired`: they ' +
        'reach nothing before they have set up a second factor.',
      input: [],
    }),
    introduces: true,
    async run({ caller, unrestricted }) {
      if (caller.is !== 'user') return { status: 200, value: { user: null } }
      const { user, ...standing } = introduced(caller) ?? (await lookedUp(caller, unrestricted))
      const held = caller.held === true ? { secondFactorRequired: true } : {}
      return { status: 200, value: { user, ...standing, ...held } }
    },
  }
}

/** The id of a caller with an account, in person. Fails with `sign_in_required`, `forbidden`. */
export function demandUser({ caller }: Pick<ActionScope, 'caller'>): string {
  return demandPerson(caller)
}
