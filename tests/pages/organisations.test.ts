import { test } from 'node:test'
import { password, stand } from '../../packages/plinth/src/pages/proof/browser.ts'
import { look, openChromium, skip, views } from './chromium.ts'

const anns = 'ann@people.example'
const bens = 'ben-with-a-rather-long-name@people.example'

for (const [name, options] of views) {
  test(`the pages of organisations keep the rules: ${name}`, { skip }, async (context) => {
    const organisations = { roles: { admin: ['members.invite', 'members.manage'], member: [] } }
    const people = await stand(context, { organisations })
    await people.tested.user({ email: anns, name: 'Ann', password })
    const page = await (await (await openChromium(context))(options)).newPage()
    const open = async (path: string) => void (await page.goto(people.origin + path))
    const press = (label: string) => page.getByRole('button', { name: label }).first().click()
    const shown = (what: string) => look(page, `${name}-${what}`)
    await open('/account/sign-in?next=/account/organisations')
    await page.getByLabel('E-mail address').fill(anns)
    await page.getByLabel('Password').fill(password)
    await press('Sign in')
    await page.getByRole('heading', { name: 'Your organisations' }).waitFor()
    await shown('organisations-none')
    await page.getByLabel('Name').fill('Acme and the people who work there')
    await press('Found it')
    await page.getByText('You work here').waitFor()
    await shown('organisations')
    await page.getByRole('link', { name: 'Acme' }).click()
    await page.getByLabel('E-mail address').fill(bens)
    await page.locator('#role').selectOption('admin')
    await press('Invite')
    await page.getByText('The invitation is on its way').waitFor()
    await shown('organisation')
    await page.getByLabel('E-mail address').fill(anns)
    await press('Leave')
    await page.getByText('Nobody else owns this organisation').waitFor()
    await shown('organisation-trouble')
    const invitation = await people.link(bens)
    await open(invitation)
    await shown('accept-invitation')
    await page.context().clearCookies()
    await open(invitation)
    await page.getByRole('link', { name: 'Make an account' }).waitFor()
    await shown('accept-invitation-stranger')
  })
}
