/** Owns the page that makes an account. */

import { addressOf } from '../next.ts'
import { providersOf } from '../providers.ts'
import { leadTo } from '../visit.ts'
import { formPage, signInPath } from './form-page.ts'
import { doneAt, signInLink } from './sign-in.ts'

/** Makes an account; told alike whether the address is new or taken. */
export const signUp = formPage({
  name: 'signUp',
  path: '/account/sign-up',
  fields: ['email', 'name'],
  secrets: ['password'],
  async enter(visit) {
    if (await visit.who()) return leadTo(visit, visit.next ?? visit.site.home)
    // A guest who makes another account would leave behind what is theirs.
    if (visit.site.guests && visit.site.sendsMail && (await visit.known())?.guest === true) {
      return leadTo(visit, addressOf('/account/upgrade', { next: visit.next }))
    }
    return undefined
  },
  view: (common, visit) => ({
    ...common,
    links: { signIn: signInLink(visit) },
    providers: providersOf(visit),
  }),
  async send(visit, values) {
    const name = values.get('name')?.trim() ?? ''
    const input = {
      email: values.get('email'),
      password: values.get('password'),
      ...(name === '' ? {} : { name }),
    }
    await visit.ask('identity.signUp', { input })
    return leadTo(visit, doneAt(signInPath, 'signed-up', visit.next))
  },
})
