/** Owns the page on which an account ends, and the button that keeps it after all. */

import { invalidInput } from '../../../base/failure.ts'
import { leadTo } from '../../visit.ts'
import { button } from '../account.ts'
import { demandSignedIn, formPage, signInPath } from '../form-page.ts'
import { doneAt, textIn } from '../sign-in.ts'

/** Deletes the account, or says when it will be. */
export const deleteAccount = formPage({
  name: 'deleteAccount',
  path: '/account/delete',
  fields: ['sure'],
  enter: demandSignedIn,
  view(common, { site }) {
    const links = { account: '/account', download: '/account/download' }
    return { ...common, delayDays: site.deletionDelayDays, links }
  },
  async send(visit, values) {
    if (values.get('sure') !== 'yes') {
      const detail = 'Tick the box: nobody deletes an account by one wrong touch.'
      throw invalidInput([{ pointer: '/sure', code: 'required', detail }])
    }
    const outcome = textIn(await visit.ask('identity.deleteAccount', { input: {} }), 'outcome')
    if (outcome === 'scheduled') return leadTo(visit, doneAt('/account', 'deletion-scheduled'))
    return leadTo(visit, doneAt(signInPath, 'account-deleted'))
  },
})

/** Keeps an account whose deletion was asked for. */
export const keepAccount = button(async (visit) => {
  await visit.ask('identity.keepAccount', { input: {} })
  return leadTo(visit, doneAt('/account', 'account-kept'))
})
