/** Owns the wiring of identity: its flows, its mails, and the addresses that they name. */

import { scopeProblems } from '../../access/scopes/scopes.ts'
import { sealer } from '../../base/secret/sealer.ts'
import type { AnyKit, App } from '../../define/kit.ts'
import type { Action, Log, Runtime } from '../../engine/runtime.ts'
import { identityActions } from '../../identity/flows/flows.ts'
import type { IdentityParts } from '../../identity/flows/operation.ts'
import { identity } from '../../identity/kit.ts'
import { accountMailing } from '../../identity/mail/sending.ts'
import {
  boundedPasswords,
  type Hasher,
  type Passwords,
} from '../../identity/passwords/passwords.ts'
import { deriveKey } from '../config/secret.ts'
import { type MailSettings, mailbox } from '../delivery/mail.ts'
import { argonHasher } from '../passwords/hasher.ts'
import { passwordRules } from '../passwords/rules.ts'
import { ownRowsIn } from './leaving/own-rows.ts'
import { removeAccount } from './leaving/removal.ts'
import { type OutsideSetup, outsideOf, outsideSetup } from './outside/wiring.ts'
import { tokens } from './sessions.ts'
import { totpOf } from './totp.ts'
import { relyingParty, webAuthnOf } from './web-authn.ts'

/** What identity stands on in an app. */
export interface IdentitySetup {
  readonly passwords: Passwords
  readonly production: boolean
  readonly mail: MailSettings
  /** The address that the app is reached by, without a slash at its end. */
  readonly publicUrl: string | undefined
  /** Where it is reached on its own machine: mails of development name it. */
  readonly localUrl: string
  /** What secrets of second factors are sealed with. Asked for when the first one is. */
  readonly sealingKey: () => Uint8Array
  /** What people sign in with elsewhere. */
  readonly outside: OutsideSetup
}

type PasswordApp = Parameters<typeof passwordRules>[0]

/** What identity stands on, of an app's setup; outside of production where it does not say. */
export function identitySetup(
  setup: {
    readonly production?: boolean
    readonly mail?: MailSettings | undefined
    readonly publicUrl?: string | undefined
    readonly localUrl?: string | undefined
    readonly secret?: string
  } & Parameters<typeof outsideSetup>[0],
  {
    app,
    hasher = argonHasher,
  }: { readonly app: PasswordApp; readonly hasher?: Hasher | undefined },
): IdentitySetup {
  const { production = false, mail = mailbox, publicUrl, secret = '' } = setup
  const { localUrl = 'http://127.0.0.1:3000' } = setup
  const sealingKey = (): Uint8Array => deriveKey(secret, 'second-factors')
  const passwords = boundedPasswords(hasher, passwordRules(app))
  const outside = outsideSetup(setup)
  return { passwords, production, mail, publicUrl, localUrl, sealingKey, outside }
}

/**
 * Whether mails to accounts leave. In production a link to nowhere, or a mail that stays in the
 * house, would lock people out.
 */
export function leavesByMail({
  production,
  mail,
  publicUrl,
}: Pick<IdentitySetup, 'production' | 'mail' | 'publicUrl'>): boolean {
  const leaves = mail.smtp !== undefined || mail.kept
  return !production || (leaves && publicUrl !== undefined)
}

/**
 * Whether mails to accounts reach people by themselves: in development they stand in `/mailbox`. In
 * production those that are kept are seen by the operator alone, and nobody could be asked to
 * answer one.
 */
export function arrivesByMail(
  setup: Pick<IdentitySetup, 'production' | 'mail' | 'publicUrl'>,
): boolean {
  return leavesByMail(setup) && !(setup.production && setup.mail.smtp === undefined)
}

/** The kits and the actions of identity, made for one app. */
export function identityOf(
  app: Pick<App<unknown>, 'title' | 'signUp' | 'signIn' | 'signInWith' | 'accounts'>,
  setup: IdentitySetup & { readonly runtime: () => Runtime },
): {
  readonly kits: readonly AnyKit[]
  readonly actions: readonly Action[]
  readonly parts: IdentityParts
} {
  const { passwords, production, mail, publicUrl, localUrl, sealingKey, runtime } = setup
  const { title, signUp, signIn, accounts } = app
  const address = (path: string): string => `${publicUrl ?? localUrl}${path}`
  const log: Log = (entry) => runtime().log(entry)
  const mailing = accountMailing({ tokens, title, address, log, place: signIn.place })
  const outside = outsideOf(app, {
    ...{ setup: setup.outside, accountMails: mailing, tokens, title, address },
    log,
  })
  const sendsMail = leavesByMail({ production, mail, publicUrl })
  const mailArrives = arrivesByMail({ production, mail, publicUrl })
  const confirmFirst = mailArrives && !signIn.unverified
  const party = relyingParty({ production, publicUrl, localUrl })
  const parts: IdentityParts = {
    ...{ passwords, tokens, mailing, signUp, title, sendsMail, address, outside },
    ...{
      byMail: signIn.byMail,
      mailArrives,
      confirmFirst,
      totp: totpOf(title),
      sealer: sealer(sealingKey()),
    },
    removeAccount: (removal) => removeAccount(runtime(), removal),
    ownRows: () => ownRowsIn(runtime().catalog),
    ...{ accounts, guestJoins: () => [...runtime().catalog.logic.guestJoins.values()] },
    webAuthn: party && webAuthnOf(title, party),
    scopeProblems: (scopes) => scopeProblems(runtime().catalog, scopes),
  }
  return { kits: [identity, mailing.kit], actions: identityActions(parts), parts }
}
