/** Owns the types of signing in and of accounts. */

import type { CallOptions } from '../call/request.ts'
import type { Calling } from '../call/result.ts'

/** Who is signed in. */
export interface Account {
  readonly id: string
  readonly email: string | null
  readonly name: string | null
  readonly roles: readonly string[]
}

/** What `me` answers. */
export interface Me {
  /** Null: nobody is signed in. */
  readonly user: Account | null
  /** True: a visitor without an account. */
  readonly guest?: true
  /** Staff who acts as this user. */
  readonly impersonator?: { readonly id: string }
}

/** A session has begun. */
export interface SignedIn {
  readonly is: 'signedIn'
  readonly user: Account
  /** RFC 3339, UTC. */
  readonly expiresAt: string
  /** Where it was asked for: sent with later sign-ins, it stands for the second factor. */
  readonly trusted?: string
}

/** How a second factor can be shown. */
export type Factor = 'passkey' | 'totp' | 'recovery-code'

/** What a second factor is shown with. */
export interface FactorOptions extends CallOptions {
  /** True: the answer brings `trusted`, for this device. */
  readonly trust?: boolean
}

/** The account has a second factor, and waits for it. */
export interface SecondFactorNeeded {
  readonly is: 'secondFactor'
  readonly factors: readonly Factor[]
  /** Six digits of the authenticator app, or a recovery code. */
  byCode(code: string, options?: FactorOptions): Calling<SignedIn>
  /** By a passkey of this browser. */
  byPasskey(options?: FactorOptions): Calling<SignedIn, PasskeyCode>
}

/** What a sign-in comes to: a session, or the question for the second factor. */
export type SignInStep = SignedIn | SecondFactorNeeded

/**
 * Why a browser gave no passkey: its user would not or there was none (`passkey_refused`), it has
 * one already (`passkey_known`), or it knows no passkeys, not here (`passkeys_unavailable`).
 */
export type PasskeyCode = 'passkey_refused' | 'passkey_known' | 'passkeys_unavailable'

/** What the caller can sign in by. */
export interface WaysIn {
  readonly password: boolean
  readonly mail: boolean
  readonly passkeys: number
  readonly totp: boolean
  readonly secondFactor: boolean
}

/** What passkeys are asked for with. */
export interface PasskeyOptions extends CallOptions {
  /** `conditional`: offered where the address is typed; it waits until somebody chooses one. */
  readonly mediation?: 'conditional' | 'optional' | 'required'
}

type Done<I> = (input: I, options?: CallOptions) => Calling<void>

/** Accounts and sessions. What sends a secret is never repeated by itself. */
export interface AuthClient {
  /** Who is signed in. */
  me(options?: CallOptions): Calling<Me>
  /** Makes an account. The answer is the same whether the address is new or taken. */
  signUp(
    input: { readonly email: string; readonly password: string; readonly name?: string },
    options?: CallOptions,
  ): Calling<{ readonly email: string }>
  /**
   * @example
   * const step = await client.auth.signIn({ email, password }).orThrow()
   * if (step.is === 'secondFactor') await step.byCode(code).orThrow()
   */
  signIn(
    input: { readonly email: string; readonly password: string; readonly trusted?: string },
    options?: CallOptions,
  ): Calling<SignInStep>
  /** Signs in by a passkey of this browser. */
  signInByPasskey(options?: PasskeyOptions): Calling<SignedIn, PasskeyCode>
  /** Mails a link and a code; `attempt` belongs to the code. */
  sendLink(
    input: { readonly email: string },
    options?: CallOptions,
  ): Calling<{ readonly attempt: string }>
  signInByLink(input: { readonly token: string }, options?: CallOptions): Calling<SignInStep>
  signInByCode(
    input: { readonly attempt: string; readonly code: string },
    options?: CallOptions,
  ): Calling<SignInStep>
  /** Begins a session for a visitor without an account. */
  continueAsGuest(options?: CallOptions): Calling<SignedIn>
  /** Confirms an address; a session begins where the password was asked for. */
  verifyEmail(
    input: { readonly token: string; readonly password?: string },
    options?: CallOptions,
  ): Calling<SignInStep | undefined>
  /** Ends the session, and forgets its token whatever the answer is. */
  signOut(options?: CallOptions): Calling<void>
  signOutEverywhere(input?: { readonly keepThis?: boolean }, options?: CallOptions): Calling<void>
  /** Shows again who one is; the session goes on under a new token. */
  stepUp(
    input: { readonly password: string } | { readonly code: string },
    options?: CallOptions,
  ): Calling<{ readonly expiresAt: string }>
  stepUpByPasskey(options?: CallOptions): Calling<{ readonly expiresAt: string }, PasskeyCode>
  /** Makes a passkey of this browser a way in. Asks for a fresh proof. */
  addPasskey(
    input?: { readonly name?: string },
    options?: CallOptions,
  ): Calling<{ readonly id: string; readonly name: string }, PasskeyCode>
  removePasskey: Done<{ readonly passkey: string }>
  changePassword: Done<{ readonly password: string; readonly newPassword: string }>
  forgotPassword: Done<{ readonly email: string }>
  resetPassword: Done<{
    readonly token: string
    readonly newPassword: string
    readonly endKeys?: boolean
  }>
  changeEmail: Done<{ readonly email: string; readonly password: string }>
  confirmEmail: Done<{ readonly token: string }>
  sendVerification(options?: CallOptions): Calling<void>
  setUpTotp(
    options?: CallOptions,
  ): Calling<{ readonly secret: string; readonly uri: string; readonly qr: string }>
  confirmTotp(
    input: { readonly code: string },
    options?: CallOptions,
  ): Calling<{ readonly recoveryCodes: readonly string[] }>
  removeTotp(options?: CallOptions): Calling<void>
  newRecoveryCodes(options?: CallOptions): Calling<{ readonly recoveryCodes: readonly string[] }>
  setSecondFactor(
    input: { readonly on: boolean },
    options?: CallOptions,
  ): Calling<{ readonly secondFactor: boolean; readonly recoveryCodes?: readonly string[] }>
  waysIn(options?: CallOptions): Calling<WaysIn>
  deleteAccount(options?: CallOptions): Calling<{ readonly outcome: string }>
  /** Any other flow of accounts and organisations, by its name: `switchOrganisation`. */
  call<T = unknown>(
    name: string,
    input?: Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Calling<T>
  /** Told whenever a session began, went on or ended here. Returns how to stop. */
  watch(listener: () => void): () => void
}
