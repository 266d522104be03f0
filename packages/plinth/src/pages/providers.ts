/** Owns the ways to other providers that pages offer. */

import type { PageProvider } from '../define/pages.ts'
import { addressOf } from './next.ts'
import type { Visit } from './visit.ts'

/** What somebody goes to a provider for, where it is not to sign in. */
export type WithPurpose = 'link' | 'step-up'

/** The providers of an app, each with the address that leads there, and on from there. */
export function providersOf(
  { site, next }: Pick<Visit, 'site' | 'next'>,
  purpose?: WithPurpose,
): readonly PageProvider[] {
  // One that could never say when it has asked makes nothing fresh.
  const fit = site.providers.filter(
    ({ protocol }) => purpose !== 'step-up' || protocol.is === 'openid',
  )
  return fit.map(({ name, title }) => ({
    ...{ name, title },
    address: addressOf(`/account/with/${name}`, { purpose, next }),
  }))
}
