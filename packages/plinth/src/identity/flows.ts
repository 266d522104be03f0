/** Owns the flows of identity as actions: sign-up, sign-in, sign-out, and who the caller is. */

import { Failure, invalidInput } from '../base/failure.ts'
import { limits } from '../base/limits.ts'
import { networkOf } from '../base/network.ts'
import { instantText } from '../base/time.ts'
import type { ActionInput, ActionOperation } from '../catalog/catalog.ts'
import type {
  Action,
  ActionResult,
  ActionScope,
  ActionValues,
  PlainRecord,
} from '../engine/runtime.ts'
import { booleanKind, emailKind, type Kind, textKind } from '../kinds/kinds.ts'
import type { Passwords } from './passwords.ts'

/** What the flows need from outside. */
export interface IdentityParts {
  readonly passwords: Passwords
  /** Makes a session token and its hash. */
  readonly newToken: () => { readonly token: string; readonly hash: string }
  readonly signUp: 'anyone' | 'nobody'
}

const minuteMs = 60_000
const dayMs = 86_400_000

/** All actions of identity. */
export function identityActions(parts: IdentityParts): readonly Action[] {
  return [signUp(parts), signIn(parts), signOut(), whoAmI()]
}

/** What makes a password acceptable: its length alone (NIST 800-63B-4, no composition rules). */
export function passwordProblem(password: string): string | undefined {
  const length = [...password.normalize('NFC')].length
  if (length < limits.passwordCharactersMin) {
    return `Give at least ${limits.passwordCharactersMin} characters: a few words will do.`
  }
  if (length > limits.passwordCharactersMax) {
    return `Give at most ${limits.passwordCharactersMax} characters.`
  }
  return undefined
}

// Longer than the rule, so that a long password is refused by the rule with its own sentence.
const password = textKind({ max: 1_024 })

function signUp({ passwords, signUp: who }: IdentityParts): Action {
  return {
    operation: operation('signUp', {
      path: 'sign-up',
      description:
        'Makes an account. The answer is the same whether the address is new or taken; ' +
        'sign in afterwards.',
      input: [
        given('email', emailKind()),
        given('password', password),
        maybe('name', textKind({ max: 200 })),
      ],
    }),
    allowances: (_, call) => [
      {
        key: `sign-up:network:${networkOf(call.remoteAddress)}`,
        limit: limits.signUpsPerHourPerNetwork,
        windowMs: 60 * minuteMs,
      },
    ],
    async run({ input, unrestricted }) {
      if (who === 'nobody') {
        throw new Failure('forbidden', { detail: 'Accounts are made by the staff of this app.' })
      }
      demandPassword(input)
      const passwordHash = await passwords.hash(String(input.password))
      const { email, name = null } = input
      try {
        await unrestricted.create('user', { email, name, passwordHash })
      } catch (error) {
        // Taken: answered like success, so that nobody learns who has an account.
        if (!(error instanceof Failure) || error.code !== 'conflict') throw error
      }
      return { status: 201, value: { email } }
    },
  }
}

function signIn({ passwords, newToken }: IdentityParts): Action {
  return {
    operation: operation('signIn', {
      path: 'sign-in',
      description:
        'Begins a session. Answers with a bearer token, or sets a cookie where `cookie` is true.',
      input: [
        given('email', emailKind()),
        given('password', password),
        maybe('cookie', booleanKind()),
      ],
    }),
    // The network first: one that has used up its own can no longer use up other people's.
    allowances: (input, call) => [
      {
        key: `sign-in:network:${networkOf(call.remoteAddress)}`,
        limit: limits.signInsPerMinutePerNetwork,
        windowMs: minuteMs,
      },
      {
        key: `sign-in:account:${String(input.email)}`,
        limit: limits.signInsPerMinutePerAccount,
        windowMs: minuteMs,
      },
    ],
    async run(scope) {
      const { input, unrestricted } = scope
      const [user] = await unrestricted.find('user', { filter: { email: input.email }, limit: 1 })
      const stored = user?.suspended === false ? user.passwordHash : undefined
      const hash = typeof stored === 'string' ? stored : undefined
      const fits = await passwords.verify(hash, String(input.password))
      if (!fits || !user) {
        throw new Failure('invalid_credentials', {
          detail: 'The e-mail address or the password is not right.',
        })
      }
      await scope.restore(`sign-in:account:${String(input.email)}`)
      return beginSession(scope, { user, newToken })
    },
  }
}

interface Beginning {
  readonly user: PlainRecord
  readonly newToken: IdentityParts['newToken']
}

async function beginSession(
  { input, call, now, nowMs, unrestricted }: ActionScope,
  { user, newToken }: Beginning,
): Promise<ActionResult> {
  const { token, hash } = newToken()
  const expiresAt = instantText(nowMs + limits.sessionLifeDays * dayMs)
  await unrestricted.create('session', {
    userId: user.id,
    tokenHash: hash,
    expiresAt,
    lastUsedAt: now,
    address: call.remoteAddress === '' ? null : call.remoteAddress.slice(0, 60),
  })
  const shown = { id: user.id, email: user.email, name: user.name, roles: user.roles }
  if (input.cookie === true) {
    return { status: 200, value: { expiresAt, user: shown }, session: { token, expiresAt } }
  }
  return { status: 200, value: { token, expiresAt, user: shown } }
}

function signOut(): Action {
  return {
    operation: operation('signOut', {
      path: 'sign-out',
      description: 'Ends the session that the call was made with.',
      input: [],
    }),
    async run({ caller, unrestricted }) {
      if (caller.is === 'user' && caller.sessionId !== undefined) {
        await unrestricted.delete('session', caller.sessionId).catch((error: unknown) => {
          // Ended meanwhile, by another call: it is gone, as asked.
          if (!(error instanceof Failure) || error.code !== 'not_found') throw error
        })
      }
      return { status: 204, value: undefined, session: null }
    },
  }
}

function whoAmI(): Action {
  return {
    operation: operation('me', {
      path: 'me',
      safe: true,
      description: 'Who the caller is: `user` is null for an anonymous caller.',
      input: [],
    }),
    async run({ caller, unrestricted }) {
      if (caller.is !== 'user') return { status: 200, value: { user: null } }
      const [user] = await unrestricted.find('user', {
        filter: { id: caller.id },
        fields: ['email', 'name', 'roles'],
        limit: 1,
      })
      return { status: 200, value: { user: user ?? null } }
    },
  }
}

function demandPassword(input: ActionValues): void {
  const detail = passwordProblem(String(input.password))
  if (detail) throw invalidInput([{ pointer: '/password', code: 'bad_password', detail }])
}

interface Described {
  readonly path: string
  readonly description: string
  readonly input: readonly ActionInput[]
  readonly safe?: boolean
}

function operation(name: string, described: Described): ActionOperation {
  return Object.freeze({
    name: `identity.${name}`,
    type: 'action',
    kit: 'identity',
    path: described.path,
    safe: described.safe ?? false,
    input: new Map(described.input.map((input) => [input.name, input])),
    description: described.description,
  })
}

function given(name: string, kind: Kind): ActionInput {
  return { name, kind, optional: false }
}

function maybe(name: string, kind: Kind): ActionInput {
  return { name, kind, optional: true }
}
