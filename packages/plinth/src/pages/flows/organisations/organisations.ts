/** Owns the page of somebody's organisations: found one, and choose in which to work. */

import { leadTo } from '../../visit.ts'
import { buttonOn, demandSignedIn, type FormPage, formPage } from '../form-page.ts'
import { doneAt } from '../sign-in.ts'

/** Where the organisations of somebody are. */
export const organisationsPath = '/account/organisations'

interface Mine {
  readonly organisations: readonly {
    readonly id: string
    readonly name: string
    readonly role: string
  }[]
  readonly active: { readonly id: string } | null
}

const page: FormPage<'organisations'> = {
  name: 'organisations',
  path: organisationsPath,
  fields: ['name'],
  enter: demandSignedIn,
  async view(common, visit) {
    const { organisations: all, active } = (await visit.ask('identity.organisations')) as Mine
    return {
      ...common,
      organisations: all.map(({ id, name, role }) => {
        const address = `${organisationsPath}/${id}`
        return { id, name, role, address, active: id === active?.id }
      }),
      founds: visit.site.organisations === 'anyone',
      actions: { choose: '/account/choose-organisation' },
      links: { account: '/account' },
    }
  },
  async send(visit, values) {
    await visit.ask('identity.createOrganisation', { input: { name: values.get('name') ?? '' } })
    return leadTo(visit, doneAt(organisationsPath, 'organisation-made'))
  },
}

/** Their organisations, and a form that founds one. */
export const organisations = formPage(page)

/** Works in another organisation, or in none. */
export const chooseOrganisation = buttonOn(page, async (visit, values) => {
  const organisation = values.get('organisation') || null
  await visit.ask('identity.switchOrganisation', { input: { organisation } })
  const done = organisation === null ? 'organisation-none' : 'organisation-chosen'
  return leadTo(visit, doneAt(organisationsPath, done))
})
