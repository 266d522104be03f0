/** Owns the list of our own looks, one a page. */

import type { Looks } from '../visit.ts'
import { accountLooks } from './account.ts'
import { byMailLooks } from './by-mail.ts'
import { consentLooks } from './consent.ts'
import { keyLooks } from './credentials/keys.ts'
import { factorLooks } from './factors.ts'
import { organisationLooks } from './organisations/organisations.ts'
import { outsideLooks } from './outside.ts'
import { signInLooks } from './sign-in.ts'
import { standingLooks } from './standing.ts'

/** How each page is drawn where the app does not say otherwise. */
export const looks: Looks = Object.freeze({
  ...signInLooks,
  ...byMailLooks,
  ...accountLooks,
  ...factorLooks,
  ...consentLooks,
  ...outsideLooks,
  ...standingLooks,
  ...keyLooks,
  ...organisationLooks,
})
