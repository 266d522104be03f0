/** Owns the form in which the flows of identity are described, and what they need from outside. */

import type { Problem } from '../../base/failure.ts'
import type { Sealer } from '../../base/secret/sealer.ts'
import type { ActionInput, ActionOperation } from '../../catalog/catalog.ts'
import type { Accounts } from '../../define/accounts.ts'
import type { GuestJoins } from '../../define/logic/logic.ts'
import { type Kind, textKind } from '../../kinds/kinds.ts'
import type { OwnRows } from '../accounts/own-rows.ts'
import type { RemoveAccount } from '../accounts/removal.ts'
import type { AccountMailing } from '../mail/sending.ts'
import type { OutsideParts } from '../outside/parts.ts'
import type { WebAuthn } from '../passkeys/web-authn.ts'
import type { Passwords } from '../passwords/passwords.ts'
import type { Tokens } from '../tokens.ts'

/** What the flows need from outside. */
export interface IdentityParts {
  readonly passwords: Passwords
  readonly tokens: Tokens
  readonly totp: Totp
  /** Undefined: the server has no address that passkeys could be made for. */
  readonly webAuthn: WebAuthn | undefined
  /** Undefined: the app declares no other provider to sign in with. */
  readonly outside: OutsideParts | undefined
  /** Seals what has to be read again. */
  readonly sealer: Sealer
  readonly mailing: AccountMailing
  readonly signUp: 'anyone' | 'nobody'
  /** False: the app lets nobody sign in by a mail. */
  readonly byMail: boolean
  /** Guests, staff who act as users, deletion. */
  readonly accounts: Accounts
  /** Deletes an account, or empties it of the person where others refer to it. */
  readonly removeAccount: RemoveAccount
  /** The models with rows of somebody, and the ways to them. */
  readonly ownRows: () => readonly OwnRows[]
  /** What hands over the rows of a guest who signs in. */
  readonly guestJoins: () => readonly GuestJoins[]
  /** True: whoever signs up is let in once the mail to their address was answered. */
  readonly confirmFirst: boolean
  /** What is wrong with scopes that somebody asks for: the app's own are known by now. */
  readonly scopeProblems: (scopes: readonly string[]) => readonly Problem[]
  /** The app's name, for mails. */
  readonly title: string
  /** False: no mail leaves this server, so that nothing that needs one can be asked for. */
  readonly sendsMail: boolean
  /** False: nobody could answer a mail, because those that leave are kept by the operator. */
  readonly mailArrives: boolean
  /** The address of a page of this app. */
  readonly address: (path: string) => string
}

/** One-time passwords by time (RFC 6238): SHA-1, six digits, thirty seconds, as all apps know. */
export interface Totp {
  /** A new secret, its address for an authenticator app, and that address as a QR code (SVG). */
  make(account: string): Promise<NewTotp>
  /** The step of time that a code is of, at most one before or after now; undefined: of none. */
  stepOf(secret: string, code: string, nowMs: number): Promise<number | undefined>
}

/** What an authenticator app needs. */
export interface NewTotp {
  /** In base 32, for typing. */
  readonly secret: string
  readonly uri: string
  readonly qr: string
}

interface Described {
  readonly path: string
  readonly description: string
  readonly input: readonly ActionInput[]
  readonly safe?: boolean
}

/** An operation of identity: `identity.signIn` at `/api/identity/sign-in`. */
export function operation(name: string, described: Described): ActionOperation {
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

/** A value that has to be given. */
export function given(name: string, kind: Kind, description?: string): ActionInput {
  return { name, kind, optional: false, description }
}

/** A value that may be given. */
export function maybe(name: string, kind: Kind, description?: string): ActionInput {
  return { name, kind, optional: true, description }
}

/** Longer than the rule, so that a long password is refused by the rule with its own sentence. */
export const passwordInput = textKind({ max: 1_024 })

/** A token as it is sent back. */
export const tokenInput = textKind({ max: 200 })
