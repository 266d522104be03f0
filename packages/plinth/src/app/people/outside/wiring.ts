/** Owns the wiring of sign-in by other providers: those with keys, and what speaks with them. */

import { sealer } from '../../../base/secret/sealer.ts'
import type { IdentityProvider } from '../../../define/app/sign-in-with.ts'
import type { App } from '../../../define/kit.ts'
import type { Log } from '../../../engine/runtime.ts'
import type { AccountMailing, MailingParts } from '../../../identity/mail/sending.ts'
import { outsideMailing } from '../../../identity/outside/mailing.ts'
import type { OutsideParts } from '../../../identity/outside/parts.ts'
import { demandProviders } from '../../../identity/outside/provider.ts'
import { type OutboundPolicy, outboundPolicy } from '../../../outbound/target.ts'
import { deriveKey } from '../../config/secret.ts'
import { outsideClient } from './client.ts'
import type { KeysByProvider } from './keys.ts'

/** What signing in by other providers stands on in an app. */
export interface OutsideSetup {
  readonly keys: KeysByProvider
  readonly policy: OutboundPolicy
  /** Its own: no other purpose shares it. */
  readonly sealingKey: () => Uint8Array
}

/** What it stands on, of an app's setup. */
export function outsideSetup({
  secret = '',
  production = false,
  providerKeys = new Map(),
  outbound = outboundPolicy({ production }),
}: {
  readonly secret?: string
  readonly production?: boolean
  readonly providerKeys?: KeysByProvider | undefined
  readonly outbound?: OutboundPolicy | undefined
}): OutsideSetup {
  const sealingKey = (): Uint8Array => deriveKey(secret, 'outside-sign-in')
  return { keys: providerKeys, policy: outbound, sealingKey }
}

type Declared = Pick<App<unknown>, 'signInWith'>

/** The providers that can be used: those that have their keys. */
export function usableProviders(
  { signInWith }: Declared,
  keys: KeysByProvider = new Map(),
): readonly IdentityProvider[] {
  return signInWith.filter(({ name }) => keys.has(name))
}

interface Wired extends MailingParts {
  readonly setup: OutsideSetup
  readonly accountMails: Pick<AccountMailing, 'kit'>
  readonly log: Log
}

/** What the flows work with; undefined where the app declares no provider. */
export function outsideOf(app: Declared, wired: Wired): OutsideParts | undefined {
  if (app.signInWith.length === 0) return undefined
  demandProviders(app.signInWith)
  const { setup, accountMails, log, tokens, title, address } = wired
  const { keys, policy } = setup
  return {
    providers: usableProviders(app, keys),
    client: outsideClient({ keys, policy, address, log }),
    sealer: sealer(setup.sealingKey()),
    mailing: outsideMailing(accountMails, { tokens, title, address }),
  }
}
