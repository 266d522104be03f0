/** Owns the variables that hold what an app is known by at other providers. */

import { createPrivateKey } from 'node:crypto'
import { Failure, type Problem } from '../../base/failure.ts'
import type { IdentityProvider } from '../../define/app/sign-in-with.ts'
import type { KeysByProvider, ProviderKeys } from '../people/outside/keys.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What was read. */
export interface ReadKeys {
  readonly keys: KeysByProvider
  /** What is left out, each in a sentence with its cure. */
  readonly missing: readonly string[]
}

/**
 * Reads the keys of an app's providers from variables that are named after them. In development a
 * provider without its variables is left out; in production it is a mistake, because a way in that
 * people use would be gone without a word: fails with `configuration_invalid`, listing all of them.
 */
export function readProviderKeys(
  providers: readonly IdentityProvider[],
  {
    production,
    publicUrl,
  }: { readonly production: boolean; readonly publicUrl?: string | undefined },
  environment: Environment = process.env,
): ReadKeys {
  const keys = new Map<string, ProviderKeys>()
  const problems: Problem[] = []
  for (const provider of providers) {
    const read = keysOf(provider, environment)
    if ('keys' in read) keys.set(provider.name, read.keys)
    else problems.push(...read.problems)
  }
  if (production && providers.length > 0 && publicUrl === undefined) {
    const detail = 'It is not set, but providers lead people back to it: https://shop.example.'
    problems.push({ pointer: 'PLINTH_URL', code: 'bad_setting', detail })
  }
  const wrong = problems.filter(({ code }) => production || code === 'bad_setting')
  if (wrong.length > 0) {
    const detail = wrong.map((one) => `${one.pointer}: ${one.detail}`).join('\n')
    throw new Failure('configuration_invalid', { detail, problems: wrong })
  }
  return { keys, missing: problems.map((one) => `${one.pointer}: ${one.detail}`) }
}

type Read = { readonly keys: ProviderKeys } | { readonly problems: readonly Problem[] }

function keysOf({ name, title, clientProof }: IdentityProvider, environment: Environment): Read {
  const prefix = name.toUpperCase().replaceAll('-', '_')
  const problems: Problem[] = []
  const value = (suffix: string): string => {
    const pointer = `${prefix}_${suffix}`
    const text = environment[pointer] ?? ''
    if (text === '') {
      const detail =
        `It is not set, so nobody can sign in with ${title}: set it to what ${title} gave out ` +
        'for this app, or take the provider out of signInWith.'
      problems.push({ pointer, code: 'missing_setting', detail })
    }
    return text
  }
  const clientId = value('CLIENT_ID')
  if (clientProof !== 'apple-key') {
    const clientSecret = value('CLIENT_SECRET')
    return problems.length > 0 ? { problems } : { keys: { is: 'secret', clientId, clientSecret } }
  }
  const [teamId, keyId] = [value('TEAM_ID'), value('KEY_ID')]
  // A variable of one line holds the lines of the file with \n between them.
  const privateKey = value('PRIVATE_KEY').replaceAll('\\n', '\n')
  if (privateKey !== '' && !isKey(privateKey)) {
    const detail = 'It is no private key: set it to the whole text of the .p8 file.'
    problems.push({ pointer: `${prefix}_PRIVATE_KEY`, code: 'bad_setting', detail })
  }
  if (problems.length > 0) return { problems }
  return { keys: { is: 'apple-key', clientId, teamId, keyId, privateKey } }
}

function isKey(pem: string): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem)
    return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1'
  } catch {
    return false
  }
}
