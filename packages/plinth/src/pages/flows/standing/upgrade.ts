/** Owns the pages on which a guest becomes an account: asked for, then shown by a mail. */

import type { HttpResponse } from '../../../http/message.ts'
import { addressOf } from '../../next.ts'
import { leadTo, type Visit } from '../../visit.ts'
import { formPage } from '../form-page.ts'
import { doneAt, signInLink } from '../sign-in.ts'

const upgradePath = '/account/upgrade'
const confirmPath = '/account/confirm-upgrade'

/** Asks for an account, with all that the guest has. */
export const upgrade = formPage({
  name: 'upgrade',
  path: upgradePath,
  fields: ['email', 'name'],
  secrets: ['password'],
  async enter(visit) {
    const known = await visit.known()
    if (known?.guest) return undefined
    return leadTo(
      visit,
      known ? visit.site.home : addressOf('/account/sign-up', { next: visit.next }),
    )
  },
  view: (common, visit) => ({ ...common, links: { signIn: signInLink(visit) } }),
  async send(visit, values) {
    const name = values.get('name')?.trim() ?? ''
    const input = {
      ...{ email: values.get('email'), password: values.get('password') },
      ...(name === '' ? {} : { name }),
    }
    await visit.ask('identity.upgrade', { input })
    return leadTo(visit, doneAt(confirmPath, 'upgrade-asked', visit.next))
  },
})

/** Makes the account, by the link or the code of the mail, in the browser of the guest. */
export const confirmUpgrade = formPage({
  name: 'confirmUpgrade',
  path: confirmPath,
  secrets: ['code'],
  hidden: ['token'],
  enter: leadHome,
  async view(common, visit) {
    const here = (await visit.known())?.guest === true
    const asked = common.form.hidden.token === ''
    const links = { upgrade: here ? upgradePath : undefined, signIn: signInLink(visit) }
    return { ...common, here, asked, links }
  },
  async send(visit, values) {
    const token = values.get('token') ?? ''
    const shown = token === '' ? { code: values.get('code') ?? '' } : { token }
    await visit.ask('identity.confirmUpgrade', { input: { ...shown, cookie: true } })
    return leadTo(visit, doneAt(visit.next ?? visit.site.home, 'upgraded'))
  },
})

/** Somebody with an account has it already. */
async function leadHome(visit: Visit): Promise<HttpResponse | undefined> {
  return (await visit.who()) ? leadTo(visit, visit.next ?? visit.site.home) : undefined
}
