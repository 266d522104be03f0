/** Owns the page that makes an account. */

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
    return (await visit.who()) ? leadTo(visit, visit.next ?? visit.site.home) : undefined
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
